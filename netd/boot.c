/* boot.c -- takes settings and descriptors from privd and gives each to its module. */
#include <string.h>

#include "netd.h"

#define LOG_TARGET "bastide::netd"
#include "log.h"
#include "acl.h"
#include "boot.h"
#include "carry.h"
#include "control.h"
#include "dns.h"
#include "link.h"
#include "mesh.h"
#include "names.h"
#include "netd_int.h"
#include "resolve.h"
#include "session.h"
#include "tun.h"
#include "udp.h"

int		boot_complete;
static int	have_self, have_ring, modules_up;

void
boot_init(void)
{
	memcpy(netd.conf, conf_default, sizeof(netd.conf));
}

/* Modules size their tables by the settings, which come before the peers. */
static void
modules_init(void)
{
	if (modules_up)
		return;
	if (!have_self)
		fatalx("privd sent a peer before it said who we are");
	modules_up = 1;
	names_init();
	link_init();
	session_init();
}

void
on_self(struct chan *c, const struct msg_self *m, int *fds)
{
	(void)c;
	(void)fds;
	memcpy(netd.pub, m->pub, sizeof(netd.pub));
	memcpy(netd.addr, m->addr, sizeof(netd.addr));
	mesh_addr(netd.addr, netd.ip6);
	npub_encode(netd.pub + 1, netd.npub);
	netd.key_mode = m->key_mode;
	netd.aead = m->aead;
	netd.aead_from = m->aead_from;
	netd.workers = m->workers;
	netd.privd_pid = m->pid;
	memcpy(netd.exe, m->exe, m->exe_len);
	memcpy(netd.control_path, m->socket, m->socket_len);
	have_self = 1;
}

void
on_conf_num(struct chan *c, const struct msg_conf_num *m, int *fds)
{
	(void)c;
	(void)fds;
	if (m->key >= CONF_NUM_MAX)
		fatalx("privd sent a setting that is in no table: %u", m->key);
	netd.conf[m->key] = m->value;
	if (m->key == CONF_NODE_LOG_LEVEL)
		log_set_level((enum log_level)m->value);
}

void
on_conf_attempt(struct chan *c, const struct msg_conf_attempt *m, int *fds)
{
	(void)c;
	(void)fds;
	mesh_conf_attempt(m->wait_s);
}

void
on_conf_peer(struct chan *c, const struct msg_conf_peer *m, int *fds)
{
	char alias[64] = "";

	(void)c;
	(void)fds;
	modules_init();
	memcpy(alias, m->alias, m->alias_len);
	names_add_peer(m->pub, alias);
	link_conf_peer(m->peer, m->pub, m->auto_connect, m->auto_reconnect);
}

void
on_conf_addr(struct chan *c, const struct msg_conf_addr *m, int *fds)
{
	char host[256] = "";

	(void)c;
	(void)fds;
	modules_init();
	memcpy(host, m->host, m->host_len);
	link_conf_addr(m->peer, host, m->port, m->priority);
}

void
on_conf_host(struct chan *c, const struct msg_conf_host *m, int *fds)
{
	(void)c;
	(void)fds;
	modules_init();
	names_add_host(m->name, m->pub);
}

void
on_conf_list(struct chan *c, const struct msg_conf_list *m, int *fds)
{
	(void)c;
	(void)fds;
	acl_file_set(m->deny, m->name);
}

void
on_conf_acl(struct chan *c, const struct msg_conf_acl *m, int *fds)
{
	(void)c;
	(void)fds;
	acl_add(m->deny, m->all, m->pub);
}

void
on_ring_netd(struct chan *c, const struct msg_ring_netd *m, int *fds)
{
	(void)c;
	pipe_init(fds, m->slots, m->slot_size);
	have_ring = 1;
}

void
on_lane_netd(struct chan *c, const struct msg_lane_netd *m, int *fds)
{
	(void)c;
	(void)m;
	if (!have_ring)
		fatalx("privd sent a lane before the ring");
	pipe_lane(fds);
}

void
on_tun(struct chan *c, const struct msg_tun *m, int *fds)
{
	(void)c;
	tun_add(fds[0], m);
}

void
on_udp(struct chan *c, const struct msg_udp *m, int *fds)
{
	(void)c;
	if (udp_add(fds[0], m) == -1)
		fatalx("more UDP transports than the %d that fit", UDP_MAX);
}

void
on_dns(struct chan *c, const struct msg_dns *m, int *fds)
{
	(void)c;
	dns_add(fds[0], m->port);
}

void
on_control(struct chan *c, const struct msg_control *m, int *fds)
{
	(void)c;
	control_add(fds[0], m->gid);
}

void
on_resolver(struct chan *c, const struct msg_resolver *m, int *fds)
{
	(void)c;
	(void)m;
	resolve_add(fds[0]);
}

void
on_dir_listen(struct chan *c, const struct msg_dir_listen *m, int *fds)
{
	(void)c;
	carry_listen(fds[0], m->port);
}

void
on_dir_dial(struct chan *c, const struct msg_dir_dial *m, int *fds)
{
	(void)c;
	(void)m;
	carry_dial(fds[0]);
}

void
on_conf_end(struct chan *c, const struct msg_conf_end *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	if (!have_ring)
		fatalx("privd sent no packet ring");
	modules_init();
	boot_complete = 1;
}
