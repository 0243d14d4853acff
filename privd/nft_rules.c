/*
 * nft_rules.c -- the rules of the table `inet bastide`.
 *
 * A port that is lent is shut to the mesh but for the addresses in the set of
 * grants. Every packet is looked up, both ways, whatever connection it belongs
 * to: what is taken away or runs out ends open connections, too. Other ports
 * are none of this table's business.
 *
 *	chain input    iifname lo accept; l4proto . dport @lent goto from-mesh
 *	chain from-mesh	iifname MESH saddr . l4proto . dport @grants accept
 *			iifname MESH drop;  daddr OWN drop
 *			IPv4: mapped saddr . l4proto . dport @grants accept
 *			      saddr NET4 drop
 *	chain output, to-mesh: the same with destination and source port
 */
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <netinet/in.h>

#include <arpa/inet.h>
#include <string.h>

#include "nft_int.h"

/* Before the tables of other programs, which cannot open what is shut here. */
#define PRIORITY	-10

/* Numbers of the nft program's data types, six bits each in a key of several. */
enum { TYPE_IP6 = 8, TYPE_PROTO = 12, TYPE_PORT = 13 };

/* The address takes four registers, protocol and port one each. */
enum { REG_ADDR = NFT_REG32_00, REG_PROTO = NFT_REG32_00 + 4,
	REG_PORT = NFT_REG32_00 + 5 };

/* What differs between packets that come and packets that go. */
struct way {
	const char	*base, *guard;
	uint32_t	 hook, ifname;
	uint32_t	 addr6, addr4, port;	/* offsets of the peer's side */
};

static const struct way ways[] = {
	{ "input", "from-mesh", NF_INET_LOCAL_IN, NFT_META_IIFNAME, 8, 12, 2 },
	{ "output", "to-mesh", NF_INET_LOCAL_OUT, NFT_META_OIFNAME, 24, 16, 0 },
};

/* -- sets and chains ------------------------------------------------------ */

