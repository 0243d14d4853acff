/*
 * message.h -- HTTP/1.1 as directories speak it to one another: the head of a
 * request or an answer. Bytes in, numbers out; no I/O. A body has a length that
 * the head says; one in chunks is refused.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "http.h"

#define MESSAGE_PATH	512

struct message {
	size_t		 head;		/* bytes, with the empty line */
	int64_t		 body;		/* bytes; -1: it did not say */
	enum method	 method;	/* of a request */
	char		 path[MESSAGE_PATH];
	const char	*query;		/* into path; "" */
	int		 status;	/* of an answer */
};

/* 1, 0 while the head is not whole, -1 and what is wrong. */
int	message_request(const char *, size_t len, struct message *,
	    const char **wrong);
int	message_answer(const char *, size_t len, struct message *,
	    const char **wrong);
/* A head; its length, or -1. */
ssize_t	message_ask(enum method, const char *path, const char *host,
	    size_t body, char *out, size_t cap);
ssize_t	message_tell(int status, const char *type, size_t body, char *out,
	    size_t cap);

#endif
