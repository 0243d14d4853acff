/*
 * talk.h -- connections over the mesh, as netd carries them: bytes from there,
 * bytes to there. What the bytes mean is message.c's and its callers'.
 */
#ifndef TALK_H
#define TALK_H

#include <stddef.h>
#include <stdint.h>

struct evbuffer;

struct talk {
	uint32_t	 name;
	uint8_t		 src[16];	/* mesh address of who dialled us */
	int		 up;
	int		 deaf;		/* nothing more comes */
	int		 dead;		/* and nothing more goes */
	struct evbuffer	*in;		/* take from it what is dealt with */
	/* Bytes came, it is up, or it ended. It may close the talk. */
	void		(*changed)(struct talk *);
	void		*arg;
	/* talk.c's own */
	struct evbuffer	*out;
	size_t		 unsaid;	/* netd has not said them yet */
	int		 closing;
	struct talk	*next;
};

/* Who is told of everybody that dials us; it sets changed and arg. */
void	talk_start(void (*guest)(struct talk *));
/* NULL when too many are under way, or pub is our own. changed is never called from in here. */
struct talk *talk_dial(const uint8_t pub[32], void (*changed)(struct talk *),
	    void *arg);
/* As much as you like; it goes out as there takes it. */
void	talk_say(struct talk *, const void *, size_t len);
/* Once; changed is not called any more. What was said still goes out. */
void	talk_close(struct talk *);
/* The same without another word. */
void	talk_cut(struct talk *);

#endif
