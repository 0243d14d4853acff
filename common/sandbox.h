/*
 * sandbox.h -- how a room gives things up. Every function is fatal (and names
 * the step) when the kernel will not do it; only Landlock may be absent.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "msg.h"

/* Fixed descriptors of a room: 0 and 1 are /dev/null, 2 is privd's stderr, then
 * the door to privd, then one door for each further room it talks to, in
 * order of enum proc_id. */
#define ROOM_DOOR_PRIVD	3

/* First thing in main(): umask, not dumpable, die with privd, no core, close
 * everything above the doors, ignore SIGPIPE, log_init(). */
void	room_start(enum proc_id me);
/* Descriptor number of the door between me and peer, as privd laid them out;
 * -1 when they have none. */
int	room_door_fd(enum proc_id me, enum proc_id peer);

/*
 * In order: rlimits, empty root, user and group (proc.def's account, else its
 * number), every capability and securebit, no_new_privs, Landlock. new_netns:
 * also an empty network namespace, before the user is given up. threads, unless
 * NULL, starts what threads there will be: they inherit the drop, and when it
 * returns no process or thread can be made any more.
 */
void	sandbox_drop(enum proc_id me, int new_netns, void (*threads)(void));
/*
 * privd's own drop: rlimits, every capability but CAP_NET_ADMIN, no_new_privs,
 * Landlock: removing files beneath dirfd is all that is left of the file
 * system; -1: nothing is left.
 */
void	sandbox_drop_privd(int dirfd);
/* seccomp allow-list of this room from sys.def, for every thread that runs;
 * anything else kills the process. */
void	sandbox_seccomp(enum proc_id me);

#endif
