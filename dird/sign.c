/* sign.c -- the asking side of the directory's signatures. */
#define ME_DIRD
#include <string.h>

#include "doors.h"
#include "log.h"
#include "sign.h"

#define PART	1024

static struct chan *door;
static struct waiter {
	uint32_t	 req;		/* 0: free */
	sign_done	 done;
	void		*arg;
} waiting[SIGN_WAITING];
static uint32_t	last_req;

void
sign_init(struct chan *cryptod)
{
	door = cryptod;
	memset(waiting, 0, sizeof(waiting));
}

static struct waiter *
find(uint32_t req)
{
	unsigned i;

	for (i = 0; i < SIGN_WAITING; i++)
		if (waiting[i].req == req)
			return &waiting[i];
	return NULL;
}

/* A row of the table, or NULL. */
static struct waiter *
wait_for(sign_done done, void *arg)
{
	struct waiter *w = find(0);

	if (door == NULL || door->fd == -1 || w == NULL)
		return NULL;
	do
		last_req++;
	while (last_req == 0 || find(last_req) != NULL);
	*w = (struct waiter){ last_req, done, arg };
	return w;
}

/* ret is what the door said. */
static int
sent(struct waiter *w, int ret)
{
	if (ret == -1)
		w->req = 0;
	return ret;
}

static int
send_body(uint32_t req, struct span body)
{
	struct msg_sign_part m = { .req = req };
	size_t at, n;

	for (at = 0; at < body.n; at += n) {
		n = body.n - at < PART ? body.n - at : PART;
		m.body_len = (uint16_t)n;
		memcpy(m.body, body.p + at, n);
		if (sign_part_send(door, &m, NULL) == -1)
			return -1;
	}
	return 0;
}

int
sign_entry(const struct entry *e, sign_done done, void *arg)
{
	struct msg_sign_entry m = { .type = (uint8_t)e->type, .seq = e->seq,
	    .has_prev = e->has_prev != 0, .created_at = (uint64_t)e->created_at,
	    .body_len = (uint32_t)e->body.n };
	struct waiter *w = wait_for(done, arg);

	if (w == NULL)
		return -1;
	m.req = w->req;
	if (e->has_prev)
		memcpy(m.prev, e->prev, ID_LEN);
	if (sign_entry_send(door, &m, NULL) == -1)
		return sent(w, -1);
	return sent(w, send_body(w->req, e->body));
}

int
sign_claim(sign_done done, void *arg)
{
	struct msg_sign_claim m = { 0 };
	struct waiter *w = wait_for(done, arg);

	if (w == NULL)
		return -1;
	m.req = w->req;
	return sent(w, sign_claim_send(door, &m, NULL));
}

int
sign_head(enum dir_log log, uint64_t size, const uint8_t root[HASH_LEN],
    sign_done done, void *arg)
{
	struct msg_sign_head m = { .log = (uint8_t)log, .size = size };
	struct waiter *w = wait_for(done, arg);

	if (w == NULL)
		return -1;
	m.req = w->req;
	memcpy(m.root, root, HASH_LEN);
	return sent(w, sign_head_send(door, &m, NULL));
}

int
sign_cosign(const struct checkpoint *c, uint64_t when, sign_done done,
    void *arg)
{
	struct msg_sign_cosign m = { .size = c->size, .when = when };
	struct waiter *w;

	if (c->extension.n > sizeof(m.extension) ||
	    (w = wait_for(done, arg)) == NULL)
		return -1;
	m.req = w->req;
	m.origin_len = (uint16_t)strlen(c->origin);
	memcpy(m.origin, c->origin, m.origin_len);
	memcpy(m.root, c->root, HASH_LEN);
	m.extension_len = (uint16_t)c->extension.n;
	if (c->extension.n > 0)
		memcpy(m.extension, c->extension.p, c->extension.n);
	return sent(w, sign_cosign_send(door, &m, NULL));
}

int
sign_sub_proof(const uint8_t nonce[32], const uint8_t service[16],
    sign_done done, void *arg)
{
	struct msg_sign_sub_proof m = { 0 };
	struct waiter *w = wait_for(done, arg);

	if (w == NULL)
		return -1;
	m.req = w->req;
	memcpy(m.nonce, nonce, sizeof(m.nonce));
	memcpy(m.service, service, sizeof(m.service));
	return sent(w, sign_sub_proof_send(door, &m, NULL));
}

/* The row is free before done runs, which may ask again. */
static void
answer(uint32_t req, const uint8_t *sig, enum refusal why)
{
	struct waiter *w = req != 0 ? find(req) : NULL;
	struct waiter was;

	if (w == NULL)
		fatalx("cryptod answers what nobody asked");
	was = *w;
	w->req = 0;
	was.done(was.arg, sig, why);
}

void
on_dir_signed(struct chan *c, const struct msg_dir_signed *m, int *fds)
{
	(void)c;
	(void)fds;
	answer(m->req, m->sig, REFUSE_NONE);
}

void
on_sign_no(struct chan *c, const struct msg_sign_no *m, int *fds)
{
	(void)c;
	(void)fds;
	answer(m->req, NULL, m->why < REFUSE_MAX ? (enum refusal)m->why :
	    REFUSE_MSG_RANGE);
}
