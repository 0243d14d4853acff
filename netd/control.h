/* control.h -- the control socket: the reference's protocol (FIPS-WIRE 18). */
#ifndef NETD_CONTROL_H
#define NETD_CONTROL_H

#include "netd.h"

void	control_add(int fd, uint32_t gid);
void	control_start(struct event_base *);
/* privd has said who listens: those who asked get their reply. */
void	control_listeners(void);
/* Once in each turn of the loop: goes on with a long answer. */
void	control_turn(void);

#endif
