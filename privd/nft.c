/*
 * nft.c -- elements of the set of grants, and transactions of nf_tables,
 * through libmnl. The kernel keeps what is lent and ends it; who it is for
 * stands beside each element, so that a list needs nothing but the kernel.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "nft_int.h"
#include "nl.h"

#define RECV_LEN	32768
/* A transaction that the kernel drops is answered by nothing at all. */
#define ANSWER_S	2
/* As the nft program writes a comment, so that it shows ours. */
#define UDATA_COMMENT	0

static struct mnl_socket *nl;
static uint32_t		  seq;
static char		  out[BATCH_LEN + 4096], in[RECV_LEN];

int
nft_open(void)
{
	struct timeval tv = { .tv_sec = ANSWER_S };

	if (nl != NULL)
		return 0;
	nl = nl_open(NETLINK_NETFILTER);
	if (nl == NULL)
		return -1;
	if (setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv)) == -1) {
		nft_close();
		return -1;
	}
	seq = (uint32_t)time(NULL);
	return 0;
}

void
nft_close(void)
{
	if (nl != NULL)
		mnl_socket_close(nl);
	nl = NULL;
}

/* -- messages ------------------------------------------------------------- */

static struct nlmsghdr *
begin(char *buf, int type, uint16_t flags, uint8_t family, uint16_t res)
{
	struct nlmsghdr		*nh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg		*nfg;

	nh->nlmsg_type = (uint16_t)type;
	nh->nlmsg_flags = NLM_F_REQUEST | flags;
	nh->nlmsg_seq = ++seq;
	nfg = mnl_nlmsg_put_extra_header(nh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(res);
	return nh;
}

static void
close_last(struct batch *b)
{
	if (b->nh != NULL)
		b->len += mnl_nlmsg_size(b->nh->nlmsg_len - MNL_NLMSG_HDRLEN);
	b->nh = NULL;
}

static struct batch
batch_begin(void)
{
	struct batch b = { .buf = out, .cap = BATCH_LEN };

	b.nh = begin(b.buf, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC,
	    NFNL_SUBSYS_NFTABLES);
	b.first = seq;
	return b;
}

struct nlmsghdr *
batch_put(struct batch *b, int type, uint16_t flags)
{
	close_last(b);
	/* The buffer has room for any one message past cap. */
	if (b->len > b->cap)
		b->len = b->cap;
	b->nh = begin(b->buf + b->len, NFNL_SUBSYS_NFTABLES << 8 | type,
	    flags | NLM_F_ACK, NFPROTO_INET, 0);
	b->last = seq;
	return b->nh;
}

/*
 * Every message of the batch is acknowledged or refused, and a batch that
 * fails as a whole is refused by its first number.
 */
static int
batch_commit(struct batch *b)
{
	const struct nlmsghdr	*nh;
	const struct nlmsgerr	*e;
	int			 len, failed = 0;
	ssize_t			 n;

	close_last(b);
	if (b->len >= b->cap) {
		errno = EMSGSIZE;
		return -1;
	}
	b->nh = begin(b->buf + b->len, NFNL_MSG_BATCH_END, 0, AF_UNSPEC,
	    NFNL_SUBSYS_NFTABLES);
	close_last(b);
	if (mnl_socket_sendto(nl, b->buf, b->len) == -1)
		return -1;
	for (;;) {
		n = mnl_socket_recvfrom(nl, in, sizeof(in));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		len = (int)n;
		for (nh = (void *)in; mnl_nlmsg_ok(nh, len);
		    nh = mnl_nlmsg_next(nh, &len)) {
			/* Older: a late word about something given up. */
			if (nh->nlmsg_type != NLMSG_ERROR ||
			    nh->nlmsg_seq - b->first > b->last - b->first)
				continue;
			e = mnl_nlmsg_get_payload(nh);
			if (e->error != 0 && failed == 0)
				failed = -e->error;
			if (nh->nlmsg_seq == b->last ||
			    nh->nlmsg_seq == b->first)
				goto done;
		}
	}
done:
	errno = failed;
	return failed == 0 ? 0 : -1;
}

void
put_u32(struct nlmsghdr *nh, uint16_t attr, uint32_t v)
{
	mnl_attr_put_u32(nh, attr, htonl(v));
}

void
put_key(struct nlmsghdr *nh, const uint8_t *addr, struct lend_port p)
{
	struct nlattr	*key = mnl_attr_nest_start(nh, NFTA_SET_ELEM_KEY);
	uint8_t		 k[24] = { 0 }, *q = k;
	uint16_t	 port = htons(p.port);

	/* Each part begins a register of four bytes. */
	if (addr != NULL) {
		memcpy(q, addr, 16);
		q += 16;
	}
	q[0] = p.proto;
	memcpy(q + 4, &port, 2);
	mnl_attr_put(nh, NFTA_DATA_VALUE, (size_t)(q + 8 - k), k);
	mnl_attr_nest_end(nh, key);
}

static struct nlmsghdr *
put_elem(struct batch *b, int type, uint16_t flags, const uint8_t src[16],
    struct lend_port p, uint32_t secs, const char *who)
{
	struct nlmsghdr	*nh = batch_put(b, type, flags);
	struct nlattr	*list, *elem;
	uint8_t		 udata[LEND_WHO_LEN + 3] = { UDATA_COMMENT };
	size_t		 n;

	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_SET, GRANTS);
	list = mnl_attr_nest_start(nh, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(nh, 1);
	put_key(nh, src, p);
	if (type == NFT_MSG_NEWSETELEM) {
		mnl_attr_put_u64(nh, NFTA_SET_ELEM_TIMEOUT,
		    htobe64((uint64_t)secs * 1000));
		n = strnlen(who, LEND_WHO_LEN - 1);
		udata[1] = (uint8_t)(n + 1);
		memcpy(udata + 2, who, n);
		mnl_attr_put(nh, NFTA_SET_ELEM_USERDATA, n + 3, udata);
	}
	mnl_attr_nest_end(nh, elem);
	mnl_attr_nest_end(nh, list);
	return nh;
}

/* -- elements as the kernel tells of them --------------------------------- */

struct each {
	void	(*fn)(void *, const struct nft_grant *);
	void	*arg;
};

static void
read_key(const struct nlattr *key, struct nft_grant *g)
{
	const struct nlattr	*a;
	const uint8_t		*v;
	uint16_t		 port;

	mnl_attr_for_each_nested(a, key) {
		if (mnl_attr_get_type(a) != NFTA_DATA_VALUE ||
		    mnl_attr_get_payload_len(a) < 24)
			continue;
		v = mnl_attr_get_payload(a);
		memcpy(g->src, v, 16);
		g->port.proto = v[16];
		memcpy(&port, v + 20, 2);
		g->port.port = ntohs(port);
	}
}

/* Somebody may have put an element there by hand, with anything beside it. */
static void
read_who(const struct nlattr *a, char who[LEND_WHO_LEN])
{
	const uint8_t	*v = mnl_attr_get_payload(a);
	size_t		 n = mnl_attr_get_payload_len(a);

	if (n < 3 || v[0] != UDATA_COMMENT || v[1] > n - 2)
		return;
	make_printable(who, LEND_WHO_LEN, v + 2,
	    strnlen((const char *)v + 2, v[1]));
}

static void
read_elem(const struct nlattr *elem, struct each *e)
{
	const struct nlattr	*a;
	struct nft_grant	 g = { .left_s = 0 };

	mnl_attr_for_each_nested(a, elem) {
		switch (mnl_attr_get_type(a)) {
		case NFTA_SET_ELEM_KEY:
			read_key(a, &g);
			break;
		case NFTA_SET_ELEM_EXPIRATION:
			if (mnl_attr_get_payload_len(a) >= 8)
				g.left_s = (uint32_t)((be64toh(
				    mnl_attr_get_u64(a)) + 999) / 1000);
			break;
		case NFTA_SET_ELEM_USERDATA:
			read_who(a, g.who);
			break;
		}
	}
	e->fn(e->arg, &g);
}

static int
on_elems(const struct nlmsghdr *nh, void *arg)
{
	const struct nlattr *a, *elem;

	mnl_attr_for_each(a, nh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(a) == NFTA_SET_ELEM_LIST_ELEMENTS)
			mnl_attr_for_each_nested(elem, a)
				read_elem(elem, arg);
	return MNL_CB_OK;
}

/* -- what privd asks ------------------------------------------------------ */

int
nft_install(const struct lend_rules *r, const char *ifname,
    const uint8_t ip6[16])
{
	struct batch b = batch_begin();

	nft_rules(&b, r, ifname, ip6);
	return batch_commit(&b);
}

int
nft_remove(void)
{
	struct batch	 b = batch_begin();
	struct nlmsghdr	*nh = batch_put(&b, NFT_MSG_DELTABLE, 0);

	mnl_attr_put_strz(nh, NFTA_TABLE_NAME, TABLE);
	return batch_commit(&b) == 0 || errno == ENOENT ? 0 : -1;
}

int
nft_empty(void)
{
	struct batch	 b = batch_begin();
	struct nlmsghdr	*nh = batch_put(&b, NFT_MSG_DELSETELEM, 0);

	/* A list without elements means all of them. */
	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_SET, GRANTS);
	return batch_commit(&b) == 0 || errno == ENOENT ? 0 : -1;
}

