/*
 * udp_shut.c -- frames that the kernel drops before they wake anybody: a little
 * program on each socket (classic BPF, which needs no privilege) that knows
 * their receiver indexes, or those of all others. One in UDP_SAMPLE comes
 * through, so that they can be counted. Meanwhile nobody knows what a socket
 * drops for want of room: the kernel counts that and what the program drops in
 * one number. A kernel that takes no such program lets everything come.
 */
#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "frame.h"
#include "udp.h"
#define LOG_TARGET "fips::transport::udp"
#include "log.h"

enum {
	UDP_HEAD = 8,		/* the program sees it, too */
	AT_INDEX = UDP_HEAD + FRAME_PREFIX_LEN,
	HEAD = 6, TAIL = 6
};

_Static_assert(UDP_SHUT_MAX + 5 <= UINT8_MAX, "a jump goes that far");
_Static_assert((UDP_SAMPLE & (UDP_SAMPLE - 1)) == 0, "chance is a few bits");

/*
 * Behind the list of n: to where what is in it goes, and what is not. Handshakes
 * pass, and what has no room for an index, whatever it is.
 */
static unsigned
program(struct sock_filter *code, enum udp_shut which, const uint32_t *index,
    unsigned n)
{
	unsigned pass = HEAD + n + 1, few = pass + 1, i;
	unsigned hit = which == UDP_SHUT_THESE ? few : pass;
	unsigned miss = which == UDP_SHUT_THESE ? pass : few;
	const struct sock_filter head[HEAD] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, AT_INDEX + 4, 0,
		    (uint8_t)(pass - 2)),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, UDP_HEAD),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FRAME_DATA, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, FRAME_MSG2,
		    (uint8_t)(miss - 5), (uint8_t)(pass - 5)),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_INDEX),
	};
	const struct sock_filter tail[TAIL] = {
		BPF_STMT(BPF_JMP | BPF_JA, miss - pass),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, UDP_SAMPLE - 1, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	memcpy(code, head, sizeof(head));
	for (i = 0; i < n; i++)		/* it loads big-endian what stands little-endian */
		code[HEAD + i] = (struct sock_filter)BPF_JUMP(BPF_JMP |
		    BPF_JEQ | BPF_K, be32toh(htole32(index[i])),
		    (uint8_t)(hit - (HEAD + i + 1)), 0);
	memcpy(code + HEAD + n, tail, sizeof(tail));
	return HEAD + n + TAIL;
}

/* All that the socket ever dropped; what is known when the kernel does not say. */
static uint32_t
dropped(const struct udp *u)
{
	uint32_t	mem[SK_MEMINFO_VARS];
	socklen_t	len = sizeof(mem);

	if (getsockopt(u->fd, SOL_SOCKET, SO_MEMINFO, mem, &len) == -1 ||
	    len <= SK_MEMINFO_DROPS * sizeof(mem[0]))
		return u->drops;
	return mem[SK_MEMINFO_DROPS];
}

static void
detach(struct udp *u)
{
	int none = 0;

	if (!u->shut)
		return;
	setsockopt(u->fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
	u->drops = dropped(u);
	u->shut = 0;
}

static void
attach(struct udp *u, const struct sock_fprog *prog)
{
	if (!u->shut)
		udp_note_drops(u, dropped(u));
	if (setsockopt(u->fd, SOL_SOCKET, SO_ATTACH_FILTER, prog,
	    sizeof(*prog)) == -1) {
		log_debug("UDP port %u: no filter against floods: %s", u->port,
		    strerror(errno));
		detach(u);
		return;
	}
	u->shut = 1;
	u->drops = dropped(u);	/* what comes with more came past it */
}

void
udp_shut(enum udp_shut which, const uint32_t *index, unsigned n)
{
	struct sock_filter	 code[HEAD + UDP_SHUT_MAX + TAIL];
	struct sock_fprog	 prog = { .filter = code };
	struct udp		*u;
	unsigned		 i;

	prog.len = (unsigned short)program(code, which, index, n);
	for (i = 0; (u = udp_get(i)) != NULL; i++) {
		if (n > 0)
			attach(u, &prog);
		else
			detach(u);
	}
}

unsigned
udp_shut_stands_for(unsigned transport)
{
	const struct udp *u = udp_get(transport);

	return u != NULL && u->shut && u->sampled ? UDP_SAMPLE : 1;
}
