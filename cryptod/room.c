/*
 * room.c -- boot as privd leads it, then three doors and a ring until the end.
 *
 * After GO nothing here or below allocates, opens or reads a file: requests
 * come over the doors, packets through the ring, in turns.
 */
#define ME_CRYPTOD
#define ROOM_DISPATCH
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "aead.h"
#include "dir_sign.h"
#include "doors.h"
#include "handshake.h"
#include "key.h"
#include "log.h"
#include "ring.h"
#include "room.h"
#include "sandbox.h"
#include "session.h"
#include "sign.h"
#include "worker.h"

/* Messages taken from one door before the ring gets its turn. */
#define DOOR_BATCH	16
/* Several times what the deepest call needs. */
#define STACK_LEN	65536

static struct {
	struct chan		 privd, netd, dird;
	void			(*shut)(void);
	struct key_hole		 hole;
	const struct key	*self;
	const struct dir_key	*dir;
	enum key_mode		 mode;
	struct ring		 ring;
	int			 going, gone;
} room;

/* -- boot ---------------------------------------------------------------- */

void
on_conf_file(struct chan *c, const struct msg_conf_file *m, int *fds)
{
	struct msg_conf_hole a = { .req = m->req };

	if (room.self != NULL)
		fatalx("privd sent the configuration after the key folder");
	key_read_conf(fds[0], m->name, &room.hole);
	close(fds[0]);
	a.offset = (uint32_t)room.hole.at;
	a.len = (uint32_t)room.hole.len;
	room_sent(c, conf_hole_send(c, &a, NULL));
}

void
on_key_dir(struct chan *c, const struct msg_key_dir *m, int *fds)
{
	(void)c;
	room.mode = m->mode;
	/* A configured key that goes unused would be an identity nobody chose. */
	if ((room.mode == KEY_CONFIGURED) != (room.hole.len > 0))
		fatalx("privd asks for a key that is not the configuration's");
	room.self = key_load(room.mode, fds[0]);
	room.dir = dir_key_load(room.mode, fds[0]);
	close(fds[0]);
	handshake_init(room.self);
	sign_init(room.self);
	dir_sign_init(room.dir, room.self);
}

/* One more thread; they come before the ring, which is the last. */
void
on_lane_cryptod(struct chan *c, const struct msg_lane_cryptod *m, int *fds)
{
	(void)c;
	(void)m;
	if (room.ring.slots != NULL || worker_add(fds) == -1)
		fatalx("privd sent a lane too many, or too late");
}

/* The last hand that privd fills: shut ourselves in and say so. */
void
on_ring_cryptod(struct chan *c, const struct msg_ring_cryptod *m, int *fds)
{
	struct msg_ready_cryptod a = { .req = m->req };
	struct aead_choice	choice;

	if (room.self == NULL)
		fatalx("privd sent the ring before the key folder");
	if (ring_map(&room.ring, fds, m->slots, m->slot_size) == -1)
		fatal("cannot map the ring");
	worker_map(&room.ring, room.self->addr);
	choice = aead_start(m->aead, worker_count());
	a.aead = (uint8_t)choice.large;
	a.aead_from = choice.from;
	a.workers = (uint8_t)worker_count();
	room.shut();
	memcpy(a.pub, room.self->pub, sizeof(a.pub));
	memcpy(a.addr, room.self->addr, sizeof(a.addr));
	a.key_mode = (uint8_t)room.mode;
	memcpy(a.dir_pub, room.dir->pub, sizeof(a.dir_pub));
	room_sent(c, ready_cryptod_send(c, &a, NULL));
}

void
on_go_cryptod(struct chan *c, const struct msg_go_cryptod *m, int *fds)
{
	(void)m;
	(void)fds;
	if (room.ring.slots == NULL)
		fatalx("privd said GO before the ring");
	c->phase = RUN;
	room.netd.phase = RUN;
	room.dird.phase = RUN;
	room.going = 1;
	worker_go();
}

void
on_ping_cryptod(struct chan *c, const struct msg_ping_cryptod *m, int *fds)
{
	struct msg_pong_cryptod a = { .req = m->req };

	(void)fds;
	room_sent(c, pong_cryptod_send(c, &a, NULL));
}

/* -- the loop ------------------------------------------------------------ */

static void
read_door(struct chan *c)
{
	union msg_any	m;
	enum msg_type	type;
	int		fds[MSG_NFD_MAX], i;

	for (i = 0; i < DOOR_BATCH && !room.gone; i++) {
		switch (chan_recv(c, &type, &m, fds)) {
		case CHAN_EMPTY:
			return;
		case CHAN_GONE:
			room.gone = 1;
			return;
		case CHAN_RULE:
			fatalx("%s broke a rule: %s: %s",
			    proc_row[c->peer].name, c->refused,
			    refuse_text(c->why));
		case CHAN_MSG:
			room_dispatch(c, type, &m, fds);
			break;
		}
	}
}

/* Before GO only privd is listened to: netd may be further than we are. */
static void
boot(void)
{
	struct pollfd p = { .fd = room.privd.fd, .events = POLLIN };

	while (!room.going && !room.gone) {
		if (poll(&p, 1, -1) == -1 && errno != EINTR)
			fatal("poll");
		read_door(&room.privd);
	}
}

/* A batch of packets, then whoever knocks; sleep when that was all. */
static void
turn(void)
{
	struct pollfd	p[] = {
		{ .fd = room.privd.fd, .events = POLLIN },
		{ .fd = room.netd.fd, .events = POLLIN },
		{ .fd = room.ring.wake_cryptod, .events = POLLIN },
		{ .fd = room.dird.fd, .events = POLLIN },	/* -1: none */
	};
	int		sleeps;

	worker_batch(&room.ring, room.self->addr, &sleeps);
	if (poll(p, 4, sleeps ? -1 : 0) == -1 && errno != EINTR)
		fatal("poll");
	if (sleeps)
		ring_awake(&room.ring, room.ring.todo);
	if (p[0].revents != 0)
		read_door(&room.privd);
	if (p[1].revents != 0)
		read_door(&room.netd);
	if (p[3].revents != 0)
		read_door(&room.dird);
}

/* Secrets pass through the stack: no page of it that we use may be swapped out. */
static __attribute__((noinline)) void
lock_stack(void)
{
	uint8_t deep[STACK_LEN];

	sodium_memzero(deep, sizeof(deep));	/* there before it is locked */
	if (sodium_mlock(deep, sizeof(deep)) == -1)
		fatal("cannot lock the stack; raise LimitMEMLOCK");
}

int
cryptod_run(int privd_fd, int netd_fd, int dird_fd, void (*shut)(void))
{
	chan_init(&room.privd, privd_fd, PROC_CRYPTOD, PROC_PRIVD);
	chan_init(&room.netd, netd_fd, PROC_CRYPTOD, PROC_NETD);
	chan_init(&room.dird, dird_fd, PROC_CRYPTOD, PROC_DIRD);
	room.shut = shut;
	if (curve_init() == -1)
		fatalx("libsodium or libsecp256k1 will not start");
	lock_stack();
	session_init();
	boot();
	while (!room.gone)
		turn();
	return 0;
}
