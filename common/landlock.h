/* landlock.h -- used by sandbox.c and macroctl's box.c only; needs no_new_privs. */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdint.h>

/* What may still happen beneath a folder: files removed; or made, written,
 * read; or read and executed. */
enum landlock_may { LANDLOCK_REMOVE, LANDLOCK_KEEP, LANDLOCK_RUN };

/*
 * Fatal when the kernel has Landlock and refuses; silent when it has none.
 * Beneath each of the n folders `may` is all that is left; elsewhere nothing.
 * TCP connects to port `dial` only; 0: to none.
 */
void	landlock_shut(const int *dirfd, unsigned n, enum landlock_may,
	    uint16_t dial);
/* One more wall: this file may be executed, and nothing else is left. */
void	landlock_exec(int fd);

#endif
