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
void	tun_add(int fd, const struct msg_tun *);
void	tun_start(struct event_base *);
/* After each turn of the loop: stop reading, or go on. */
void	tun_mind(void);
int	tun_is_up(void);
const char *tun_name(void);
/* "plain", "tcp", "tcp+udp": what comes and goes in one piece. */
const char *tun_mode(void);
/* A whole IPv6 packet to the kernel, now. 0, or -1 counted. */
int	tun_write(const void *pkt, size_t len);
/* The same for a packet in w's slot, now or with tun_turn(). Takes w. */
void	tun_give(struct work *, uint8_t *pkt, size_t len);
/*
 * In the middle of one: has the kernel answered what it was given alone, as it
 * answers an echo at once?
 */
void	tun_look(void);
/* The end of a turn: what need not wait for more of its flow goes to the kernel. */
void	tun_turn(void);

#endif
