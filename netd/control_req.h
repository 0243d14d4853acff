/* control_req.h -- bytes of a control client as a command. Pure. */
#ifndef NETD_CONTROL_REQ_H
#define NETD_CONTROL_REQ_H

#include <jansson.h>
#include <stddef.h>

#define CTL_REQ_MAX	4096
#define CTL_ERR_LEN	384

struct ctl_req {
	const char	*command;
	const json_t	*params;	/* NULL: absent or null */
	json_t		*root;		/* owns both */
};

/*
 * One request without its newline. 0 and *req, to be freed with
 * ctl_req_free(), or -1 and the text for the client in err.
 */
int	 ctl_req_parse(const char *, size_t, struct ctl_req *,
	    char err[CTL_ERR_LEN]);
void	 ctl_req_free(struct ctl_req *);

/* Text of params.key, or NULL and err "missing 'key' parameter". */
const char *ctl_req_text(const json_t *params, const char *key,
	    char err[CTL_ERR_LEN]);

/* One line with its newline; data is released. The caller frees. */
char	*ctl_reply_ok(json_t *data, size_t *len);
char	*ctl_reply_error(const char *text, size_t *len);

/* "192.0.2.1:2121", "[2001:db8::1]:2121" or "name:2121". 0, or -1. */
int	 ctl_address(const char *, char host[256], unsigned short *port);

#endif
