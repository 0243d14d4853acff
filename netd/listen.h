/* listen.h -- who on this machine listens where the mesh can reach. */
#ifndef NETD_LISTEN_H
#define NETD_LISTEN_H

/* 1: what we know is fresh. 0: privd was asked; control_listeners() follows. */
int	 listen_ask(void);

#endif
