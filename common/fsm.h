/*
 * fsm.h -- state machines from a table.
 *
 * A machine is a file x.def of rows
 *	STATE(NAME)  EVENT(NAME)  EDGE(FROM, EVENT, TO, act)
 * that is included once for each of the tables in struct fsm; see fsm_step().
 * act(obj, arg) runs first: 0 commits and the state moves, -1 leaves all as it
 * was. A (state, event) pair that is not in the table is refused.
 * Only fsm_step() writes a state field.
 */
#ifndef FSM_H
#define FSM_H

#include <stddef.h>
#include <stdint.h>

typedef int (*fsm_act)(void *obj, void *arg);

struct fsm_edge {
	fsm_act	act;		/* NULL: nothing to do */
	uint8_t	to;
	uint8_t	there;		/* 0: no such edge */
};

struct fsm {
	unsigned		 nstate, nevent;
	const struct fsm_edge	*edge;		/* [nstate][nevent] */
};

enum fsm_result { FSM_REFUSED = -2, FSM_FAILED = -1, FSM_OK = 0 };

/* What happened; on anything but FSM_OK the state is what it was. */
static inline enum fsm_result
fsm_step(const struct fsm *f, uint8_t *state, unsigned event, void *obj, void *arg)
{
	const struct fsm_edge *e;

	if (*state >= f->nstate || event >= f->nevent)
		return FSM_REFUSED;
	e = &f->edge[*state * f->nevent + event];
	if (!e->there)
		return FSM_REFUSED;
	if (e->act != NULL && e->act(obj, arg) == -1)
		return FSM_FAILED;
	*state = e->to;
	return FSM_OK;
}

#endif
