/*
 * room.c -- the life of this room: boot as privd leads it, then doors and the
 * local socket until the end.
 */
#include <event2/event.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROOM_DISPATCH
#include "api.h"
#include "dird.h"
#include "head.h"
#include "lent.h"
#include "mesh.h"
#include "notary.h"
#include "pull.h"
#include "sandbox.h"
#include "service.h"
#include "sign.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define BOOT_WAIT_MS	30000		/* privd has shorter patience of its own */
#define DOOR_BATCH	64		/* messages taken from a door in one turn */

struct dird dird;

static struct event	*door_ev[PROC_MAX];
static int		 have_self, have_all, going;

int64_t
dird_now(void)
{
	return (int64_t)time(NULL);
}

uint32_t
dird_req(void)
{
	static uint32_t last;

	if (++last == 0)
		last = 1;
	return last;
}

/* -- boot ------------------------------------------------------------------ */

void
on_dir_folder(struct chan *c, const struct msg_dir_folder *m, int *fds)
{
	(void)c;
	dird.folder = fds[0];
	memcpy(dird.folder_name, m->name, sizeof(dird.folder_name));
}

void
on_dir_socket(struct chan *c, const struct msg_dir_socket *m, int *fds)
{
	(void)c;
	dird.api = fds[0];
	dird.api_gid = m->gid;
}

void
on_dir_self(struct chan *c, const struct msg_dir_self *m, int *fds)
{
	static const uint8_t none[KEY_LEN];

	(void)c;
	(void)fds;
	memcpy(dird.dir_pub, m->dir_pub, sizeof(dird.dir_pub));
	dird.has_key = memcmp(m->dir_pub, none, sizeof(none)) != 0;
	if (dird.has_key)
		did_of(dird.dir_pub, dird.did);
	memcpy(dird.pub, m->pub, sizeof(dird.pub));
	memcpy(dird.addr, m->addr, sizeof(dird.addr));
	mesh_addr(dird.addr, dird.ip6);
	npub_encode(dird.pub + 1, dird.npub);
	dird.key_mode = m->key_mode;
	memcpy(dird.name, m->name, sizeof(dird.name));
	have_self = 1;
}

void
on_conf_num_dird(struct chan *c, const struct msg_conf_num_dird *m, int *fds)
{
	(void)c;
	(void)fds;
	if (m->key >= CONF_NUM_MAX)
		fatalx("privd sent a setting that is in no table: %u", m->key);
	dird.conf[m->key] = m->value;
	if (m->key == CONF_NODE_LOG_LEVEL)
		log_set_level((enum log_level)m->value);
}

void
on_conf_str_dird(struct chan *c, const struct msg_conf_str_dird *m, int *fds)
{
	char *s;

	(void)c;
	(void)fds;
	if (m->key >= CONF_TXT_MAX)
		fatalx("privd sent a setting that is in no table: %u", m->key);
	if ((s = strndup((const char *)m->text, m->text_len)) == NULL)
		fatal("memory for a setting");
	free(dird.txt[m->key]);
	dird.txt[m->key] = s;
}

void
on_conf_end_dird(struct chan *c, const struct msg_conf_end_dird *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	if (!have_self || dird.folder == -1 || dird.api == -1)
		fatalx("privd sent no folder, no socket or nobody to be");
	have_all = 1;
}

void
on_go_dird(struct chan *c, const struct msg_go_dird *m, int *fds)
{
	unsigned p;

	(void)c;
	(void)m;
	(void)fds;
	for (p = 0; p < PROC_MAX; p++)
		dird.door[p].phase = RUN;
	going = 1;
}

/* -- life ------------------------------------------------------------------ */

void
on_ping_dird(struct chan *c, const struct msg_ping_dird *m, int *fds)
{
	struct msg_pong_dird pong = { .req = m->req };

	(void)fds;
	room_sent(c, pong_dird_send(c, &pong, NULL));
}

void
on_stop_dird(struct chan *c, const struct msg_stop_dird *m, int *fds)
{
	struct msg_stopped_dird done = { .req = m->req };

	(void)fds;
	dird.stopping = 1;
	pull_save(1);
	journal_close(dird.journal);
	dird.journal = NULL;
	dird.closed = (struct because){ WHY_READ_ONLY, "stopping" };
	room_sent(c, stopped_dird_send(c, &done, NULL));
}

