/*
 * worker.h -- further threads that seal and open, each with a lane of its own.
 *
 * The first worker is the room's own thread: it also answers the doors. Keys
 * come and go only while no worker is at a packet (session.h). Threads start
 * when the room has dropped what it had, before its system calls are filtered.
 */
#ifndef WORKER_H
#define WORKER_H

#include "ring.h"

/* A lane that privd hands over; -1 when there are RING_LANES already. */
int		worker_add(const int fds[3]);
/* All workers, the first one counted. */
unsigned	worker_count(void);
/* The ring is mapped: map the lanes beside it. self: this node's address. Fatal. */
void		worker_map(const struct ring *, const uint8_t *self);
/* Start the threads; back when each is ready. They wait for worker_go(). Fatal. */
void		worker_start(void);
void		worker_go(void);
/*
 * A batch of a ring: how many requests were served; *sleeps: that was all, and
 * netd will write the eventfd. Fatal when netd breaks a rule.
 */
int		worker_batch(struct ring *, const uint8_t *self, int *sleeps);

#endif
