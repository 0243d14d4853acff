/*
 * evil_inner.c -- what the hostile peer says under the keys of a session that it
 * has with the victim, by its own name and lawfully (evil_shake.c). The frames
 * open; what is in them is not what anybody should say.
 */
#include <string.h>

#include "aead.h"
#include "evil.h"
#include "frame.h"
#include "fsp.h"
#include "mmp.h"
#include "wire.h"

enum { BODY_MAX = 400 };

static struct noise_keys keys;
static uint64_t		 counter;

void
inner_begin(const struct noise_keys *k)
{
	keys = *k;
	counter = 0;
}

/* A frame with n bytes of plaintext, under a seal that is right. */
static size_t
under(uint8_t *out, const struct fsp_data *h, const uint8_t *plain, size_t n)
{
	struct fsp_data head = *h;
	size_t	at = dgram(out, 64, 1280, evil.me.addr, evil.addr);
	uint8_t *fsp = out + at;
	ssize_t m;

	head.len = (uint16_t)n;
	head.counter = counter++;
	m = fsp_data_encode(&head, fsp, FRAME_MAX - at);
	if (m < 0)
		die("no session frame");
	memcpy(fsp + m, plain, n);
	if (evil.bends)
		bend(fsp + m, n);
	aead_seal(keys.send, head.counter, fsp, FSP_HEAD, fsp + m, n);
	return at + (size_t)m + n + FSP_TAG;
}

static size_t
tell(uint8_t *out, uint8_t type, const uint8_t *body, size_t n)
{
	static const struct fsp_data plain_head;
	uint8_t plain[FSP_INNER + BODY_MAX];

	fsp_inner_encode(plain, (uint32_t)(now() * 1000), type, 0);
	memcpy(plain + FSP_INNER, body, n);
	return under(out, &plain_head, plain, FSP_INNER + n);
}

/* The way carries 0, 1, ... bytes; now and then more than there can be. */
size_t
inner_mtu(uint8_t *out)
{
	uint8_t body[2];

	put_le16(body, (uint16_t)(noise64() % 4 ? noise64() % 300 : noise64()));
	return tell(out, FSP_PATH_MTU, body, noise64() % 8 ? 2 : noise64() % 2);
}

size_t
inner_warm(uint8_t *out)
{
	return tell(out, FSP_WARMUP, NULL, 0);
}

size_t
inner_report(uint8_t *out)
{
	uint8_t body[MMP_REPORT_MAX];
	size_t	n = noise64() & 1 ? 46 : 66;

	scrawl(body, n);
	return tell(out, n == 46 ? FSP_SENDER_REPORT : FSP_RECEIVER_REPORT, body,
	    noise64() % 4 == 0 ? n - 9 : n);
}

/* To ports that nobody serves. */
size_t
inner_port(uint8_t *out)
{
	uint8_t body[60];

	scrawl(body, sizeof(body));
	put_le16(body + 2, (uint16_t)(FSP_PORT_IP6 + 1 + noise64() % 1000));
	return tell(out, FSP_PACKET, body, noise64() % 4 ? sizeof(body) :
	    noise64() % 4);
}

/* IPv6 that is none: lengths, extension headers, a hop limit of nothing. */
size_t
inner_ip6(uint8_t *out)
{
	static const uint8_t next[] = { 0, 6, 17, 43, 44, 58, 59, 60 };
	uint8_t body[BODY_MAX];
	size_t	n = noise64() % sizeof(body);

	scrawl(body, sizeof(body));
	put_le16(body, FSP_PORT_IP6);
	put_le16(body + 2, FSP_PORT_IP6);
	body[4] = 0;
	body[9] = next[noise64() % sizeof(next)];
	return tell(out, FSP_PACKET, body, n);
}

/* Types that there are not, and frames shorter than the head of any. */
size_t
inner_type(uint8_t *out)
{
	static const struct fsp_data plain_head;
	uint8_t plain[64];

	scrawl(plain, sizeof(plain));
	plain[4] = (uint8_t)(0x30 + noise64() % 0xc0);
	return under(out, &plain_head, plain, noise64() & 1 ? sizeof(plain) :
	    noise64() % FSP_INNER);
}

/* The same frame over and over, in frames of the link that are new. */
size_t
inner_again(uint8_t *out)
{
	static uint8_t	kept[FRAME_MAX];
	static size_t	len;
	static uint64_t of;

	if (len == 0 || of > counter) {
		len = inner_warm(kept);
		of = counter;
	}
	memcpy(out, kept, len);
	return len;
}

/* We stand here; no, there: outside the seal of a frame that is true. */
size_t
inner_place(uint8_t *out)
{
	uint8_t		path[3][NADDR_LEN], plain[FSP_INNER];
	struct fsp_data h = { .flags = FSP_CP };

	memcpy(path[0], evil.me.addr, NADDR_LEN);
	scrawl(path[1], NADDR_LEN);
	path[1][0] = 0xff;
	memcpy(path[2], evil.addr, NADDR_LEN);
	h.src = (struct fsp_coords){ 3, path[0] };
	h.dst = (struct fsp_coords){ 1, path[2] };
	fsp_inner_encode(plain, (uint32_t)(now() * 1000), FSP_WARMUP, 0);
	return under(out, &h, plain, sizeof(plain));
}