static void
put_set(struct batch *b, const char *name, uint32_t id, uint32_t flags,
    uint32_t type, uint32_t len)
{
	struct nlmsghdr	*nh = batch_put(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	struct nlattr	*desc;

	mnl_attr_put_strz(nh, NFTA_SET_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_SET_NAME, name);
	put_u32(nh, NFTA_SET_FLAGS, flags);
	put_u32(nh, NFTA_SET_KEY_TYPE, type);
	put_u32(nh, NFTA_SET_KEY_LEN, len);
	put_u32(nh, NFTA_SET_ID, id);
	if (flags & NFT_SET_TIMEOUT) {
		desc = mnl_attr_nest_start(nh, NFTA_SET_DESC);
		put_u32(nh, NFTA_SET_DESC_SIZE, 65535);
		mnl_attr_nest_end(nh, desc);
	}
}

static void
put_chain(struct batch *b, const char *name, const struct way *w)
{
	struct nlmsghdr	*nh = batch_put(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nlattr	*hook;

	mnl_attr_put_strz(nh, NFTA_CHAIN_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_CHAIN_NAME, name);
	if (w != NULL) {
		hook = mnl_attr_nest_start(nh, NFTA_CHAIN_HOOK);
		put_u32(nh, NFTA_HOOK_HOOKNUM, w->hook);
		put_u32(nh, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
		mnl_attr_nest_end(nh, hook);
		put_u32(nh, NFTA_CHAIN_POLICY, NF_ACCEPT);
		mnl_attr_put_strz(nh, NFTA_CHAIN_TYPE, "filter");
	}
	/* What an earlier house put there: no rule stands twice. */
	nh = batch_put(b, NFT_MSG_DELRULE, 0);
	mnl_attr_put_strz(nh, NFTA_RULE_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_RULE_CHAIN, name);
}

static void
put_lent(struct batch *b, const struct lend_rules *r)
{
	struct nlmsghdr	*nh = batch_put(b, NFT_MSG_DELSETELEM, 0);
	struct nlattr	*list, *elem;
	unsigned	 i, j;

	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_SET, LENT);
	if (r->nkind == 0)
		return;
	nh = batch_put(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_SET_ELEM_LIST_SET, LENT);
	list = mnl_attr_nest_start(nh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (i = 0; i < r->nkind; i++)
		for (j = 0; j < r->kind[i].nport; j++) {
			elem = mnl_attr_nest_start(nh, 1);
			put_key(nh, NULL, r->kind[i].port[j]);
			mnl_attr_nest_end(nh, elem);
		}
	mnl_attr_nest_end(nh, list);
}

/* -- expressions ---------------------------------------------------------- */

struct expr {
	struct nlattr *list, *expr, *data;
};

static struct nlmsghdr *
rule_begin(struct batch *b, const char *chain, struct expr *e)
{
	struct nlmsghdr *nh = batch_put(b, NFT_MSG_NEWRULE, NLM_F_CREATE |
	    NLM_F_APPEND);

	mnl_attr_put_strz(nh, NFTA_RULE_TABLE, TABLE);
	mnl_attr_put_strz(nh, NFTA_RULE_CHAIN, chain);
	e->list = mnl_attr_nest_start(nh, NFTA_RULE_EXPRESSIONS);
	return nh;
}

static void
expr_begin(struct nlmsghdr *nh, const char *name, struct expr *e)
{
	e->expr = mnl_attr_nest_start(nh, NFTA_LIST_ELEM);
	mnl_attr_put_strz(nh, NFTA_EXPR_NAME, name);
	e->data = mnl_attr_nest_start(nh, NFTA_EXPR_DATA);
}

static void
expr_end(struct nlmsghdr *nh, struct expr *e)
{
	mnl_attr_nest_end(nh, e->data);
	mnl_attr_nest_end(nh, e->expr);
}

static void
put_value(struct nlmsghdr *nh, uint16_t attr, const void *v, size_t len)
{
	struct nlattr *data = mnl_attr_nest_start(nh, attr);

	mnl_attr_put(nh, NFTA_DATA_VALUE, len, v);
	mnl_attr_nest_end(nh, data);
}

static void
expr_meta(struct nlmsghdr *nh, struct expr *e, uint32_t key, uint32_t reg)
{
	expr_begin(nh, "meta", e);
	put_u32(nh, NFTA_META_DREG, reg);
	put_u32(nh, NFTA_META_KEY, key);
	expr_end(nh, e);
}

static void
expr_payload(struct nlmsghdr *nh, struct expr *e, uint32_t base, uint32_t off,
    uint32_t len, uint32_t reg)
{
	expr_begin(nh, "payload", e);
	put_u32(nh, NFTA_PAYLOAD_DREG, reg);
	put_u32(nh, NFTA_PAYLOAD_BASE, base);
	put_u32(nh, NFTA_PAYLOAD_OFFSET, off);
	put_u32(nh, NFTA_PAYLOAD_LEN, len);
	expr_end(nh, e);
}

static void
expr_equal(struct nlmsghdr *nh, struct expr *e, const void *v, size_t len)
{
	expr_begin(nh, "cmp", e);
	put_u32(nh, NFTA_CMP_SREG, REG_ADDR);
	put_u32(nh, NFTA_CMP_OP, NFT_CMP_EQ);
	put_value(nh, NFTA_CMP_DATA, v, len);
	expr_end(nh, e);
}

static void
expr_ifname(struct nlmsghdr *nh, struct expr *e, uint32_t key, const char *name)
{
	char ifname[IFNAMSIZ] = "";

	memcpy(ifname, name, strnlen(name, sizeof(ifname) - 1));
	expr_meta(nh, e, key, REG_ADDR);
	expr_equal(nh, e, ifname, sizeof(ifname));
}

static void
expr_family(struct nlmsghdr *nh, struct expr *e, uint8_t family)
{
	expr_meta(nh, e, NFT_META_NFPROTO, REG_ADDR);
	expr_equal(nh, e, &family, 1);
}

/* Protocol and port, then whether the key that begins at reg is in the set. */
static void
expr_lookup(struct nlmsghdr *nh, struct expr *e, const struct way *w,
    const char *set, uint32_t reg)
{
	expr_meta(nh, e, NFT_META_L4PROTO, REG_PROTO);
	expr_payload(nh, e, NFT_PAYLOAD_TRANSPORT_HEADER, w->port, 2, REG_PORT);
	expr_begin(nh, "lookup", e);
	mnl_attr_put_strz(nh, NFTA_LOOKUP_SET, set);
	put_u32(nh, NFTA_LOOKUP_SREG, reg);
	expr_end(nh, e);
}

/* The end of a rule: what becomes of the packet; drops are counted. */
static void
rule_end(struct nlmsghdr *nh, struct expr *e, int verdict, const char *chain)
{
	struct nlattr *data, *code;

	if (verdict == NF_DROP) {
		expr_begin(nh, "counter", e);
		expr_end(nh, e);
	}
	expr_begin(nh, "immediate", e);
	put_u32(nh, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = mnl_attr_nest_start(nh, NFTA_IMMEDIATE_DATA);
	code = mnl_attr_nest_start(nh, NFTA_DATA_VERDICT);
	put_u32(nh, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain != NULL)
		mnl_attr_put_strz(nh, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(nh, code);
	mnl_attr_nest_end(nh, data);
	expr_end(nh, e);
	mnl_attr_nest_end(nh, e->list);
}

/* -- rules ---------------------------------------------------------------- */

static void
put_base(struct batch *b, const struct way *w)
{
	struct nlmsghdr	*nh;
	struct expr	 e;

	/* The machine reaches its own services, its mesh address included. */
	nh = rule_begin(b, w->base, &e);
	expr_ifname(nh, &e, w->ifname, "lo");
	rule_end(nh, &e, NF_ACCEPT, NULL);
	nh = rule_begin(b, w->base, &e);
	expr_lookup(nh, &e, w, LENT, REG_PROTO);
	rule_end(nh, &e, NFT_GOTO, w->guard);
}

static void
put_mesh(struct batch *b, const struct way *w, const char *ifname,
    const uint8_t ip6[16])
{
	struct nlmsghdr	*nh;
	struct expr	 e;

	nh = rule_begin(b, w->guard, &e);
	expr_ifname(nh, &e, w->ifname, ifname);
	expr_family(nh, &e, NFPROTO_IPV6);
	expr_payload(nh, &e, NFT_PAYLOAD_NETWORK_HEADER, w->addr6, 16, REG_ADDR);
	expr_lookup(nh, &e, w, GRANTS, REG_ADDR);
	rule_end(nh, &e, NF_ACCEPT, NULL);
	nh = rule_begin(b, w->guard, &e);
	expr_ifname(nh, &e, w->ifname, ifname);
	rule_end(nh, &e, NF_DROP, NULL);
	if (w->hook != NF_INET_LOCAL_IN)
		return;
	/* Our mesh address by another way in: a neighbour who writes any source. */
	nh = rule_begin(b, w->guard, &e);
	expr_family(nh, &e, NFPROTO_IPV6);
	expr_payload(nh, &e, NFT_PAYLOAD_NETWORK_HEADER, 24, 16, REG_ADDR);
	expr_equal(nh, &e, ip6, 16);
	rule_end(nh, &e, NF_DROP, NULL);
}

static void
expr_constant(struct nlmsghdr *nh, struct expr *e, uint32_t reg,
    const uint8_t v[4])
{
	expr_begin(nh, "immediate", e);
	put_u32(nh, NFTA_IMMEDIATE_DREG, reg);
	put_value(nh, NFTA_IMMEDIATE_DATA, v, 4);
	expr_end(nh, e);
}

static void
expr_mask(struct nlmsghdr *nh, struct expr *e, unsigned bits)
{
	uint32_t mask = htonl(0xffffffffu << (32 - bits)), zero = 0;

	expr_begin(nh, "bitwise", e);
	put_u32(nh, NFTA_BITWISE_SREG, REG_ADDR);
	put_u32(nh, NFTA_BITWISE_DREG, REG_ADDR);
	put_u32(nh, NFTA_BITWISE_LEN, 4);
	put_value(nh, NFTA_BITWISE_MASK, &mask, 4);
	put_value(nh, NFTA_BITWISE_XOR, &zero, 4);
	expr_end(nh, e);
}

/* One set for both families: an IPv4 address stands in it as IPv4-mapped. */
static void
put_mesh4(struct batch *b, const struct way *w, const struct lend_rules *r)
{
	static const uint8_t	 none[4], mapped[4] = { 0, 0, 0xff, 0xff };
	struct nlmsghdr		*nh;
	struct expr		 e;

	nh = rule_begin(b, w->guard, &e);
	expr_family(nh, &e, NFPROTO_IPV4);
	expr_constant(nh, &e, REG_ADDR, none);
	expr_constant(nh, &e, REG_ADDR + 1, none);
	expr_constant(nh, &e, REG_ADDR + 2, mapped);
	expr_payload(nh, &e, NFT_PAYLOAD_NETWORK_HEADER, w->addr4, 4,
	    REG_ADDR + 3);
	expr_lookup(nh, &e, w, GRANTS, REG_ADDR);
	rule_end(nh, &e, NF_ACCEPT, NULL);
	nh = rule_begin(b, w->guard, &e);
	expr_family(nh, &e, NFPROTO_IPV4);
	expr_payload(nh, &e, NFT_PAYLOAD_NETWORK_HEADER, w->addr4, 4, REG_ADDR);
	expr_mask(nh, &e, r->bits4);
	expr_equal(nh, &e, r->net4, 4);
	rule_end(nh, &e, NF_DROP, NULL);
}

void
nft_rules(struct batch *b, const struct lend_rules *r, const char *ifname,
    const uint8_t ip6[16])
{
	struct nlmsghdr	*nh = batch_put(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	const struct way *w;

	mnl_attr_put_strz(nh, NFTA_TABLE_NAME, TABLE);
	put_set(b, GRANTS, 1, NFT_SET_TIMEOUT,
	    TYPE_IP6 << 12 | TYPE_PROTO << 6 | TYPE_PORT, 24);
	put_set(b, LENT, 2, 0, TYPE_PROTO << 6 | TYPE_PORT, 8);
	put_lent(b, r);
	for (w = ways; w < ways + 2; w++) {
		put_chain(b, w->guard, NULL);
		put_chain(b, w->base, w);
		put_base(b, w);
		put_mesh(b, w, ifname, ip6);
		if (r->bits4 != 0)
			put_mesh4(b, w, r);
	}
}
