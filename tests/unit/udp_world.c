/* udp_world.c -- netd's UDP on loopback, without the rest of netd. */
#include <event2/event.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "udp_world.h"

struct netd		netd;
static struct work	works[256];
static uint8_t		slots[256][4096];
static unsigned		nwork;
unsigned		nin, free_slots = 256, sealing, stood_for, nhurry, hurried_at[256];
uint8_t			in[256];
struct endpoint		in_ep[256];
size_t			in_len[256];
int			keep_slots;

uint64_t netd_clock(void) { return ++netd.now_ms; }
void netd_tick_by(uint64_t at_ms) { (void)at_ms; }

struct work *
pipe_get(void)
{
	struct work *w = &works[nwork % 256];

	memset(w, 0, sizeof(*w));
	w->buf = slots[nwork++ % 256];
	w->off = PIPE_HEAD;
	free_slots--;
	return w;
}

void
pipe_put(struct work *w)
{
	(void)w;
	free_slots++;
}

unsigned pipe_free(void) { return free_slots; }
unsigned pipe_sealing(void) { return sealing; }
void pipe_hurry(void) { hurried_at[nhurry++ % 256] = nin; }
unsigned pipe_slots(void) { return 2 * PIPE_SPARE; }
size_t pipe_room(const struct work *w) { return 2048 - w->off - 32u; }

void
link_input(struct work *w, const uint8_t *raw)
{
	ck_assert_mem_eq(raw, w->buf + w->off, w->len);
	in_ep[nin % 256] = w->ep;
	in_len[nin % 256] = w->len;
	in[nin++ % 256] = w->buf[w->off];
	stood_for += udp_shut_stands_for(w->ep.transport);
	if (!keep_slots)
		pipe_put(w);
}

int
bound_socket(struct endpoint *ep)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	ck_assert_int_eq(endpoint_from(ep, 0, (union sock_name *)&sin), 0);
	return fd;
}

void
open_socket(struct endpoint *ep, uint16_t mtu)
{
	struct msg_udp	m = { .family = 4, .port = 1, .mtu = mtu, .accept = 1 };

	ck_assert_int_eq(udp_add(bound_socket(ep), &m), 0);
}

void
listen_for(unsigned want)
{
	struct event_base	*base = event_base_new();
	unsigned		 i;

	udp_start(base);
	for (i = 0; i < 50 && nin < want; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}
