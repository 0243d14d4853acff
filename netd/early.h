/*
 * early.h -- which small packets may go to the kernel before those that came
 * in before them and are still being opened. Pure: no I/O, no clock.
 *
 * No flow may be put out of order, and whose the sealed ones are nobody knows.
 * TCP says itself what comes next. Of other protocols a flow is let past when it
 * is known and none of its packets had to wait for a while.
 */
#ifndef NETD_EARLY_H
#define NETD_EARLY_H

#include <stddef.h>
#include <stdint.h>

enum { EARLY_QUIET_MS = 1000 };

/* This packet goes to the kernel; waited: in the order in which it came. */
void	early_note(const uint8_t *pkt, size_t len, int waited, uint64_t now_ms);
/* May it go now, whatever is still sealed? */
int	early_may(const uint8_t *pkt, size_t len, uint64_t now_ms);

#endif
