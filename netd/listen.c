/*
 * listen.c -- who on this machine listens where the mesh can reach.
 *
 * Only privd may ask the kernel; we ask privd, one question at a time, and
 * keep its answer for a second. Which program it is nobody here can see.
 */
#include <arpa/inet.h>

#include <stdio.h>

#define LOG_TARGET "fips::control"
#include "log.h"
#include "control.h"
#include "listen.h"
#include "show.h"
#include "wire.h"

#define FRESH_MS	1000	/* privd takes twice as many questions */

static struct msg_listeners	last;
static uint64_t			until_ms;
static int			asked;

int
listen_ask(void)
{
	struct msg_listen_ask m = { .req = netd_req() };

	if (netd.now_ms < until_ms)
		return 1;
	if (!asked && listen_ask_send(&netd.privd, &m, NULL) == -1)
		fatal("asking privd who listens");
	asked = 1;
	return 0;
}

void
on_listeners(struct chan *c, const struct msg_listeners *m, int *fds)
{
	(void)c;
	(void)fds;
	if (!asked || m->rows_len % LISTEN_ROW != 0)
		fatalx("privd named listeners out of turn");
	asked = 0;
	last = *m;
	until_ms = netd.now_ms + FRESH_MS;
	control_listeners();
}

static json_t *
row_json(const uint8_t *row, const char *mesh)
{
	int any = row[1] == LISTEN_ANY;

	return json_pack("{s:s, s:s, s:i, s:n, s:n, s:s, s:b}",
	    "proto", row[0] == LISTEN_TCP ? "tcp" : "udp",
	    "local_addr", any ? "::" : mesh, "port", (int)get_le16(row + 2),
	    "pid", "process", "filter", "no_firewall", "wildcard_bind", any);
}

json_t *
show_listening_sockets(const json_t *params, char err[CTL_ERR_LEN])
{
	char	 mesh[INET6_ADDRSTRLEN];
	json_t	*list;
	size_t	 at;

	(void)params;
	if (!last.known) {
		snprintf(err, CTL_ERR_LEN, "the kernel does not say who "
		    "listens: it has no sock_diag");
		return NULL;
	}
	list = json_array();
	inet_ntop(AF_INET6, netd.ip6, mesh, sizeof(mesh));
	for (at = 0; at < last.rows_len; at += LISTEN_ROW)
		json_array_append_new(list, row_json(last.rows + at, mesh));
	return json_pack("{s:s, s:b, s:o}", "fips0_addr", mesh,
	    "firewall_active", 0, "sockets", list);
}
