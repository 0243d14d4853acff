/*
 * fetch.h -- asks another node's mesh listener. One request a connection; the
 * answer is bounded in bytes and in time.
 */
#ifndef FETCH_H
#define FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "http.h"

struct fetch;

/* What went wrong, when nobody answered the call at all. */
extern const char fetch_no_way[];

/*
 * The answer: status and body; or status 0 and what went wrong. body lasts
 * during the call.
 */
typedef void	fetched(void *arg, int status, const char *body, size_t len,
		    const char *wrong);

/*
 * pub: mesh key of the node, x only. At most max bytes of a body, at most
 * patience_s seconds. NULL when too many are under way; else done is called
 * once, and not from in here.
 */
struct fetch *fetch(const uint8_t pub[32], enum method, const char *path,
	    const char *body, size_t len, size_t max, unsigned patience_s,
	    fetched *done, void *arg);

#endif
