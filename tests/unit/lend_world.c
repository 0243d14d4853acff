/* lend_world.c -- a kernel, guests and rooms for grants. */
#include "lend_world.h"

struct nft_grant	set[MANY];
unsigned		nset;
int		kernel_fails;

int
nft_open(void)
{
	return 0;
}

int
nft_install(const struct lend_rules *r, const char *ifname,
    const uint8_t ip6[16])
{
	(void)r;
	(void)ifname;
	(void)ip6;
	return 0;
}

int
nft_empty(void)
{
	nset = 0;
	return 0;
}

void
nft_close(void)
{
}

static unsigned
place(const uint8_t src[16], struct lend_port p)
{
	unsigned i;

	for (i = 0; i < nset; i++)
		if (memcmp(set[i].src, src, 16) == 0 &&
		    set[i].port.port == p.port && set[i].port.proto == p.proto)
			break;
	return i;
}

int
nft_grant(const uint8_t src[16], const struct lend_port *p, unsigned n,
    uint32_t secs, const char *who)
{
	unsigned i, j;

	for (i = 0; i < n; i++) {
		j = place(src, p[i]);
		if (j < nset && strcmp(set[j].who, who) != 0) {
			errno = EADDRINUSE;
			return -1;
		}
		nset += j == nset;
		memcpy(set[j].src, src, 16);
		set[j].port = p[i];
		set[j].left_s = secs;
		strcpy(set[j].who, who);
	}
	return 0;
}

int
nft_revoke(const uint8_t src[16], const struct lend_port *p, unsigned n,
    const char *who)
{
	unsigned	i, j;
	int		removed = 0;

	if (kernel_fails) {
		errno = EIO;
		return -1;
	}
	for (i = 0; i < n; i++) {
		j = place(src, p[i]);
		if (j == nset || (who != NULL && strcmp(set[j].who, who) != 0))
			continue;
		set[j] = set[--nset];
		removed++;
	}
	return removed;
}

/* In an order that is nobody's, as the kernel's is. */
int
nft_each(void (*fn)(void *, const struct nft_grant *), void *arg)
{
	unsigned i;

	for (i = nset; i > 0; i--)
		fn(arg, &set[(i + nset / 2) % nset]);
	return kernel_fails ? -1 : 0;
}

int
diag_listens(const uint8_t ip6[16], int is_tcp, uint16_t port, int v4)
{
	(void)ip6;
	(void)is_tcp;
	(void)port;
	(void)v4;
	return 1;
}

time_t ahead_s;

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	if (syscall(SYS_clock_gettime, id, ts) == -1)
		return -1;
	ts->tv_sec += ahead_s;
	return 0;
}

struct house		house;
struct conf	conf;
struct chan	guest[2], dird;
const char	*lied;

void
conf_fatal(const char *fmt, ...)
{
	ck_abort_msg("%s", fmt);
}

void
house_lie(struct room *r, const char *how)
{
	(void)r;
	lied = how;
}

struct asker
guest_asker(const struct chan *c)
{
	(void)c;
	return (struct asker){ 0, 0 };
}

struct chan *
guest_door(struct asker a)
{
	(void)a;
	return &guest[0];
}

int
guest_ready(struct asker a)
{
	(void)a;
	return 1;
}

void
setup(void)
{
	static char allow[] = "tor-exit=tcp/9050 mirror=tcp/8080,tcp/8081";
	static char none[] = "", tun[] = "fips0";

	conf.txt[CONF_LEND_ALLOW] = allow;
	conf.txt[CONF_LEND_NET4] = none;
	conf.txt[CONF_TUN_NAME] = tun;
	conf.num[CONF_LEND_SECS_MAX] = 3600;
	conf.num[CONF_LEND_GRANTS_MAX] = 1000;
	conf.num[CONF_TUN_ENABLED] = 1;
	house.conf = &conf;
	house.room[PROC_DIRD].pid = 1;
	ck_assert_int_eq(chan_pair(PROC_PRIVD, PROC_DIRD,
	    &house.room[PROC_DIRD].door, &dird), 0);
	ck_assert_int_eq(chan_pair(PROC_PRIVD, PROC_MACROCTL, &guest[0],
	    &guest[1]), 0);
	house.room[PROC_DIRD].door.phase = dird.phase = RUN;
	guest[0].phase = guest[1].phase = RUN;
	ck_assert_int_eq(lend_read(), 1);
	lend_open();
}

struct msg_grant
grant_of(uint32_t i, const char *kind, uint16_t port)
{
	struct msg_grant m = { .req = 1000 + i, .src = { 0xfd, [15] = 1 },
	    .secs = 600 };
	struct lend_port p = { IPPROTO_TCP, port };

	put_le32(m.src + 4, i);
	strcpy(m.kind, kind);
	strcpy(m.sub, SUB);
	m.allow_len = (uint16_t)lend_ports_encode(&p, 1, m.allow);
	return m;
}

void
take_back(uint32_t i, const char *service)
{
	struct msg_grant g = grant_of(i, "tor-exit", PORT);
	struct msg_revoke m = { .req = 5000 + i };

	strcpy(m.kind, g.kind);
	strcpy(m.sub, g.sub);
	memcpy(m.src, g.src, sizeof(m.src));
	m.service_len = (uint16_t)strlen(service);
	memcpy(m.service, service, m.service_len);
	on_revoke(&guest[0], &m, NULL);
}

enum msg_type
next(struct chan *c, union msg_any *m)
{
	enum msg_type	type = MSG_NONE;
	int		fds[MSG_NFD_MAX];

	return chan_recv(c, &type, m, fds) == CHAN_MSG ? type : MSG_NONE;
}

const char *
record(int ok)
{
	static char		text[1100];
	union msg_any		m;
	struct msg_audited	a;

	if (next(&dird, &m) != MSG_AUDIT)
		return "";
	snprintf(text, sizeof(text), "%s %.*s", m.audit.what,
	    m.audit.text_len, (char *)m.audit.text);
	a = (struct msg_audited){ .req = m.audit.req, .ok = (uint8_t)ok };
	on_audited(&house.room[PROC_DIRD].door, &a, NULL);
	return text;
}

void
lend_many(unsigned n)
{
	struct msg_grant	m;
	struct lend_port	p = { IPPROTO_TCP, PORT };
	unsigned		i;

	for (i = 0; i < n; i++) {
		m = grant_of(i, "tor-exit", PORT);
		nft_grant(m.src, &p, 1, 600, "tor-exit " SUB);
	}
}
