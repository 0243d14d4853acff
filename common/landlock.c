/*
 * landlock.c -- nothing of the file system, the TCP ports, abstract sockets
 * and signals of others, where the kernel has Landlock. Spoken to directly:
 * Debian 12's C library and headers know the first version only.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "landlock.h"
#include "log.h"

/* Numbers of the kernel's interface, newest first known to us: version 7. */
#define LL_FS_EXECUTE		(UINT64_C(1) << 0)
#define LL_FS_WRITE_FILE	(UINT64_C(1) << 1)
#define LL_FS_READ_FILE		(UINT64_C(1) << 2)
#define LL_FS_READ_DIR		(UINT64_C(1) << 3)
#define LL_FS_REMOVE_FILE	(UINT64_C(1) << 5)
#define LL_FS_MAKE_REG		(UINT64_C(1) << 8)
#define LL_NET_CONNECT		(UINT64_C(1) << 1)
#define LL_RULE_PATH_BENEATH	1
#define LL_RULE_NET_PORT	2
#define LL_ASK_VERSION		1

struct ll_ruleset {
	uint64_t fs, net, scoped;
};

struct ll_path {
	uint64_t allowed;
	int32_t	 fd;
} __attribute__((packed));

struct ll_port {
	uint64_t allowed, port;
};

/* Accesses that each version can take away; later versions take what 7 does. */
static uint64_t
fs_accesses(long version)
{
	if (version < 2)
		return (UINT64_C(1) << 13) - 1;
	if (version < 3)
		return (UINT64_C(1) << 14) - 1;	/* + link or rename across */
	if (version < 5)
		return (UINT64_C(1) << 15) - 1;	/* + truncate */
	return (UINT64_C(1) << 16) - 1;		/* + ioctl on devices */
}

static size_t
ruleset_size(long version)
{
	return version < 4 ? 8 : version < 6 ? 16 : 24;
}

static const uint64_t accesses[] = {
	[LANDLOCK_REMOVE] = LL_FS_REMOVE_FILE,
	[LANDLOCK_KEEP] = LL_FS_WRITE_FILE | LL_FS_READ_FILE | LL_FS_READ_DIR |
	    LL_FS_MAKE_REG,
	[LANDLOCK_RUN] = LL_FS_READ_FILE | LL_FS_READ_DIR | LL_FS_EXECUTE,
};

static void
restrict_to(const int *dirfd, unsigned n, uint64_t access, uint16_t dial)
{
	struct ll_ruleset	rs = { 0, 0, 0 };
	struct ll_path		path = { access, -1 };
	struct ll_port		port = { LL_NET_CONNECT, dial };
	long			version;
	int			fd;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0, LL_ASK_VERSION);
	if (version < 1) {
		if (errno != ENOSYS && errno != EOPNOTSUPP)
			fatal("landlock: version");
		log_debug("landlock: this kernel has none");
		return;
	}
	rs.fs = fs_accesses(version);
	rs.net = 3;		/* bind and connect of TCP */
	rs.scoped = 3;		/* abstract sockets, signals */
	fd = (int)syscall(SYS_landlock_create_ruleset, &rs,
	    ruleset_size(version), 0);
	if (fd == -1)
		fatal("landlock: ruleset");
	while (n-- > 0) {
		path.fd = dirfd[n];
		if (syscall(SYS_landlock_add_rule, fd, LL_RULE_PATH_BENEATH,
		    &path, 0) == -1)
			fatal("landlock: rule for a folder");
	}
	if (dial != 0 && version >= 4 && syscall(SYS_landlock_add_rule, fd,
	    LL_RULE_NET_PORT, &port, 0) == -1)
		fatal("landlock: rule for TCP port %u", dial);
	if (syscall(SYS_landlock_restrict_self, fd, 0) == -1)
		fatal("landlock: restrict");
	close(fd);
}

void
landlock_shut(const int *dirfd, unsigned n, enum landlock_may may,
    uint16_t dial)
{
	restrict_to(dirfd, n, accesses[may], dial);
}

void
landlock_exec(int fd)
{
	/* The kernel reads what it executes. */
	restrict_to(&fd, 1, LL_FS_EXECUTE | LL_FS_READ_FILE, 0);
}
