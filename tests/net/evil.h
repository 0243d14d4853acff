/* evil.h -- what the parts of the hostile peer share. */
#ifndef EVIL_H
#define EVIL_H

#include <netinet/in.h>
#include <time.h>

#include "noise.h"
#include "tree.h"

enum { BATCH = 64, LEAST = 4000, FRAME_MAX = 1500, SIGNED = 64, OUR_INDEX = 0x66666666 };

struct evil {
	struct key		me;
	uint8_t			pub[PUB_LEN], addr[NADDR_LEN];	/* the victim's */
	uint8_t			a[NADDR_LEN], b[NADDR_LEN];
	struct sockaddr_in	to, away;
	int			fd;
	struct noise_keys	keys;
	uint32_t		index;		/* theirs */
	uint64_t		counter;
	struct timespec		began;
	struct tree_ann		ann[SIGNED];	/* signed beforehand */
	uint64_t		seq;
	unsigned		late;		/* our stamps fall behind that much */
	int32_t			trend;		/* of our delay, as the victim said last */
	uint32_t		asked;		/* index of the first keys it asked for */
	int			bends;		/* what is under a session's seal is bent */
};
extern struct evil evil;

void	die(const char *why);
double	now(void);

/* evil_say.c: each kind writes one link message, type first. */
struct kind {
	const char	*name;
	size_t		(*make)(uint8_t *);	/* NULL: a seal that is wrong */
	size_t		(*raw)(uint8_t *);	/* a whole datagram instead */
};
extern const struct kind kinds[];		/* ends with no name */

void	prepare(void);
uint64_t noise64(void);
void	scrawl(uint8_t *p, size_t n);
size_t	heartbeat(uint8_t *);
/* The frame says that it is longer than it is; counted by whoever opens it. */
size_t	longer(uint8_t *);
/* A frame with the index of nobody. */
size_t	stray(uint8_t *);
size_t	put_tree(uint8_t *, struct tree_ann *);
void	sign(struct tree_ann *);
size_t	dgram(uint8_t *, uint8_t ttl, uint16_t mtu, const uint8_t *src,
	    const uint8_t *dst);

size_t	below(uint8_t *);

/* evil.c: one frame, as fast as it comes. */
void	send_one(size_t (*make)(uint8_t *));

/* evil_heard.c: what the victim says. The link message in a frame, or NULL. */
uint8_t *opened(uint8_t *in, size_t n, size_t *len);
void	heard(uint8_t *in, size_t n);

/* evil_shake.c: a whole session handshake, in another's name or its own: how many
 * of its three messages there were. */
unsigned shake(double seconds);
unsigned talk(double seconds);

/* evil_inner.c: under the keys of that in its own name. */
void	inner_begin(const struct noise_keys *);
size_t	inner_mtu(uint8_t *);
size_t	inner_warm(uint8_t *);
size_t	inner_report(uint8_t *);
size_t	inner_port(uint8_t *);
size_t	inner_ip6(uint8_t *);
size_t	inner_type(uint8_t *);
size_t	inner_again(uint8_t *);
size_t	inner_place(uint8_t *);

/* evil_bend.c: some bytes of it another; and any kind, so bent. */
void	bend(uint8_t *p, size_t n);
size_t	bent(uint8_t *);

/* evil.c: message 1s that are true, and message 2s that are not. */
size_t	knock(uint8_t *);
size_t	answer(uint8_t *);

#endif
