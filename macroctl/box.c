/*
 * box.c -- between fork and the planner: it gets three descriptors and its own
 * code, and of the kernel what a static C program needs to read, write and end.
 *
 * User, capabilities, empty root and empty network are macroctl's own already;
 * what is added here is what macroctl itself still needs.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "landlock.h"
#include "macroctl.h"

#define BINARY	3

static const struct {
	int		what;
	rlim_t		n;
} limits[] = {
	/* More than WALL_MS, which ends it first and can say why. */
	{ RLIMIT_CORE, 0 }, { RLIMIT_CPU, 3 }, { RLIMIT_AS, 64 << 20 },
	{ RLIMIT_DATA, 32 << 20 }, { RLIMIT_STACK, 1 << 20 },
	{ RLIMIT_FSIZE, 0 }, { RLIMIT_NPROC, 0 }, { RLIMIT_MEMLOCK, 0 },
	{ RLIMIT_NOFILE, BINARY + 1 },
};

struct box_row {
	int			nr;
	unsigned		ncond;
	struct scmp_arg_cmp	cond[2];
};

#define IS(arg, v)	{ arg, SCMP_CMP_EQ, (scmp_datum_t)(v), 0 }
#define HAS(arg, v)	{ arg, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(v), (scmp_datum_t)(v) }
#define LACKS(arg, v)	{ arg, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(v), 0 }

/* No open, no socket, no fork, no signal to anybody. */
static const struct box_row rows[] = {
	/* Once: the descriptor is closed by it, and nothing opens another. */
	{ SCMP_SYS(execveat), 2, { IS(0, BINARY), IS(4, AT_EMPTY_PATH) } },
	{ SCMP_SYS(read), 0, { { 0 } } },
	{ SCMP_SYS(write), 0, { { 0 } } },
	{ SCMP_SYS(writev), 0, { { 0 } } },
	{ SCMP_SYS(exit_group), 0, { { 0 } } },
	{ SCMP_SYS(exit), 0, { { 0 } } },
	/* The C library's start. */
	{ SCMP_SYS(brk), 0, { { 0 } } },
	{ SCMP_SYS(arch_prctl), 0, { { 0 } } },
	{ SCMP_SYS(set_tid_address), 0, { { 0 } } },
	{ SCMP_SYS(set_robust_list), 0, { { 0 } } },
	{ SCMP_SYS(rseq), 0, { { 0 } } },
	{ SCMP_SYS(prlimit64), 2, { IS(0, 0), IS(2, 0) } },
	{ SCMP_SYS(readlinkat), 0, { { 0 } } },
	{ SCMP_SYS(readlink), 0, { { 0 } } },
	{ SCMP_SYS(getrandom), 0, { { 0 } } },
	{ SCMP_SYS(mprotect), 1, { LACKS(2, PROT_EXEC) } },
	{ SCMP_SYS(mmap), 2, { LACKS(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS) } },
	{ SCMP_SYS(munmap), 0, { { 0 } } },
	{ SCMP_SYS(fstat), 0, { { 0 } } },
	/* fstat where the C library asks so: never a path. */
	{ SCMP_SYS(newfstatat), 1, { HAS(3, AT_EMPTY_PATH) } },
};

static int
shut(void)
{
	scmp_filter_ctx	ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	size_t		i;

	if (ctx == NULL || seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS) != 0 ||
	    /* That is so already, and prctl() is not ours to ask again. */
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0) != 0)
		return -1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rows[i].nr,
		    rows[i].ncond, rows[i].cond) != 0)
			return -1;
	return seccomp_load(ctx);
}

void
box_exec(int binary, int in, int out, int err, const char *kind)
{
	char		*env[] = { NULL }, *argv[] = { NULL, NULL };
	char		 name[LEND_KIND_LEN + 1];
	struct rlimit	 rl;
	size_t		 i;

	strncpy(name, kind, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	argv[0] = name;
	/* What is moved first must not stand where another one goes. */
	binary = fcntl(binary, F_DUPFD_CLOEXEC, 10);
	in = fcntl(in, F_DUPFD_CLOEXEC, 10);
	out = fcntl(out, F_DUPFD_CLOEXEC, 10);
	err = fcntl(err, F_DUPFD_CLOEXEC, 10);
	if (dup2(in, 0) == -1 || dup2(out, 1) == -1 || dup2(err, 2) == -1 ||
	    dup3(binary, BINARY, O_CLOEXEC) == -1 ||
	    close_range(BINARY + 1, ~0U, 0) == -1)
		_exit(126);
	/* A planner need not know about descriptors that do not wait. */
	if (fcntl(0, F_SETFL, O_RDONLY) == -1 || fcntl(1, F_SETFL, O_WRONLY) ==
	    -1 || prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		_exit(126);
	landlock_exec(BINARY);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		rl.rlim_cur = rl.rlim_max = limits[i].n;
		if (setrlimit(limits[i].what, &rl) == -1)
			_exit(126);
	}
	if (shut() != 0)
		_exit(126);
	fexecve(BINARY, argv, env);
	_exit(127);
}
