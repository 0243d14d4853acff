/*
 * lend_run.c -- dird's half of the door to macroctl: what is asked of it, and
 * who waits for the answer.
 */
#include <string.h>

#include "dird.h"
#include "lend.h"
#include "lend_run.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define RUNS	24	/* fewer than macroctl has room for */
#define KEPT	4	/* of them, that loans leave to everything else */

static struct {
	uint32_t	 req;		/* 0: free */
	ran		 done;
	listed		 rows;
	void		*arg;
} run[RUNS];

int
lend_is_on(void)
{
	return dird.txt[CONF_LEND_ALLOW] != NULL &&
	    dird.txt[CONF_LEND_ALLOW][0] != '\0' &&
	    dird.door[PROC_MACROCTL].fd != -1;
}

static unsigned
find(uint32_t req)
{
	unsigned i;

	for (i = 0; i < RUNS && run[i].req != req; i++)
		;
	return i;
}

static unsigned
spare(void)
{
	unsigned i, n = 0;

	for (i = 0; i < RUNS; i++)
		n += run[i].req == 0;
	return n;
}

/*
 * A row, filled; its number. 0: macroctl is not there, or has enough to do,
 * and no more than `leave` rows are free.
 */
static uint32_t
begin(unsigned leave, ran done, listed rows, void *arg)
{
	unsigned i = find(0);

	if (!lend_is_on() || spare() <= leave)
		return 0;
	run[i].req = dird_req();
	run[i].done = done;
	run[i].rows = rows;
	run[i].arg = arg;
	return run[i].req;
}

static int
sent(uint32_t req, int ret)
{
	if (ret == -1)
		run[find(req)].req = 0;
	return ret;
}

int
lend_run(enum lend_for whose, enum lend_verb verb, const struct loan *l,
    const char *params, ran done, void *arg)
{
	unsigned leave = verb == LEND_GRANT ? KEPT : whose == LEND_ASKED;
	struct msg_macro_run m = { .verb = (uint8_t)verb };
	size_t n = params == NULL ? 0 : strlen(params);

	if (n > sizeof(m.params) || (m.req = begin(leave, done, NULL,
	    arg)) == 0)
		return -1;
	strcpy(m.kind, l->kind);
	strcpy(m.sub, l->did);
	memcpy(m.src, l->src, sizeof(m.src));
	memcpy(m.service, l->service, sizeof(m.service));
	m.params_len = (uint16_t)n;
	if (n > 0)
		memcpy(m.params, params, n);
	return sent(m.req, macro_run_send(&dird.door[PROC_MACROCTL], &m, NULL));
}

int
lend_list(enum lend_for whose, const uint8_t after[LEND_KEY_LEN],
    uint16_t after_len, listed rows, ran failed, void *arg)
{
	struct msg_macro_list m = { .after_len = after_len };

	if ((m.req = begin(whose == LEND_ASKED, failed, rows, arg)) == 0)
		return -1;
	memcpy(m.after, after, after_len);
	return sent(m.req, macro_list_send(&dird.door[PROC_MACROCTL], &m,
	    NULL));
}

/* -- answers --------------------------------------------------------------- */

/* Who waits for it, or RUNS. A free row has number 0: that is nobody's answer. */
static unsigned
waits(uint32_t req)
{
	return req == 0 ? RUNS : find(req);
}

void
on_macro_done(struct chan *c, const struct msg_macro_done *m, int *fds)
{
	unsigned i = waits(m->req);
	ran done;

	(void)c;
	(void)fds;
	if (i == RUNS || m->why >= LEND_WHY_MAX)
		fatalx("macroctl answers what nobody asked");
	done = run[i].done;
	run[i].req = 0;
	if (done != NULL)
		done(run[i].arg, m);
}

void
on_macro_listed(struct chan *c, const struct msg_macro_listed *m, int *fds)
{
	unsigned i = waits(m->req);

	(void)c;
	(void)fds;
	if (i == RUNS || (run[i].done != NULL && run[i].rows == NULL))
		fatalx("macroctl lists what nobody asked");
	run[i].req = 0;
	if (run[i].rows != NULL)
		run[i].rows(run[i].arg, m);
}