/* A question about one thing: is it there? 1, 0, or -1 with errno. */
static int
ask(const struct nlmsghdr *nh, mnl_cb_t fn, void *arg)
{
	if (nl_ask(nl, nh, in, sizeof(in), fn, arg) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

/* Without the set itself a port is not shut: nothing is "not lent" then. */
static int
has_set(void)
{
	struct batch	 b = { .buf = out, .cap = BATCH_LEN };
	struct nlmsghdr	*nh = batch_put(&b, NFT_MSG_GETSET, 0);

	mnl_attr_put_strz(nh, NFTA_SET_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_SET_NAME, GRANTS);
	return ask(nh, NULL, NULL) == 1;
}

static void
read_whose(void *arg, const struct nft_grant *g)
{
	memcpy(arg, g->who, sizeof(g->who));
}

/* Is it there, and for whom? */
static int
look(const uint8_t src[16], struct lend_port p, char who[LEND_WHO_LEN])
{
	struct batch	b = { .buf = out, .cap = BATCH_LEN };
	struct each	e = { read_whose, who };

	who[0] = '\0';
	return ask(put_elem(&b, NFT_MSG_GETSETELEM, 0, src, p, 0, NULL),
	    on_elems, &e);
}

int
nft_grant(const uint8_t src[16], const struct lend_port *p, unsigned n,
    uint32_t secs, const char *who)
{
	struct batch	b;
	unsigned	i, tries;
	int		there[LEND_PORTS];
	char		whose[LEND_WHO_LEN];

	/* One may end between the look and the deed; then once more. */
	for (tries = 0; tries < 3; tries++) {
		for (i = 0; i < n; i++) {
			if ((there[i] = look(src, p[i], whose)) == -1)
				return -1;
			if (there[i] && strcmp(whose, who) != 0) {
				errno = EADDRINUSE;
				return -1;
			}
		}
		b = batch_begin();
		for (i = 0; i < n; i++) {
			if (there[i])
				put_elem(&b, NFT_MSG_DELSETELEM, 0, src, p[i],
				    0, NULL);
			put_elem(&b, NFT_MSG_NEWSETELEM, NLM_F_CREATE |
			    NLM_F_EXCL, src, p[i], secs, who);
		}
		if (batch_commit(&b) == 0)
			return 0;
		if (errno != ENOENT && errno != EEXIST)
			return -1;
	}
	return -1;
}

int
nft_revoke(const uint8_t src[16], const struct lend_port *p, unsigned n,
    const char *who)
{
	struct batch	b;
	unsigned	i;
	int		removed = 0, is;
	char		whose[LEND_WHO_LEN];

	for (i = 0; i < n; i++) {
		is = who == NULL ? 1 : look(src, p[i], whose);
		if (is == -1 || (is == 0 && !has_set()))
			return -1;
		if (is == 0 || (who != NULL && strcmp(whose, who) != 0))
			continue;
		b = batch_begin();
		put_elem(&b, NFT_MSG_DELSETELEM, 0, src, p[i], 0, NULL);
		if (batch_commit(&b) == 0)
			removed++;
		else if (errno != ENOENT || !has_set())
			return -1;
	}
	return removed;
}

/*
 * EINTR from the socket is heard again. Debian 12's kernel never marks the
 * elements of a set as an interrupted dump, which mnl_cb_run() would call EINTR,
 * too; where one did, the list would be unknown, not half.
 */
int
nft_each(void (*fn)(void *, const struct nft_grant *), void *arg)
{
	struct each	 e = { fn, arg };
	struct nlmsghdr	*nh = begin(out, NFNL_SUBSYS_NFTABLES << 8 |
	    NFT_MSG_GETSETELEM, NLM_F_DUMP, NFPROTO_INET, 0);

	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_SET, GRANTS);
	return nl_ask(nl, nh, in, sizeof(in), on_elems, &e);
}
