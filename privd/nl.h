/* nl.h -- what privd's three netlink sockets share: one question, its answers. */
#ifndef NL_H
#define NL_H

#include <libmnl/libmnl.h>

/* A socket of this family, bound; NULL with errno. */
struct mnl_socket *nl_open(int family);
/*
 * Sends the message and hears all that answers it, in buf, which may be where
 * it stands: fn (NULL: nobody) gets each part. 0 at the end, -1 with errno. Words
 * about a question that was given up are passed over.
 */
int	nl_ask(struct mnl_socket *, const struct nlmsghdr *, void *buf,
	    size_t cap, mnl_cb_t fn, void *arg);

#endif
