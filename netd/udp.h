/* udp.h -- UDP sockets: datagrams into slots, and out. */
#ifndef NETD_UDP_H
#define NETD_UDP_H

#include "netd.h"

#define UDP_MAX		16

struct udp_stats {
	uint64_t packets_sent, bytes_sent, packets_recv, bytes_recv;
	uint64_t send_errors, recv_errors, mtu_exceeded, kernel_drops;
	uint64_t trains_sent, trains_recv;	/* several datagrams in one piece */
};

struct udp {
	int		 fd;
	char		 name[64];
	uint8_t		 family;
	uint16_t	 port, mtu;
	uint8_t		 bind[16];
	uint8_t		 accept, outbound_only;
	uint8_t		 shut;		/* the kernel drops some frames for us */
	uint8_t		 sampled;	/* what was read last came past that */
	uint32_t	 drops;		/* of the kernel, when we looked last */
	struct udp_stats stats;
	struct event	*ev;
};

/* Takes the descriptor. */
int		 udp_add(int fd, const struct msg_udp *);
unsigned	 udp_count(void);
struct udp	*udp_get(unsigned);
/* Begin to read. Each datagram goes to link_input(). */
void		 udp_start(struct event_base *);
/* After each turn of the loop: stop reading, or go on. */
void		 udp_mind(void);
/* First transport that can reach this family, or -1. */
int		 udp_for_family(int family);
/* Smallest MTU over all transports; 1280 when there is none. */
uint16_t	 udp_min_mtu(void);
/*
 * Send a copy of data, after what waits. 0, or -1 counted.
 */
int		 udp_send(const struct endpoint *, const void *data, size_t len);
/*
 * Send the datagram in w's slot to w->ep with the next udp_flush(), at the end
 * of this turn of the loop: those of one size to one endpoint go as a train.
 * Takes w. 0, or -1 counted.
 */
int		 udp_send_work(struct work *w);
void		 udp_flush(void);
/* The end of a turn: what need not wait for more of the same goes. */
void		 udp_turn(void);
/* Slots that reading leaves free now. */
unsigned	 udp_reserve(void);
/* A socket can be read; what was read and waits for slots goes on. udp_in.c. */
void		 udp_readable(int, short, void *);
void		 udp_go_on(void);
/*
 * Data frames with these receiver indexes, or all others and what is no frame,
 * are not to come, but for one in UDP_SAMPLE. With none of them everything
 * comes again. udp_shut.c.
 */
enum { UDP_SHUT_MAX = 240, UDP_SAMPLE = 64 };
enum udp_shut { UDP_SHUT_THESE, UDP_SHUT_OTHERS };
void		 udp_shut(enum udp_shut, const uint32_t *index, unsigned n);
/* For how many one of these stands that was read last from this transport. */
unsigned	 udp_shut_stands_for(unsigned transport);
/* The kernel has thrown away so many datagrams so far. udp_in.c. */
void		 udp_note_drops(struct udp *, uint32_t drops);
/* "192.0.2.1:2121" or "[2001:db8::1]:2121"; out has 64 bytes. */
void		 endpoint_text(const struct endpoint *, char out[64]);

#endif
