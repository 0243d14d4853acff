/*
 * pull.h -- gets from other nodes what they have and we have not: pages of
 * their journals, checked entry by entry. Pull only; nobody pushes.
 */
#ifndef PULL_H
#define PULL_H

#include <stdint.h>

void	pull_start(void);
/*
 * Soon, from the node of this mesh key (x only), whatever its back-off. 0, or
 * -1: it is ourselves, or the table of peers is full.
 */
int	pull_from(const uint8_t pub[32]);
/* The same from everybody we know of; how many these are. */
unsigned pull_all(void);
/* The journal has grown: there may be nodes that are new. */
void	pull_look(void);
/*
 * How far we are with everybody and what was cosigned onto the disk, so that a
 * restart goes on from there. ending: it is the last time.
 */
void	pull_save(int ending);

#endif
