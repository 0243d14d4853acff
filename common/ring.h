/*
 * ring.h -- the packet ring between netd and cryptod.
 *
 * One sealed memfd: three single-producer single-consumer queues of
 * descriptors (todo and urgent: netd to cryptod, done: cryptod to netd) and an
 * array of fixed slots. netd owns every slot and lends one by queueing its descriptor;
 * cryptod works in place and hands it back. No pointer, key, counter or
 * replay window is ever in here.
 *
 * Rule for both sides: the other side may write any byte at any time. Load
 * once, atomically, into a local; check the local; use the local.
 */
#ifndef RING_H
#define RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What netd asks. A frame is a link-layer datagram that starts at `off` in
 * the slot: 16-byte FMP header, then its plaintext or ciphertext. Positions
 * other than `off` count from the start of the frame.
 *
 * SEAL		len = end of the plaintext. Session header (12 bytes) at
 *		`inner`, session plaintext at `body`..len. cryptod writes both
 *		counters into the headers, seals the session (AAD: its 12
 *		header bytes), then the link (AAD: the 16 header bytes,
 *		plaintext from 16). Comes back with len + 32.
 * SEAL_LINK	plaintext at 16..len; comes back with len + 16.
 * OPEN		len = whole datagram. `link` is the key handle that the receiver
 *		index names. Comes back with len - 16 (end of the link
 *		plaintext at 16), and when that is a SessionDatagram for this
 *		node with an established-phase session frame whose key is held
 *		here: session = its handle, inner, body, and len = end of the
 *		session plaintext.
 * OPEN_INNER	a frame whose link layer OPEN has opened; len = end of its link
 *		plaintext. Only the session layer is tried, because there are
 *		keys now that OPEN did not find. Answered as OPEN answers when
 *		both layers are open, or INNER_*.
 */
enum ring_op { RING_SEAL = 1, RING_SEAL_LINK, RING_OPEN, RING_OPEN_INNER };

/* Lanes, the first ring counted: threads of cryptod that work on packets. */
#define RING_LANES	8

/* What came of it, in `status`: RING_DONE, RING_DONE_INNER (OPEN, OPEN_INNER:
 * both layers are open), or an enum refusal (+ RING_REFUSED) with the slot's bytes
 * past the header undefined. INNER_* refusals mean that the link layer opened:
 * the link frame is authentic and its plaintext stands. */
enum { RING_DONE = 0, RING_DONE_INNER = 1, RING_REFUSED = 16 };

struct ring_desc {
	uint32_t	slot;
	uint8_t		op;
	uint8_t		status;
	uint16_t	off;
	uint32_t	link;		/* key handles, made by cryptod */
	uint32_t	session;
	uint32_t	len;
	uint16_t	inner;
	uint16_t	body;
	uint64_t	aux;		/* netd's own token, echoed */
};
_Static_assert(sizeof(struct ring_desc) == 32, "part of the shared layout");

struct ring_queue {
	_Alignas(64) _Atomic uint32_t head;	/* written by the producer */
	_Alignas(64) _Atomic uint32_t tail;	/* written by the consumer */
	_Alignas(64) _Atomic uint32_t asleep;	/* consumer sleeps: write its eventfd */
	_Alignas(64) _Atomic uint64_t d[];	/* slots * 4 words */
};

/* How far this side is, and how far it last saw the other one. */
struct ring_at {
	uint32_t		 mine, theirs;
};

/*
 * One side's view. All of it is private to that side, also the indexes. What is
 * urgent goes past what is in todo; whoever sleeps, sleeps on both.
 */
struct ring {
	struct ring_queue	*todo, *urgent, *done;
	uint8_t			*slots;
	size_t			 map_len;
	uint32_t		 nslot, slot_size;
	struct ring_at		 push, pop, urgent_at;
	int			 wake_cryptod, wake_netd;	/* eventfds */
};

/* Bytes of a memfd for this geometry. */
size_t	ring_size(uint32_t nslot, uint32_t slot_size);
/* privd: make it, sized and sealed. The memfd, or -1 with errno. */
int	ring_create(uint32_t nslot, uint32_t slot_size);
/*
 * Map fds[0] and keep fds[1], fds[2]; fds[0] is closed. -1 with errno, EPERM
 * when it is not sealed against shrinking, growing and unsealing or not of
 * the right size, or an eventfd can block.
 */
int	ring_map(struct ring *, const int fds[3], uint32_t nslot, uint32_t slot_size);

/*
 * A further lane is a memfd of queues only, of ring_create(nslot, 0), for one
 * more thread of cryptod: its requests mean the slots of the first ring. Map it
 * as ring_map() does.
 */
int	ring_map_lane(struct ring *, const struct ring *first, const int fds[3]);

/* Start of a slot that was checked to be < nslot. */
static inline uint8_t *
ring_slot(const struct ring *r, uint32_t slot)
{
	return r->slots + (size_t)slot * r->slot_size;
}

/* 1 queued, 0 full, -1 the consumer's index is impossible. */
int	ring_push(struct ring *, struct ring_queue *, const struct ring_desc *);
/* 1 there is one, 0 empty, -1 the producer's index is impossible. */
int	ring_look(struct ring *, struct ring_queue *);
/* 1 taken, 0 empty, -1 the producer's index is impossible. The descriptor is
 * a private copy that nobody has checked: see ring_request_ok(). */
int	ring_pop(struct ring *, struct ring_queue *, struct ring_desc *);
/* Is a request such that work on it stays inside its slot? */
int	ring_request_ok(const struct ring *, const struct ring_desc *);

/* Consumer: call before sleeping on the eventfd; 0 means look again first. */
int	ring_may_sleep(struct ring *, struct ring_queue *);
/* Consumer: awake again; clears the eventfd. */
void	ring_awake(struct ring *, struct ring_queue *);
/* Producer: after a batch of pushes; writes the eventfd if the other sleeps. */
void	ring_wake(struct ring *, struct ring_queue *);

#endif
