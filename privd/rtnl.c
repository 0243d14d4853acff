/* rtnl.c -- the six things we ask of rtnetlink, through libmnl. */
#include <sys/socket.h>

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "nl.h"
#include "privd.h"

#define BUF_LEN	8192

static struct mnl_socket *nl;
static unsigned		  seq;

int
rtnl_open(void)
{
	if (nl == NULL)
		nl = nl_open(NETLINK_ROUTE);
	return nl == NULL ? -1 : 0;
}

/* A request with its fixed part of len bytes, zeroed. */
static void *
begin(char *buf, struct nlmsghdr **nh, uint16_t type, uint16_t flags,
    size_t len)
{
	*nh = mnl_nlmsg_put_header(buf);
	(*nh)->nlmsg_type = type;
	(*nh)->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	(*nh)->nlmsg_seq = ++seq;
	return mnl_nlmsg_put_extra_header(*nh, len);
}

static int
ask(const struct nlmsghdr *nh)
{
	char buf[BUF_LEN];

	return nl_ask(nl, nh, buf, sizeof(buf), NULL, NULL);
}

/* No address of the kernel's making: the mesh has one for us. */
int
rtnl_link_quiet(unsigned ifindex)
{
	char			 buf[BUF_LEN];
	struct nlmsghdr		*nh;
	struct nlattr		*spec, *inet6;
	struct ifinfomsg	*ifi;

	ifi = begin(buf, &nh, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	spec = mnl_attr_nest_start(nh, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(nh, AF_INET6);
	mnl_attr_put_u8(nh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nh, inet6);
	mnl_attr_nest_end(nh, spec);
	return ask(nh);
}

int
rtnl_link_up(unsigned ifindex, unsigned mtu)
{
	char			 buf[BUF_LEN];
	struct nlmsghdr		*nh;
	struct ifinfomsg	*ifi;

	ifi = begin(buf, &nh, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	mnl_attr_put_u32(nh, IFLA_MTU, mtu);
	return ask(nh);
}

int
rtnl_link_del(unsigned ifindex)
{
	char			 buf[BUF_LEN];
	struct nlmsghdr		*nh;
	struct ifinfomsg	*ifi;

	ifi = begin(buf, &nh, RTM_DELLINK, 0, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	return ask(nh);
}

int
rtnl_addr_add(unsigned ifindex, const uint8_t ip6[16])
{
	char			 buf[BUF_LEN];
	struct nlmsghdr		*nh;
	struct ifaddrmsg	*ifa;

	ifa = begin(buf, &nh, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
	    sizeof(*ifa));
	ifa->ifa_family = AF_INET6;
	ifa->ifa_prefixlen = 128;
	ifa->ifa_index = ifindex;
	mnl_attr_put(nh, IFA_LOCAL, 16, ip6);
	mnl_attr_put(nh, IFA_ADDRESS, 16, ip6);
	/* The key makes it ours: nothing to detect, usable at once. */
	mnl_attr_put_u32(nh, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
	return ask(nh);
}

int
rtnl_route_add(unsigned ifindex, const uint8_t net[16], unsigned bits)
{
	char			 buf[BUF_LEN];
	struct nlmsghdr		*nh;
	struct rtmsg		*rt;

	rt = begin(buf, &nh, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
	    sizeof(*rt));
	rt->rtm_family = AF_INET6;
	rt->rtm_dst_len = (unsigned char)bits;
	rt->rtm_table = RT_TABLE_MAIN;
	rt->rtm_protocol = RTPROT_STATIC;
	rt->rtm_scope = RT_SCOPE_UNIVERSE;
	rt->rtm_type = RTN_UNICAST;
	mnl_attr_put(nh, RTA_DST, 16, net);
	mnl_attr_put_u32(nh, RTA_OIF, ifindex);
	return ask(nh);
}

static int
rule(uint16_t type, uint16_t flags, const uint8_t net[16], unsigned bits,
    uint32_t prio)
{
	char			 buf[BUF_LEN];
	struct nlmsghdr		*nh;
	struct fib_rule_hdr	*fr;

	fr = begin(buf, &nh, type, flags, sizeof(*fr));
	fr->family = AF_INET6;
	fr->dst_len = (unsigned char)bits;
	fr->table = RT_TABLE_MAIN;
	fr->action = FR_ACT_TO_TBL;
	mnl_attr_put(nh, FRA_DST, 16, net);
	mnl_attr_put_u32(nh, FRA_PRIORITY, prio);
	return ask(nh);
}

int
rtnl_rule_add(const uint8_t net[16], unsigned bits, uint32_t prio)
{
	return rule(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, net, bits, prio);
}

int
rtnl_rule_del(const uint8_t net[16], unsigned bits, uint32_t prio)
{
	return rule(RTM_DELRULE, 0, net, bits, prio);
}
