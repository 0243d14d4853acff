/* landlock.h -- used by sandbox.c only; needs no_new_privs. */
#ifndef LANDLOCK_H
#define LANDLOCK_H

/* Fatal when the kernel has Landlock and refuses; silent when it has none.
 * Beneath dirfd files may still be removed; -1: nothing may. */
void	landlock_shut(int dirfd);

#endif
