/*
 * crew.h -- helpers on further cores. They are started once, before the sandbox
 * shuts, since no room makes a thread after that. One thread hands out work.
 */
#ifndef CREW_H
#define CREW_H

#include <stdint.h>

#define CREW_MAX	7
#define CREW_QUEUE	4	/* tasks that a helper has before it at most */

struct task {
	void		(*fn)(void *);
	void		*arg;
	int		 slot;
	uint64_t	 turn;		/* of this helper's tasks */
};

/* At most n helpers. How many there are then; fewer is slower, not wrong. */
unsigned crew_start(unsigned n);
/* As many as make use of every core of this machine. */
unsigned crew_fit(void);
/*
 * Lets the helper with the least before it do fn(arg), after that: 0. -1 when
 * there is none, or none has room; then nothing happens. crew_wait() returns
 * when it is done. A task waits for no other.
 */
int	 crew_take(struct task *, void (*fn)(void *), void *arg);
void	 crew_wait(struct task *);

#endif
