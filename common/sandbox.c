/*
 * sandbox.c -- what a process gives up for good, step by step. Knows accounts,
 * namespaces, capabilities and limits; seccomp.c and landlock.c do the rest.
 */
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "landlock.h"
#include "log.h"
#include "sandbox.h"

/* Always there on Debian; covered in our own mount namespace only. */
#define COVER	"/tmp"

#define SECBITS	(SECBIT_KEEP_CAPS_LOCKED |				\
		 SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |	\
		 SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |			\
		 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

/* Of the kernel's interface; Debian 12's C library has no name for it. */
#define TREE_CLONE	1u

/* Of all who run planners, a thousand callers at once included. */
#define PLANNERS_MAX	4096

/* What a room starts once it has dropped: nothing, its own threads, planners. */
enum starts { STARTS_NOTHING, STARTS_HELPERS, STARTS_PLANNERS };

struct account {
	uid_t	uid;
	gid_t	gid;
};

/*
 * From the file alone, and while it can still be read: the name service would
 * load others' code into a room that may hold the key by now.
 */
static struct account
account_of(enum proc_id id)
{
	struct account	 a = { proc_row[id].uid, proc_row[id].uid };
	struct passwd	*pw;
	FILE		*f = fopen("/etc/passwd", "re");

	while (f != NULL && (pw = fgetpwent(f)) != NULL)
		if (strcmp(pw->pw_name, proc_row[id].user) == 0) {
			a = (struct account){ pw->pw_uid, pw->pw_gid };
			break;
		}
	if (f != NULL)
		fclose(f);
	return a;
}

void
sandbox_account(enum proc_id id, uid_t *uid, gid_t *gid)
{
	struct account	a = account_of(id);

	*uid = a.uid;
	*gid = a.gid;
}

/* One user for two rooms would be a way from one to the other. */
static struct account
own_account(enum proc_id me)
{
	struct account	a = account_of(me), b;
	unsigned	p;

	if (a.uid == 0 || a.gid == 0)
		fatalx("account %s is root; give it another number",
		    proc_row[me].user);
	for (p = 0; p < PROC_MAX; p++) {
		b = account_of(p);
		if (p != me && (a.uid == b.uid || a.gid == b.gid))
			fatalx("accounts %s and %s share a number; give each "
			    "its own user and group", proc_row[me].user,
			    proc_row[p].user);
	}
	return a;
}

int
sandbox_alone(int dir)
{
	int tree = (int)syscall(SYS_open_tree, dir, "",
	    TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH), fd = -1, err;

	if (tree != -1)
		fd = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = errno;
	if (tree != -1)
		close(tree);
	close(dir);
	errno = err;
	return fd;
}

/*
 * At most n. Where the limit is lower already (a container that may not raise
 * it) it stays; who needs more finds out when the kernel says no.
 */
static void
limit(int what, const char *name, rlim_t n)
{
	struct rlimit	rl;

	if (getrlimit(what, &rl) == -1)
		fatal("read the limit of %s", name);
	if (rl.rlim_max > n)
		rl.rlim_max = n;
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(what, &rl) == -1)
		fatal("limit %s to %ju", name, (uintmax_t)rl.rlim_max);
}

static void
drop_limits(enum proc_id me, enum starts starts, int files)
{
	struct stat	st;

	limit(RLIMIT_CORE, "core", 0);
	/* Who has helpers to start has this when the filter comes. */
	if (starts != STARTS_HELPERS)
		limit(RLIMIT_NPROC, "processes",
		    starts == STARTS_PLANNERS ? PLANNERS_MAX : 0);
	limit(RLIMIT_NOFILE, "descriptors", proc_row[me].nofile);
	limit(RLIMIT_MEMLOCK, "locked memory",
	    (rlim_t)proc_row[me].memlock_kb * 1024);
	limit(RLIMIT_MSGQUEUE, "message queues", 0);
	/* A log that goes to a file must still grow, and so must a folder's.
	 * What a person called may answer into one. */
	if (!files && (fstat(STDERR_FILENO, &st) == -1 || !S_ISREG(st.st_mode)))
		limit(RLIMIT_FSIZE, "file size", 0);
}

/*
 * A mount namespace of our own whose root is an empty read-only tmpfs. Where
 * the root cannot be pivoted (an initramfs, a bare chroot) chroot does, and
 * holds: no capability and no directory descriptor is left to climb out with.
 */
