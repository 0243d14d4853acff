/*
 * crew.h -- helpers on further cores. They are started once, before the sandbox
 * shuts, since no room makes a thread after that. One thread hands out work.
 */
#ifndef CREW_H
#define CREW_H

#define CREW_MAX	7

struct task {
	void	(*fn)(void *);
	void	*arg;
	int	 slot;
};

/* At most n helpers. How many there are then; fewer is slower, not wrong. */
unsigned crew_start(unsigned n);
/* As many as make use of every core of this machine. */
unsigned crew_fit(void);
/*
 * Lets an idle helper do fn(arg): 0. -1 when there is none; then nothing
 * happens. crew_wait() returns when it is done.
 */
int	 crew_take(struct task *, void (*fn)(void *), void *arg);
void	 crew_wait(struct task *);

#endif
