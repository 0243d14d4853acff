/* nl.c -- see nl.h. */
#include <sys/socket.h>

#include <errno.h>

#include "nl.h"

struct mnl_socket *
nl_open(int family)
{
	struct mnl_socket *nl = mnl_socket_open2(family, SOCK_CLOEXEC);
	int err;

	if (nl == NULL || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0)
		return nl;
	err = errno;
	mnl_socket_close(nl);
	errno = err;
	return NULL;
}

int
nl_ask(struct mnl_socket *nl, const struct nlmsghdr *nh, void *buf,
    size_t cap, mnl_cb_t fn, void *arg)
{
	uint32_t seq = nh->nlmsg_seq;
	ssize_t	 n;
	int	 r;

	if (mnl_socket_sendto(nl, nh, nh->nlmsg_len) == -1)
		return -1;
	do {
		n = mnl_socket_recvfrom(nl, buf, cap);
		if (n == -1 && errno != EINTR)
			return -1;
		/* What is older has another number: EPROTO. */
		r = n == -1 ? 1 : mnl_cb_run(buf, (size_t)n, seq,
		    mnl_socket_get_portid(nl), fn, arg);
	} while (r > 0 || (r == -1 && errno == EPROTO));
	return r;
}
