/* lent.h -- what is lent over the mesh, held against the journal. */
#ifndef LENT_H
#define LENT_H

#include "lend_run.h"

/* Once, when the doors are watched. */
void	lent_start(void);
/* The journal grew, or a grant was made: take back what does not stand. */
void	lent_look(void);
/* May this be lent, as the journal is now? */
int	lent_stands(const struct loan *);
/* The mesh address of a did's NodeRecord. 0, or -1: none. */
int	lent_address(const char *did, uint8_t ip6[16]);

#endif
