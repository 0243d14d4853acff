/*
 * carry_int.h -- what the files of the directory's TCP share.
 *
 *	carry.c		connections, bytes in and out, deadlines
 *	carry_call.c	those that dird makes
 *	carry_guest.c	those that come in
 *	carry_near.c	peers that dird may call
 */
#ifndef NETD_CARRY_INT_H
#define NETD_CARRY_INT_H

#include "carry.h"

#define TALKS		(TALK_CALLS + TALK_GUESTS)

enum talk_state {
	TALK_FREE,
	TALK_DIALLING,
	TALK_OPEN,
	TALK_OVER,		/* dird knows that it ended, and owes a TALK_CLOSE */
	TALK_CLOSING		/* dird has closed it; what is left goes out */
};

struct talk {
	uint32_t	 name;
	enum talk_state	 state;
	int		 fd;		/* -1: closed already */
	int		 dialled;	/* fd is one of privd's, to be used again */
	int		 deaf;		/* nothing more comes from there */
	int		 answered;	/* dird has said something */
	uint8_t		 far[16];
	struct event	*in, *out;
	uint32_t	 heard;		/* bytes that dird has not taken, */
	uint32_t	 pieces;	/* in so many messages */
	uint64_t	 until_ms;
	size_t		 at, len;	/* of what is to be said */
	uint8_t		 say[TALK_SAY_MAX];
};

/* What could not be said to dird, or not be watched, ends the house. */
void	 carry_must(int result);
void	 carry_watch(struct event *, int on);
/* The one after t that is not free, or NULL; the first after NULL. */
struct talk *carry_next(struct talk *);
/* By the name it has with dird; not one that dird has closed. */
struct talk *carry_find(uint32_t name);
/* A new one, in no state yet, not watched; NULL when there is no place. */
struct talk *carry_begin(uint32_t name, int fd, int dialled,
	    const uint8_t far[16]);
/* Bytes may come and go, for so long. */
void	 carry_open(struct talk *, uint64_t ms);
/* Over, and dird is to know. */
void	 carry_end(struct talk *, enum talk_why);

/* It can be written to: there is a way, or there is none. */
void	 call_ready(struct talk *);
/* Its socket is done with, and waits for the next call. */
void	 call_over(int fd);

#endif
