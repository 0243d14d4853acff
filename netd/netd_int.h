/* netd_int.h -- between main.c and pipe.c only. */
#ifndef NETD_INT_H
#define NETD_INT_H

#include <stdint.h>

struct event_base;

/* Takes the descriptors of RING_NETD. Fatal when they are not a lawful ring. */
void	 pipe_init(const int fds[3], uint32_t nslot, uint32_t slot_size);
/* Begin to take answers. */
void	 pipe_start(struct event_base *);

#endif
