/*
 * tun.c -- the TUN interface: made, addressed, routed, handed away, and taken
 * back. It goes with its last descriptor, but a taken netd may have handed one
 * on: so the interface is removed by number, and its address and route with
 * it. The routing rule would outlive it in any case.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <linux/if_tun.h>
#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"

#define TUN_DEV		"/dev/net/tun"
#define RULE_PRIO	5265
#define MESH_BITS	8
#define VNET_LEN	10
#ifndef TUN_F_USO4		/* newer than the headers */
#define TUN_F_USO4	0x20
#define TUN_F_USO6	0x40
#endif

static const uint8_t	mesh[16] = { 0xfd };
static unsigned		ifindex;	/* 0: none is ours */
static int		has_rule;

static int
sysctl_is_one(const char *path)
{
	char	c = 0;
	int	fd = open(path, O_RDONLY | O_CLOEXEC);
	int	is_one = fd != -1 && read(fd, &c, 1) == 1 && c == '1';

	if (fd != -1)
		close(fd);
	return is_one;
}

static void
need_ipv6(void)
{
	if (access("/proc/sys/net/ipv6", F_OK) == -1)
		fatalx("this kernel has no IPv6, which the mesh needs; "
		    "boot without ipv6.disable=1, or set tun.enabled: false");
	if (sysctl_is_one("/proc/sys/net/ipv6/conf/all/disable_ipv6"))
		fatalx("IPv6 is switched off, and the mesh needs it: "
		    "sysctl -w net.ipv6.conf.all.disable_ipv6=0, "
		    "or set tun.enabled: false");
}

/* Machines that switch IPv6 off for new interfaces mean the others. */
static void
allow_ipv6(const char *name)
{
	char	path[96];
	int	fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
	    name);
	if (!sysctl_is_one(path))
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1 || write(fd, "0", 1) != 1)
		log_warn("cannot switch IPv6 on for %s", name);
	if (fd != -1)
		close(fd);
}

/*
 * A descriptor attached to the named interface, made when it is not there.
 * *vnet: with a header before each packet, when the kernel knows such.
 */
static int
attach(const char *name, int *vnet)
{
	struct ifreq	ifr;
	unsigned	can = 0;
	int		fd = open(TUN_DEV, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1 && (errno == ENOENT || errno == ENODEV))
		fatal(TUN_DEV ": load the module (modprobe tun), in a container "
		    "pass the device in, or set tun.enabled: false");
	if (fd == -1)
		fatal(TUN_DEV);
	*vnet = *vnet && ioctl(fd, TUNGETFEATURES, &can) == 0 &&
	    (can & IFF_VNET_HDR) != 0;
	memset(&ifr, 0, sizeof(ifr));
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (*vnet)
		ifr.ifr_flags |= IFF_VNET_HDR;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) == 0)
		return fd;
	if (errno == EBUSY)
		fatalx("interface %s is in use by another program, perhaps "
		    "another node; stop it or change tun.name", name);
	if (errno == EINVAL && if_nametoindex(name) != 0)
		fatalx("interface %s exists and is no TUN interface; "
		    "change tun.name", name);
	fatal("make the TUN interface %s", name);
}

/* One that an ended program left behind has addresses of its own: be rid of it. */
static void
remove_stale(const char *name)
{
	int fd, vnet = 0;

	if (if_nametoindex(name) == 0)
		return;
	fd = attach(name, &vnet);
	log_warn("removing a stale interface %s", name);
	if (ioctl(fd, TUNSETPERSIST, 0) == -1)
		fatal("remove the stale interface %s", name);
	close(fd);
}

static void
add_rule(void)
{
	/* Above the rules of most VPNs, which would swallow fd00::/8 otherwise.
	 * One that is there already is a leftover of a node that was killed. */
	if (rtnl_rule_add(mesh, MESH_BITS, RULE_PRIO) == -1 && errno != EEXIST)
		fatal("routing rule for fd00::/8");
	has_rule = 1;
}

/* What the kernel may leave to us: nothing; sums and TCP segments; UDP too. */
static uint8_t
offload(int fd, const char *name)
{
	unsigned long	tcp = TUN_F_CSUM | TUN_F_TSO6 | TUN_F_TSO_ECN;
	int		len = VNET_LEN;

	if (ioctl(fd, TUNSETVNETHDRSZ, &len) == -1 ||
	    ioctl(fd, TUNSETOFFLOAD, tcp) == -1) {
		/* The header stays; it will say nothing. */
		log_info("%s takes no segmentation offload: %s", name,
		    strerror(errno));
		return 1;
	}
	/* Linux 6.2 and later; both or none. */
	if (ioctl(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0)
		return 2;
	return 1;
}

int
tun_open(const char *name, uint16_t mtu, const uint8_t ip6[16], uint8_t *offloads)
{
	unsigned	n;
	int		fd, vnet = *offloads != 0;

	need_ipv6();
	remove_stale(name);
	fd = attach(name, &vnet);
	*offloads = vnet ? offload(fd, name) : 0;
	n = if_nametoindex(name);
	if (n == 0 || rtnl_open() == -1)
		fatal("rtnetlink for %s", name);
	ifindex = n;
	allow_ipv6(name);
	if (rtnl_link_quiet(ifindex) == -1)
		log_debug("%s keeps its link-local address", name);
	if (rtnl_link_up(ifindex, mtu) == -1)
		fatal("bring %s up with MTU %u", name, mtu);
	if (rtnl_addr_add(ifindex, ip6) == -1)
		fatal("give %s its address", name);
	if (rtnl_route_add(ifindex, mesh, MESH_BITS) == -1) {
		if (errno == EEXIST)
			fatalx("fd00::/8 is routed elsewhere already; look at "
			    "'ip -6 route show fd00::/8'");
		fatal("route fd00::/8 to %s", name);
	}
	add_rule();
	return fd;
}

void
tun_close(void)
{
	if (ifindex != 0 && rtnl_link_del(ifindex) == -1 && errno != ENODEV)
		log_warn("the TUN interface is still there: %s",
		    strerror(errno));
	ifindex = 0;
	if (has_rule && rtnl_rule_del(mesh, MESH_BITS, RULE_PRIO) == -1)
		log_warn("the routing rule for fd00::/8 is still there");
	has_rule = 0;
}