/* -- doors ----------------------------------------------------------------- */

/* One message, or the end of the house: nobody lies to us and stays. */
static int
take(struct chan *c)
{
	union msg_any	m;
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	switch (chan_recv(c, &type, &m, fds)) {
	case CHAN_MSG:
		room_dispatch(c, type, &m, fds);
		return 1;
	case CHAN_EMPTY:
		return 0;
	case CHAN_RULE:
		fatalx("%s broke a rule with %s: %s", proc_row[c->peer].name,
		    c->refused, refuse_text(c->why));
	default:
		if (dird.stopping)
			_exit(0);	/* whoever goes first may */
		room_lost(&dird.door[PROC_PRIVD], c->peer);
	}
}

static void
on_door(evutil_socket_t fd, short what, void *arg)
{
	int i;

	(void)fd;
	(void)what;
	for (i = 0; i < DOOR_BATCH && take(arg); i++)
		continue;
}

/* Boot is a conversation with privd alone: wait for its messages one by one. */
static void
wait_for(const int *flag, const char *what)
{
	struct chan	*privd = &dird.door[PROC_PRIVD];
	struct pollfd	 pfd = { .fd = privd->fd, .events = POLLIN };
	int		 n;

	while (!*flag) {
		n = poll(&pfd, 1, BOOT_WAIT_MS);
		if (n == -1 && errno == EINTR)
			continue;
		if (n < 1)
			fatalx("privd did not send %s within %d s", what,
			    BOOT_WAIT_MS / 1000);
		while (!*flag && take(privd))
			continue;
	}
}

static void
watch_doors(void)
{
	unsigned p;

	for (p = 0; p < PROC_MAX; p++) {
		if (dird.door[p].fd == -1)
			continue;
		door_ev[p] = event_new(dird.base, dird.door[p].fd,
		    EV_READ | EV_PERSIST, on_door, &dird.door[p]);
		if (door_ev[p] == NULL || event_add(door_ev[p], NULL) == -1)
			fatalx("cannot watch the door to %s",
			    proc_row[p].name);
	}
}

/* What the operator wrote down as offered here. */
static void
services_read(void)
{
	const char *words = dird.txt[CONF_DIR_SERVICES];
	char wrong[64];

	if (words != NULL && hand_read(words, wrong) == -1)
		log_error("bastide.directory.services: '%s' is not "
		    "NAME=KIND@ENDPOINT, or more than %d; it is left out",
		    wrong, SERVICE_HAND);
}

int
dird_run(const int door[PROC_MAX], void (*shut)(int))
{
	struct msg_ready_dird ready = { .req = 0 };
	unsigned p;

	memcpy(dird.conf, conf_default, sizeof(dird.conf));
	dird.folder = dird.api = -1;
	for (p = 0; p < PROC_MAX; p++)
		chan_init(&dird.door[p], door[p], PROC_DIRD, p);
	/* While there is something to take a seed from. */
	json_object_seed(0);
	sign_init(&dird.door[PROC_CRYPTOD]);
	if (entry_init() == -1)
		fatalx("libsodium or libsecp256k1 does not start");
	dird.base = event_base_new();
	if (dird.base == NULL)
		fatalx("cannot make an event loop");
	wait_for(&have_all, "the configuration");
	dird.start = dird_now();
	shut(dird.folder);
	room_sent(&dird.door[PROC_PRIVD],
	    ready_dird_send(&dird.door[PROC_PRIVD], &ready, NULL));
	wait_for(&going, "GO");
	services_read();
	/* Who connects meanwhile waits in the socket's queue. */
	state_open();
	watch_doors();
	http_start(dird.api, dird.api_gid, api_handle);
	mesh_start(api_handle_mesh, api_misread_mesh);
	head_start();
	notary_start();
	lent_start();
	pull_start();
	state_changed();
	for (;;)
		if (event_base_dispatch(dird.base) == -1)
			fatalx("the event loop failed");
}
