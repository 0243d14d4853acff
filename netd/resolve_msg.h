/* resolve_msg.h -- DNS questions and answers about hosts. Pure; libresolv parses. */
#ifndef NETD_RESOLVE_MSG_H
#define NETD_RESOLVE_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "pipe.h"

#define RESOLVE_HOST_LEN	255
#define RESOLVE_MSG_MAX		512

/* Length of the question for A (family 4) or AAAA (6), or -1: not a host name. */
int	resolve_question(const char *host, int family, uint16_t id,
	    uint8_t out[RESOLVE_MSG_MAX]);
/*
 * Addresses that this answer gives for exactly that question, following
 * CNAMEs, into ep[max]. How many (0 also for "no such name"), or -1: the
 * message is malformed, answers something else, or the server failed.
 */
int	resolve_answer(const uint8_t *msg, size_t len, const char *host,
	    int family, uint16_t id, struct endpoint *ep, unsigned max);
/* An IP literal, with a numeric %zone perhaps. 0, or -1. */
int	resolve_literal(const char *host, struct endpoint *ep);

#endif
