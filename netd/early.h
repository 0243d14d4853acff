/*
 * early.h -- which small packets may go to the kernel before those that came
 * in before them and are still being opened. Pure: no I/O, no clock.
 *
 * No flow may be put out of order, and whose the sealed ones are nobody knows.
 * TCP says itself what comes next. The small ones of others are in order among
 * themselves (pipe.h): a flow is let past when it is known and had nothing else for as
 * long as a flow lasts, neither large packets nor, between its ends, fragments.
 */
#ifndef NETD_EARLY_H
#define NETD_EARLY_H

#include <stddef.h>
#include <stdint.h>

enum { EARLY_QUIET_MS = 300000 };	/* after that it is another flow (RFC 4787) */

/* This packet goes to the kernel; large: such as never go early. */
void	early_note(const uint8_t *pkt, size_t len, int large, uint64_t now_ms);
/* May it go now, whatever is still sealed? */
int	early_may(const uint8_t *pkt, size_t len, uint64_t now_ms);

#endif
