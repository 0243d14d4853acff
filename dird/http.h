/*
 * http.h -- the local socket: HTTP/1.1, one request a connection, JSON both
 * ways. Knows sizes, deadlines and who asks; what is asked is api.c's. What the
 * mesh asks (mesh.h) is answered by the same functions.
 */
#ifndef HTTP_H
#define HTTP_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "typed.h"
#include "why.h"

#define HTTP_HEAD_MAX	8192
#define HTTP_BODY_MAX	(4u << 20)	/* an import; everything else is JCS_MAX */
#define HTTP_CLIENTS	64
#define HTTP_PATIENCE_S	30		/* from connecting to the whole request */

struct evhttp_request;
struct guest;

enum method { METHOD_GET, METHOD_POST };

/* A request under way. It ends with one of the answers below. */
struct ask {
	struct evhttp_request *req;	/* NULL: who asked has gone */
	enum method	 method;
	int		 may_change;
	/* Of the mesh: where from, and whose NodeRecord has that address, or "". */
	int		 from_mesh;
	struct guest	*guest;		/* NULL: who asked has gone */
	uint8_t		 src[16];
	char		 did[DID_LEN + 1];
	const char	*path;		/* decoded, without the query */
	const char	*query;		/* or "" */
	const char	*body;
	size_t		 body_len;
	void		*more;		/* a handler's own, freed with the ask */
	char		 id[65];	/* the {id} of the path */
	struct ask	*next;
};

/* Serve on a listening socket; every whole request goes to handle(). */
void	http_start(int fd, uint32_t gid, void (*handle)(struct ask *));
unsigned http_clients(void);

/* Answers; each frees the ask. data is released. */
void	http_reply(struct ask *, int status, json_t *data);
void	http_text(struct ask *, const char *type, const char *text, size_t len);
/* The same with another status than 200. */
void	http_typed(struct ask *, int status, const char *type, const char *text,
	    size_t len);
/* {"error": {"code", "message", "field"}}; field NULL: there is none. */
void	http_error(struct ask *, int status, const char *code,
	    const char *field, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
/* The status that fits, code and message of a reason. */
void	http_because(struct ask *, const struct because *);

/* A value of the query in out. 1, 0 when absent, -1: too long, or no query. */
int	http_query(const char *query, const char *name, char *out, size_t cap);

#endif
