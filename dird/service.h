/*
 * service.h -- services that no catalogue has: those that this box's operator
 * wrote down, and which subscribed ones are in use here.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <jansson.h>

#define SERVICE_HAND	64	/* written down */
#define SERVICE_ACTIVE	256

struct hand {
	char	name[64], kind[33], endpoint[256], description[256];
};

/*
 * Words NAME=KIND@ENDPOINT, separated by spaces, in place of what was there. 0,
 * or -1: wrong is the first that is none, or more than fit; the others count.
 */
int	hand_read(const char *words, char wrong[64]);
const struct hand *hand_at(unsigned n);	/* NULL behind the last */

int	active_is(const char *service_id);
/* 0, or -1: the table is full. */
int	active_set(const char *service_id, int on);

#endif
