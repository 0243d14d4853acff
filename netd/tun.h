/* tun.h -- packets from and to the kernel. */
#ifndef NETD_TUN_H
#define NETD_TUN_H

#include "netd.h"

struct tun_stats {
	uint64_t packets_in, bytes_in;		/* from the kernel */
	uint64_t packets_out, bytes_out;	/* to the kernel */
};
extern struct tun_stats tun_stats;

/* Takes the descriptor. */
void	tun_add(int fd, const char *name, uint16_t mtu);
void	tun_start(struct event_base *);
/* Stop reading, or go on. */
void	tun_pause(int on);
int	tun_is_up(void);
const char *tun_name(void);
/* A whole IPv6 packet to the kernel. 0, or -1 counted. */
int	tun_write(const void *pkt, size_t len);

#endif
