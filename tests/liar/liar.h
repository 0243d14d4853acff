/* liar.h -- what every liar needs: chance, and ends that cannot be mistaken. */
#ifndef LIAR_H
#define LIAR_H

#include <stdint.h>

/* The exit status of a room that allocated where it may not. */
enum { ALLOCATED = 79 };

/* What the chance of a run grew from; 0 unless the liar sets it. */
extern unsigned	seed;

/* 0 to n - 1. */
uint32_t	any(uint32_t n);
/* From here on this process lives with the memory that it has. */
void		forbid_memory(void);

#endif
