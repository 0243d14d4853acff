/*
 * house_of_cryptod.h -- a real cryptod, in a process of its own, behind its real
 * doors and ring. It may refuse, or end by its own rule (status 1 and "broke a
 * rule"); it may not die otherwise, use a (key, nonce) twice, leave a slot, let
 * a byte of a key be seen, or allocate.
 */
#ifndef HOUSE_OF_CRYPTOD_H
#define HOUSE_OF_CRYPTOD_H

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "chan.h"
#include "ear.h"
#include "ident.h"
#include "liar.h"
#include "log.h"
#include "noise.h"
#include "room.h"
#include "suite.h"
#include "worker.h"

#define SLOTS		64u
#define SIZE		2048u
#define WAIT_MS		10000
#define KEYS		5

extern struct house {
	pid_t		 pid;
	struct chan	 privd, netd;
	struct ring	 first;		/* all that is shared, slots included */
	struct ring	 ring;		/* to lie in: the first, or a lane */
	int		 err;		/* cryptod's stderr */
	uint32_t	 link, inner;	/* honest handles */
} h;

/* The loop tests run twice: their lies meet the first worker, or the second. */
extern int		second;

/* A value on the edge of something, or any. */
uint32_t	edge(uint32_t honest);
void	open_house(void);
/* Close the doors; cryptod has ended or ends now, and only in a lawful way. */
int	close_house(void);
/* Is cryptod still serving? It answers privd whatever netd did. */
int	alive(void);
void	setup(void);
/* A frame in a slot that SEAL takes, or that OPEN looks into. */
struct ring_desc	honest(uint32_t slot);

#endif