static void
drop_root(void)
{
	if (unshare(CLONE_NEWNS) == -1)
		fatal("empty root: own mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		fatal("empty root: private mounts");
	if (mount("bastide", COVER, "tmpfs",
	    MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    "mode=0555,size=4k,nr_inodes=2") == -1)
		fatal("empty root: mount");
	if (chdir(COVER) == -1)
		fatal("empty root: enter");
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) == -1)
			fatal("empty root: let go of the old root");
	} else if (errno != EINVAL || chroot(".") == -1)
		fatal("empty root: change root");
	if (chdir("/") == -1)
		fatal("empty root: working directory");
}

/* Everything but keep; -1 keeps nothing. Needs CAP_SETPCAP for the first half. */
static void
drop_bounds(cap_value_t keep)
{
	cap_value_t c;

	if (cap_reset_ambient() == -1)
		fatal("clear ambient capabilities");
	for (c = 0; CAP_IS_SUPPORTED(c); c++)
		if (c != keep && cap_drop_bound(c) == -1)
			fatal("drop capability %d from the bounding set", c);
	if (prctl(PR_SET_SECUREBITS, SECBITS) == -1)
		fatal("lock the securebits");
}

static void
drop_caps(cap_value_t keep)
{
	cap_t	want = cap_init(), have;

	if (want == NULL || (keep != -1 &&
	    (cap_set_flag(want, CAP_PERMITTED, 1, &keep, CAP_SET) == -1 ||
	    cap_set_flag(want, CAP_EFFECTIVE, 1, &keep, CAP_SET) == -1)))
		fatal("prepare capabilities");
	if (cap_set_proc(want) == -1)
		fatal("drop capabilities");
	if ((have = cap_get_proc()) == NULL || cap_compare(have, want) != 0)
		fatalx("capabilities are still there after the drop");
	cap_free(have);
	cap_free(want);
}

static void
drop_user(const struct account *a)
{
	uid_t	r, e, s;

	if (setgroups(0, NULL) == -1)
		fatal("drop groups");
	if (setresgid(a->gid, a->gid, a->gid) == -1)
		fatal("change to group %u", a->gid);
	if (setresuid(a->uid, a->uid, a->uid) == -1)
		fatal("change to user %u", a->uid);
	if (getresuid(&r, &e, &s) == -1 || r != a->uid || e != a->uid ||
	    s != a->uid)
		fatalx("still another user after the change to %u", a->uid);
}

static void
drop_rest(const int *dirfd, unsigned n, enum landlock_may may, uint16_t dial)
{
	/* A change of user or capabilities has reset both of these. */
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		fatal("not dumpable");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("no new privileges");
	landlock_shut(dirfd, n, may, dial);
}

static void
drop_all(enum proc_id me, int new_netns, enum starts starts, const int *dirfd,
    unsigned n, uint16_t dial)
{
	struct account	a = own_account(me);

	drop_limits(me, starts, n > 0 || starts == STARTS_PLANNERS);
	if (new_netns && unshare(CLONE_NEWNET) == -1)
		fatal("empty network namespace");
	drop_root();
	drop_bounds(-1);
	drop_user(&a);
	drop_caps(-1);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		fatal("die with privd");
	drop_rest(dirfd, n, starts == STARTS_PLANNERS ? LANDLOCK_RUN :
	    LANDLOCK_KEEP, dial);
}

void
sandbox_drop_dial(enum proc_id me, uint16_t port)
{
	drop_all(me, 0, STARTS_NOTHING, NULL, 0, port);
}

void
sandbox_drop_helped(enum proc_id me, int new_netns)
{
	drop_all(me, new_netns, STARTS_HELPERS, NULL, 0, 0);
}

void
sandbox_drop_but(enum proc_id me, int new_netns, int dirfd)
{
	drop_all(me, new_netns, STARTS_HELPERS, &dirfd, 1, 0);
}

void
sandbox_drop_run(enum proc_id me, int dirfd)
{
	drop_all(me, 1, STARTS_PLANNERS, &dirfd, dirfd != -1, 0);
}

void
sandbox_drop_privd(const int *dirfd, unsigned n)
{
	drop_limits(PROC_PRIVD, STARTS_NOTHING, 0);
	drop_bounds(CAP_NET_ADMIN);
	drop_caps(CAP_NET_ADMIN);
	drop_rest(dirfd, n, LANDLOCK_REMOVE, 0);
}
