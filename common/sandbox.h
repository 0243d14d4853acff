/*
 * sandbox.h -- how a room gives things up. Every function is fatal (and names
 * the step) when the kernel will not do it; only Landlock may be absent.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <sys/types.h>

#include <stdint.h>

#include "chan.h"
#include "msg.h"

/* Fixed descriptors of a room: 0 and 1 are /dev/null, 2 is privd's stderr, then
 * the door to privd, then one door for each further room it talks to, in
 * order of enum proc_id. */
#define ROOM_DOOR_PRIVD	3

/* First thing in main(): umask, not dumpable, die with privd, no core, close
 * everything above the doors, ignore SIGPIPE, log_init(). */
void	room_start(enum proc_id me);
/* For who starts without doors: 0, 1 and 2 are open, /dev/null where they were not,
 * and nothing else is. */
void	room_stdio(void);
/* Descriptor number of the door between me and peer, as privd laid them out;
 * -1 when they have none. */
int	room_door_fd(enum proc_id me, enum proc_id peer);

/*
 * A door is shut: ends this room. Once privd is gone all others go in any order and
 * nothing is wrong with that; who is gone beside a privd that lives is said.
 */
_Noreturn void room_lost(const struct chan *privd, enum proc_id lost);
/*
 * What a _send() over this door came to. One whose reader is gone leaves nothing
 * to do here: exits. One that is not read for seconds is fatal.
 */
void	room_sent(const struct chan *, int ret);

/*
 * The folder as a mount by itself: there is no way up from it, whatever the
 * kernel's Landlock can do. dir is closed. -1 with errno.
 */
int	sandbox_alone(int dir);
/* The account that room runs as: proc.def's, else its number. */
void	sandbox_account(enum proc_id, uid_t *, gid_t *);

/*
 * In order: rlimits, empty root, user and group (proc.def's account, else its
 * number), every capability and securebit, no_new_privs, Landlock. The network
 * that is there stays; TCP connects to this port only, 0: to none.
 */
void	sandbox_drop_dial(enum proc_id me, uint16_t port);
/* The same, TCP to none; threads may still be started, until sandbox_seccomp().
 * new_netns: an empty network namespace, before the user is given up. */
void	sandbox_drop_helped(enum proc_id me, int new_netns);
/* And that, but beneath dirfd files may still be made, written and read. */
void	sandbox_drop_but(enum proc_id me, int new_netns, int dirfd);
/* The same with an empty network namespace; beneath dirfd (-1: nowhere) files may
 * be read and executed, and processes started. */
void	sandbox_drop_run(enum proc_id me, int dirfd);
/*
 * privd's own drop: rlimits, every capability but CAP_NET_ADMIN, no_new_privs,
 * Landlock: removing files beneath these n folders is all that is left of the
 * file system.
 */
void	sandbox_drop_privd(const int *dirfd, unsigned n);
/*
 * No process or thread from here on (but for macroctl, which runs planners),
 * then the seccomp allow-list of this room
 * from sys.def, for every thread; anything else kills the process.
 */
void	sandbox_seccomp(enum proc_id me);

#endif
