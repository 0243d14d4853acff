/*
 * boot.c -- what privd does at each step of the boot, in the order of
 * house.def: the identity first, then the settings, then what only root may
 * open; GO when every room is ready.
 */
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_TARGET "bastide::privd"
#include "log.h"
#include "privd.h"
#include "ring.h"
#include "sandbox.h"

#define CONF_DEFAULT	"/etc/fips/fips.yaml"
#define LISTS_DIR	"/etc/fips"
#define RESOLVERS	3
/* Room that netd keeps before a packet, and cryptod's tags behind it. */
#define SLOT_ROOM	(512 + 64)
#define SLOT_MIN	2048u

static char	dns_at[INET6_ADDRSTRLEN + 8];	/* where names are asked for; "": nowhere */

static void
warn_line(const char *text)
{
	log_warn("%s", text);
}

void
boot_sent(int result, enum proc_id id, const char *what)
{
	struct room	*r = &house.room[id];
	struct pollfd	 pfd = { .fd = r->pidfd, .events = POLLIN };
	char		 how[80];

	if (result == 0)
		return;
	/* It is ECONNRESET when it left something unread. */
	if ((errno == EPIPE || errno == ECONNRESET) && poll(&pfd, 1, HOW_MS) == 1 &&
	    room_ended(r, how, sizeof(how)))
		fatalx("%s is gone before it is ready: %s", proc_row[id].name,
		    how);
	fatal("send %s to %s", what, proc_row[id].name);
}

/* -- the configuration ---------------------------------------------------- */

static void
open_conf(void)
{
	const char *path = house.conf_path ? house.conf_path : CONF_DEFAULT;
	char	   *slash;

	snprintf(house.conf_name, sizeof(house.conf_name), "%s", path);
	house.conf_fd = file_open(path, "configuration");
	if (house.conf_fd == -1 && house.conf_path != NULL)
		conf_fatal("configuration %s does not exist; copy "
		    "fips.yaml.example there, or leave -c away", path);
	if (house.conf_fd == -1) {
		log_info("no configuration at %s: every setting has its "
		    "default", path);
		house.conf_fd = memfd_create("no-configuration", MFD_CLOEXEC);
		if (house.conf_fd == -1)
			fatal("an empty configuration");
	}
	snprintf(house.conf_dir, sizeof(house.conf_dir), "%s", path);
	slash = strrchr(house.conf_dir, '/');
	if (slash == NULL)
		strcpy(house.conf_dir, ".");
	else
		slash[slash == house.conf_dir] = '\0';
	/* peers.deny stands there, too: a missing one denies nobody. */
	if (house.conf_path != NULL || access(house.conf_dir, F_OK) == 0)
		dir_check(house.conf_dir, "folder of the configuration");
}

/* Spaces and other bytes that a STR field refuses become '_'. */
void
boot_name(char *dst, size_t size, const char *src)
{
	snprintf(dst, size, "%.*s", (int)size - 1, src);
	for (; *dst != '\0'; dst++)
		if (*dst <= ' ' || *dst > '~')
			*dst = '_';
}

void
boot_begin(void)
{
	struct msg_conf_file	m = { .req = 1 };

	open_conf();
	spawn_doors();
	spawn_room(PROC_CRYPTOD);
	boot_name(m.name, sizeof(m.name), house.conf_name);
	SEND(conf_file, PROC_CRYPTOD, &m, &house.conf_fd);
}

static void
read_conf(const struct msg_conf_hole *hole)
{
	char	err[CONF_ERR_LEN], *text;
	size_t	len;

	house.has_secret = hole->len > 0;
	text = file_read(house.conf_fd, house.conf_name, hole->offset,
	    hole->len, &len);
	house.conf = conf_parse(house.conf_name, text, len, hole->offset,
	    hole->len, warn_line, err);
	if (house.conf == NULL)
		conf_fatal("%s", err);
	free(text);
	close(house.conf_fd);
	log_set_level((enum log_level)house.conf->num[CONF_NODE_LOG_LEVEL]);
}

/* -- cryptod: identity and ring ------------------------------------------- */

