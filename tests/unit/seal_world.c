/* seal_world.c -- two nodes with keys for each other. */
#include "seal_world.h"

uint8_t	 a_pub[PUB_LEN], b_pub[PUB_LEN], a_addr[16], b_addr[16];
struct noise_keys link_ab, link_ba, inner_ab, inner_ba;
struct ring	 netd, cryptod;

void
pair_of_keys(struct noise_keys *x, struct noise_keys *y)
{
	randombytes_buf(x, sizeof(*x));
	memcpy(y->send, x->recv, 32);
	memcpy(y->recv, x->send, 32);
}

static void
make_ring(void)
{
	int fds[3], more[3];

	fds[0] = ring_create(SLOTS, SIZE);
	fds[1] = eventfd(0, EFD_NONBLOCK);
	fds[2] = eventfd(0, EFD_NONBLOCK);
	more[0] = dup(fds[0]);
	more[1] = fds[1];
	more[2] = fds[2];
	ck_assert_int_eq(ring_map(&cryptod, fds, SLOTS, SIZE), 0);
	ck_assert_int_eq(ring_map(&netd, more, SLOTS, SIZE), 0);
}

static void
a_node(uint8_t pub[PUB_LEN], uint8_t addr[16])
{
	uint8_t sec[SEC_LEN];

	curve_random(sec);
	ck_assert_int_eq(curve_public(sec, pub), 0);
	curve_addr(pub, addr);
}

void
setup(void)
{
	ck_assert_int_eq(curve_init(), 0);
	session_init();
	a_node(a_pub, a_addr);
	a_node(b_pub, b_addr);
	pair_of_keys(&link_ab, &link_ba);
	pair_of_keys(&inner_ab, &inner_ba);
	make_ring();
}

struct ring_desc
ask(struct ring_desc d, const uint8_t self[16])
{
	enum refusal why;

	ck_assert_int_eq(ring_push(&netd, netd.todo, &d), 1);
	ck_assert_int_eq(seal_work(&cryptod, self, &why), 1);
	ck_assert_int_eq(ring_pop(&netd, netd.done, &d), 1);
	return d;
}

int
refused(const struct ring_desc *d)
{
	return d->status < RING_REFUSED ? 0 : d->status - RING_REFUSED;
}

struct ring_desc
frame(uint32_t link, uint32_t session, uint16_t ncoord, const char *text)
{
	struct ring_desc d = { .op = RING_SEAL, .off = 64, .link = link,
	    .session = session, .inner = 56, .aux = 77 };
	uint8_t	*f = ring_slot(&netd, 0) + d.off, *p = f + 56;
	size_t	 len = strlen(text);

	memset(f, 0xee, 16);		/* a counter that netd made up */
	f[0] = f[1] = 0;
	memset(f + 16, 0, 40);
	memcpy(f + 24, a_addr, 16);
	memcpy(f + 40, b_addr, 16);
	memset(p, 0xee, 12);
	p[0] = 0;
	p[1] = ncoord > 0 ? 1 : 0;
	put_le16(p + 2, (uint16_t)len);
	p += 12;
	if (ncoord > 0) {
		memset(p, 0x33, 2 * (2 + 16u * ncoord));
		put_le16(p, ncoord);
		put_le16(p + 2 + 16u * ncoord, ncoord);
		p += 2 * (2 + 16u * ncoord);
	}
	memcpy(p, text, len);
	d.body = (uint16_t)(p - f);
	d.len = (uint32_t)(d.body + len);
	return d;
}

struct ring_desc
opening(const struct ring_desc *sealed, uint32_t link)
{
	struct ring_desc d = *sealed;

	d.op = RING_OPEN;
	d.link = link;
	d.session = 0;
	d.inner = d.body = 0;
	return d;
}

uint32_t
link_to(const struct noise_keys *k, const uint8_t *pub)
{
	uint32_t h = session_new(SESSION_LINK, k, pub);

	ck_assert_uint_ne(h, 0);
	return h;
}

uint32_t
inner_to(const struct noise_keys *k, const uint8_t *pub)
{
	uint32_t h = session_new(SESSION_INNER, k, pub);

	ck_assert_uint_ne(h, 0);
	return h;
}

struct ring_desc
sealed_copy(uint8_t *copy, uint16_t ncoord)
{
	uint32_t l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	struct ring_desc d = ask(frame(l, s, ncoord, "some text"), a_addr);

	ck_assert_int_eq(d.status, RING_DONE);
	memcpy(copy, ring_slot(&netd, 0), SIZE);
	return d;
}
