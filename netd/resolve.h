/*
 * resolve.h -- host names of peers, asked over sockets that privd connected
 * to this machine's name servers. Queries and answers are made and parsed by
 * libresolv (res_nmkquery, ns_initparse). Cache 60 s.
 */
#ifndef NETD_RESOLVE_H
#define NETD_RESOLVE_H

#include "netd.h"

void	resolve_add(int fd);
void	resolve_start(struct event_base *);
/*
 * IP literals and cached names answer at once; else 0 comes back and cb runs
 * later, within 5 s, also on failure (n == 0). arg is the caller's.
 */
typedef void (*resolve_fn)(void *arg, const char *host, const struct endpoint *, unsigned n);
/* n endpoints (transport not set, port 0) into ep[max]; 0 asked, -1 cannot be. */
int	resolve(const char *host, struct endpoint *ep, unsigned max, resolve_fn, void *arg);

#endif