static int
has_key(int dir)
{
	return faccessat(dir, "fips.key", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * The state folder; but a key that the reference left beside the configuration
 * stays the node's key. cryptod sees no path: what it says of fips.key means
 * the one named here.
 */
static int
open_key_dir(void)
{
	const char	*path = house.state_dir;
	int		 dir, beside;

	dir = dir_open(path, 0700, "state folder");
	if (!house.conf->persistent || house.has_secret)
		return dir;
	beside = has_key(dir) ? -1 :
	    open(house.conf_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (beside != -1 && has_key(beside)) {
		close(dir);
		dir = beside;
		path = house.conf_dir;
	} else if (beside != -1)
		close(beside);
	log_info("the key is %s/fips.key", path);
	return dir;
}

static void
make_ring(void)
{
	unsigned need = (unsigned)house.conf->num[CONF_TUN_MTU], i;

	for (i = 0; i < house.conf->nudp; i++)
		if (house.conf->udp[i].mtu > need)
			need = house.conf->udp[i].mtu;
	house.slot_size = SLOT_MIN;
	while (house.slot_size < need + SLOT_ROOM)
		house.slot_size *= 2;
	house.slots = (uint32_t)house.conf->num[CONF_BASTIDE_SLOTS];
	house.ring[0] = ring_create(house.slots, house.slot_size);
	if (house.ring[0] == -1)
		fatal("a ring of %u slots of %u bytes (bastide.ring.slots)",
		    house.slots, house.slot_size);
	for (i = 1; i < 3; i++)
		if ((house.ring[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) ==
		    -1)
			fatal("eventfd of the ring");
}

/* What netd and the rest of the machine leave: measured on 2 cores, 1 is best. */
static unsigned
worker_count(void)
{
	uint64_t	asked = house.conf->num[CONF_BASTIDE_WORKERS];
	long		cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (asked > 0)
		return (unsigned)asked;
	return cores < 4 ? 1 : cores < 8 ? (unsigned)cores / 2 : 4;
}

static void
make_lanes(void)
{
	struct msg_lane_cryptod	m = { .req = 3 };
	unsigned		i;
	int			*fd;

	house.nlane = worker_count() - 1;
	for (i = 0; i < house.nlane; i++) {
		fd = house.lane[i];
		fd[0] = ring_create(house.slots, 0);
		fd[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		fd[2] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (fd[0] == -1 || fd[1] == -1 || fd[2] == -1)
			fatal("queues for worker %u (bastide.cryptod.workers)", i + 2);
		SEND(lane_cryptod, PROC_CRYPTOD, &m, fd);
	}
}

int
boot_conf(void *obj, void *hole)
{
	struct msg_key_dir	kd = { .req = 2 };
	struct msg_ring_cryptod	ring = { .req = 3 };
	int			dir;

	(void)obj;
	read_conf(hole);
	if (house.check_only)
		return 0;
	kd.mode = house.has_secret ? KEY_CONFIGURED :
	    house.conf->persistent ? KEY_PERSISTENT : KEY_EPHEMERAL;
	dir = open_key_dir();
	SEND(key_dir, PROC_CRYPTOD, &kd, &dir);
	close(dir);
	make_ring();
	make_lanes();
	ring.slots = house.slots;
	ring.slot_size = house.slot_size;
	ring.aead = (uint8_t)house.conf->num[CONF_BASTIDE_AEAD];
	SEND(ring_cryptod, PROC_CRYPTOD, &ring, house.ring);
	return 0;
}

/* -- netd: settings ------------------------------------------------------- */

static uint16_t
copy_var(uint8_t *dst, size_t max, const char *src)
{
	size_t n = strnlen(src, max);

	memcpy(dst, src, n);
	return (uint16_t)n;
}

static void
send_self(const char *socket)
{
	struct msg_self m = { .req = 1, .pid = (uint32_t)getpid() };

	memcpy(m.pub, house.self.pub, sizeof(m.pub));
	memcpy(m.addr, house.self.addr, sizeof(m.addr));
	m.key_mode = house.self.key_mode;
	m.aead = house.self.aead;
	m.aead_from = house.self.aead_from;
	m.workers = house.self.workers;
	m.exe_len = copy_var(m.exe, sizeof(m.exe), house.exe);
	m.socket_len = copy_var(m.socket, sizeof(m.socket), socket);
	SEND(self, PROC_NETD, &m, NULL);
}

static void
send_nums(void)
{
	struct msg_conf_num	m;
	unsigned		i;

	for (i = 0; i < CONF_NUM_MAX; i++) {
		m = (struct msg_conf_num){ .req = 1, .key = (uint16_t)i,
		    .value = house.conf->num[i] };
		SEND(conf_num, PROC_NETD, &m, NULL);
	}
}

static void
send_attempts(void)
{
	struct msg_conf_attempt	m;
	unsigned		i;

	for (i = 0; i < house.conf->nattempt; i++) {
		m = (struct msg_conf_attempt){ .req = 1,
		    .wait_s = house.conf->attempt_s[i] };
		SEND(conf_attempt, PROC_NETD, &m, NULL);
	}
}

static void
send_addr(const struct conf_peer *p, unsigned n, const struct conf_addr *a)
{
	struct msg_conf_addr m = { .req = 1, .peer = (uint16_t)n,
	    .priority = a->priority, .port = a->port };

	if (strcmp(a->transport, "udp") != 0) {
		log_warn("%s:%u: address %s of peer %s: transport '%s' is not "
		    "built yet; left out", house.conf_name, a->line, a->raw,
		    p->alias[0] ? p->alias : p->npub, a->transport);
		return;
	}
	m.host_len = copy_var(m.host, sizeof(m.host), a->host);
	SEND(conf_addr, PROC_NETD, &m, NULL);
}

static void
send_peers(void)
{
	const struct conf_peer	*p;
	struct msg_conf_peer	 m;
	unsigned		 i, j;

	for (i = 0; i < house.conf->npeer; i++) {
		p = &house.conf->peer[i];
		m = (struct msg_conf_peer){ .req = 1, .peer = (uint16_t)i,
		    .auto_connect = p->auto_connect,
		    .auto_reconnect = p->auto_reconnect };
		memcpy(m.pub, p->pub, sizeof(m.pub));
		m.alias_len = copy_var(m.alias, sizeof(m.alias), p->alias);
		SEND(conf_peer, PROC_NETD, &m, NULL);
		for (j = 0; j < p->naddr; j++)
			send_addr(p, i, &p->addr[j]);
	}
}

/* Beside the configuration, else in /etc/fips; NULL when in neither. path: the last tried. */
static char *
read_list(const char *name, char *path, size_t size, size_t *len)
{
	char	*text;
	int	 fd;

	snprintf(path, size, "%s/%s", house.conf_dir, name);
	if ((fd = file_open(path, "list")) == -1) {
		snprintf(path, size, "%s/%s", LISTS_DIR, name);
		fd = file_open(path, "list");
	}
	if (fd == -1)
		return NULL;
	text = file_read(fd, path, 0, 0, len);
	close(fd);
	return text;
}

static void
send_acl(const char *name, int deny, const struct conf_host *host, unsigned n)
{
	char			 path[PATH_MAX + 32], err[CONF_ERR_LEN], *text;
	struct conf_acl		*acl;
	struct msg_conf_list	 list = { .req = 1, .deny = (uint8_t)deny };
	struct msg_conf_acl	 m;
	unsigned		 nacl, i;
	size_t			 len;

	text = read_list(name, path, sizeof(path), &len);
	boot_name(list.name, sizeof(list.name), path);
	SEND(conf_list, PROC_NETD, &list, NULL);
	if (text == NULL)
		return;
	if (conf_acl(path, text, len, deny, house.conf, host, n, &acl, &nacl,
	    err) == -1)
		conf_fatal("%s", err);
	for (i = 0; i < nacl; i++) {
		m = (struct msg_conf_acl){ .req = 1, .deny = acl[i].deny,
		    .all = acl[i].all };
		memcpy(m.pub, acl[i].pub, sizeof(m.pub));
		SEND(conf_acl, PROC_NETD, &m, NULL);
	}
	free(acl);
	free(text);
}

static void
send_lists(void)
{
	char			 path[PATH_MAX + 32], *text;
	struct conf_host	*host = NULL;
	struct msg_conf_host	 m;
	unsigned		 n = 0, i;
	size_t			 len;

	text = read_list("hosts", path, sizeof(path), &len);
	if (text != NULL)
		conf_hosts(path, text, len, &host, &n, warn_line);
	for (i = 0; i < n; i++) {
		m = (struct msg_conf_host){ .req = 1 };
		boot_name(m.name, sizeof(m.name), host[i].name);
		memcpy(m.pub, host[i].pub, sizeof(m.pub));
		SEND(conf_host, PROC_NETD, &m, NULL);
	}
	send_acl("peers.allow", 0, host, n);
	send_acl("peers.deny", 1, host, n);
	free(host);
	free(text);
}

/* -- netd: descriptors ---------------------------------------------------- */

static void
send_ring(void)
{
	struct msg_ring_netd	m = { .req = 1, .slots = house.slots,
	    .slot_size = house.slot_size };
	struct msg_lane_netd	l = { .req = 1 };
	unsigned		lane;
	int			i;

	SEND(ring_netd, PROC_NETD, &m, house.ring);
	for (i = 0; i < 3; i++)
		close(house.ring[i]);
	for (lane = 0; lane < house.nlane; lane++) {
		SEND(lane_netd, PROC_NETD, &l, house.lane[lane]);
		for (i = 0; i < 3; i++)
			close(house.lane[lane][i]);
	}
}

static void
send_tun(void)
{
	struct msg_tun	m = { .req = 1,
	    .mtu = (uint16_t)house.conf->num[CONF_TUN_MTU] };
	uint8_t		ip6[16];
	int		fd;

	if (!house.conf->num[CONF_TUN_ENABLED])
		return;
	mesh_addr(house.self.addr, ip6);
	snprintf(m.name, sizeof(m.name), "%s", house.conf->txt[CONF_TUN_NAME]);
	m.offload = house.conf->num[CONF_BASTIDE_TUN_OFFLOAD] != 0;
	fd = tun_open(m.name, m.mtu, ip6, &m.offload);
	SEND(tun, PROC_NETD, &m, &fd);
	close(fd);
}

static void
send_udp(void)
{
	struct msg_udp	row[2];
	unsigned	i;
	int		fd[2], j, n;

	for (i = 0; i < house.conf->nudp; i++) {
		n = open_udp(&house.conf->udp[i], row, fd);
		for (j = 0; j < n; j++) {
			row[j].req = 1;
			SEND(udp, PROC_NETD, &row[j], &fd[j]);
			close(fd[j]);
		}
	}
}

static void
send_dns(void)
{
	struct msg_dns	m = { .req = 1,
	    .port = (uint16_t)house.conf->num[CONF_DNS_PORT] };
	int		fd;

	if (!house.conf->num[CONF_DNS_ENABLED])
		return;
	fd = open_dns(house.conf->txt[CONF_DNS_BIND], m.port);
	if (fd == -1)
		return;
	snprintf(dns_at, sizeof(dns_at), strchr(house.conf->txt[CONF_DNS_BIND],
	    ':') != NULL ? "[%s]:%u" : "%s:%u",
	    house.conf->txt[CONF_DNS_BIND], m.port);
	SEND(dns, PROC_NETD, &m, &fd);
	close(fd);
}

static void
send_resolvers(void)
{
	struct msg_resolver	m = { .req = 1 };
	int			fd[RESOLVERS], i, n;

	n = open_resolvers(fd, RESOLVERS);
	for (i = 0; i < n; i++) {
		SEND(resolver, PROC_NETD, &m, &fd[i]);
		close(fd[i]);
	}
}

int
boot_netd(void *obj, void *ready)
{
	struct msg_control	ctl = { .req = 1 };
	struct msg_conf_end	end = { .req = 1 };
	int			fd = -1;

	(void)obj;
	house.self = *(const struct msg_ready_cryptod *)ready;
	/* First of all that is opened: it finds out whether a node runs here. */
	if (house.conf->num[CONF_CONTROL_ENABLED])
		fd = control_open(&ctl.gid);
	spawn_room(PROC_NETD);
	house.awaited = 1U << PROC_NETD;
	dird_start();
	runner_start();
	send_self(control_path());
	send_nums();
	send_attempts();
	send_peers();
	send_lists();
	send_ring();
	send_tun();
	send_udp();
	send_dns();
	if (fd != -1) {
		SEND(control, PROC_NETD, &ctl, &fd);
		close(fd);
	}
	send_resolvers();
	talk_fill();
	dird_fill();
	diag_open();
	runner_fill();
	SEND(conf_end, PROC_NETD, &end, NULL);
	return 0;
}

/* -- GO ------------------------------------------------------------------- */

static void
say_who_we_are(void)
{
	char	npub[NPUB_LEN + 1], text[INET6_ADDRSTRLEN];
	uint8_t	ip6[16];

	npub_encode(house.self.pub + 1, npub);
	mesh_addr(house.self.addr, ip6);
	inet_ntop(AF_INET6, ip6, text, sizeof(text));
	log_info("node %s at %s", npub, text);
	/* These two are for who looks for them in the reference's log. */
	if (dns_at[0] != '\0')
		log_as(LVL_INFO, "fips::node::lifecycle",
		    "DNS responder started for .fips domain bind=%s", dns_at);
	log_as(LVL_INFO, "fips::node::lifecycle", "Node started: state=running");
	if (house.self.key_mode == KEY_EPHEMERAL)
		log_warn("this identity lasts until the node stops; "
		    "node.identity.persistent: true keeps it");
}

int
boot_go(void *obj, void *arg)
{
	struct msg_go_cryptod	go_cryptod = { .req = 1 };
	struct msg_go_dird	go_dird = { .req = 1 };
	struct msg_go_netd	go_netd = { .req = 1 };
	int			dirs[CONTROL_DIRS];

	(void)obj;
	(void)arg;
	conf_free(house.conf);
	house.conf = NULL;
	sandbox_drop_privd(dirs, control_dirs(dirs));
	sandbox_seccomp(PROC_PRIVD);
	/* cryptod first: netd may ask it things as soon as it has its own. */
	SEND(go_cryptod, PROC_CRYPTOD, &go_cryptod, NULL);
	house.room[PROC_CRYPTOD].door.phase = RUN;
	if (house.room[PROC_DIRD].pid != 0) {
		SEND(go_dird, PROC_DIRD, &go_dird, NULL);
		house.room[PROC_DIRD].door.phase = RUN;
	}
	runner_go();
	SEND(go_netd, PROC_NETD, &go_netd, NULL);
	house.room[PROC_NETD].door.phase = RUN;
	say_who_we_are();
	notify("READY=1\nSTATUS=Serving");
	return 0;
}
