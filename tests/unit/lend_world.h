/* lend_world.h -- grants with the kernel, the guests and the other rooms faked. */
#ifndef LEND_WORLD_H
#define LEND_WORLD_H

#include <sys/syscall.h>
#include <netinet/in.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "log.h"
#include "nft.h"
#include "suite.h"
#include "wire.h"

#define MANY	200
#define SUB	"did:plc:0123456789abcdef0123456789abcdef"
#define PORT	9050

extern struct nft_grant	set[MANY];
extern unsigned		nset;
extern int		kernel_fails;

extern time_t ahead_s;

extern struct conf	conf;
extern struct chan	guest[2], dird;	/* guest[0]: privd's end */
extern const char	*lied;

void	setup(void);
struct msg_grant	grant_of(uint32_t i, const char *kind, uint16_t port);
void	take_back(uint32_t i, const char *service);
/* The next word of a door, or MSG_NONE. */
enum msg_type	next(struct chan *c, union msg_any *m);
/* dird writes down the next record, or cannot; what it said, or "". */
const char	*record(int ok);
void	lend_many(unsigned n);

#endif
