/*
 * guest.h -- grants and the guests that ask for them.
 *
 *	lend.c	 what may be lent; recorded, then done; undone, then recorded
 *	lend_list.c  what is lent now, in pages
 *	guest.c	 who is on the guest socket, how many, how long
 */
#ifndef GUEST_H
#define GUEST_H

#include <poll.h>

#include "lend.h"
#include "privd.h"

#define GUESTS		24

/* Who asked: the runner, or a guest that may be gone by the time of the answer. */
struct asker {
	int		 slot;		/* -1: the runner */
	unsigned	 gen;
};

/* lend.c */
/* Reads the settings; fatal when they make no sense. 1 when anything is lent. */
int	 lend_read(void);
int	 lend_is_on(void);
/*
 * The table, once the interface is there; what may be lent no more goes. When
 * nothing is lent, an earlier house's rules stay and shut its ports.
 */
void	 lend_open(void);
void	 lend_self_fill(struct msg_lend_self *);
/* 0: no more questions until dird has written down what it has. */
int	 lend_has_room(void);

/* lend_list.c */
struct nft_grant;
/* Looks at what is lent; how much. 0, or -1: then nothing is known. */
int	 lend_snap(uint32_t *n);
/* Each of what was seen then. */
void	 lend_snap_each(void (*fn)(void *, const struct nft_grant *), void *arg);
/* Was it among what was seen then? */
int	 lend_is_there(const uint8_t src[16], struct lend_port);
/*
 * As many as fit, after a key of LEND_KEY_LEN bytes or, NULL, from the first.
 * 0, or -1: nothing is known.
 */
int	 lend_page(const uint8_t *after, struct msg_listed *);

/* guest.c */
void	 guest_open(void);
/* Adds what to wait for, at most 1 + GUESTS; how many. */
unsigned guest_poll(struct pollfd *);
void	 guest_turn(const struct pollfd *, unsigned n, uint64_t now_ms);
/* Milliseconds at which somebody has been silent too long; 0: nobody is here. */
uint64_t guest_due(void);
/* The door that asks, as somebody to answer; and back, or NULL. */
struct asker guest_asker(const struct chan *);
struct chan *guest_door(struct asker);
/* Room for one more answer right now? Only the runner is waited for. */
int	 guest_ready(struct asker);

#endif
