/* seccomp.c -- the system calls a room may make, expanded from sys.def. */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>

#include "log.h"
#include "sandbox.h"

/* Struct initialisers of the conditions that sys.def knows. */
#define IS(arg, value)	{ arg, SCMP_CMP_EQ, (scmp_datum_t)(value), 0 }
#define HAS(arg, bits)	{ arg, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(bits), (scmp_datum_t)(bits) }
#define LACKS(arg, bits) { arg, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(bits), 0 }
#define COND_MAX	3

struct sys_row {
	enum proc_id		 room;
	int			 nr;
	const char		*name;
	unsigned		 ncond;
	struct scmp_arg_cmp	 cond[COND_MAX];
};

#define NCOND(...)	(sizeof((struct scmp_arg_cmp[]){ __VA_ARGS__ }) /	\
			 sizeof(struct scmp_arg_cmp))
static const struct sys_row sys_row[] = {
#define SYS(ROOM, call, reason)						\
	{ .room = PROC_##ROOM, .nr = SCMP_SYS(call), .name = #call },
#define SYS_IF(ROOM, call, reason, ...)					\
	{ .room = PROC_##ROOM, .nr = SCMP_SYS(call), .name = #call,	\
	  .ncond = NCOND(__VA_ARGS__), .cond = { __VA_ARGS__ } },
#include "sys.def"
};

#ifdef BASTIDE_SANITIZE
/*
 * What the sanitizers' own runtime does on top. Test builds only: it allocates
 * behind our back, and on a report it looks for a symbolizer, which must fail
 * rather than kill, or the report is lost.
 */
static const int runtime_maps[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
static const int runtime_may[] = { SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigaction), SCMP_SYS(futex), SCMP_SYS(sched_yield),
    SCMP_SYS(getrlimit), SCMP_SYS(prlimit64), SCMP_SYS(lseek),
    SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(brk),
    SCMP_SYS(mremap), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(getrandom) };
static const int runtime_fails[] = { SCMP_SYS(open), SCMP_SYS(openat),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat), SCMP_SYS(clone),
    SCMP_SYS(clone3), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(pipe),
    SCMP_SYS(pipe2), SCMP_SYS(prctl), SCMP_SYS(access), SCMP_SYS(ioctl),
    SCMP_SYS(getppid), SCMP_SYS(dup), SCMP_SYS(process_vm_readv) };

/* Leaks are looked for by a thread that traces us: not from in here. */
static int is_shut;
int	__lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return is_shut;
}

/* A rule without conditions would stand over those of the room's own row. */
static int
is_named(enum proc_id me, int nr)
{
	size_t i;

	for (i = 0; i < sizeof(sys_row) / sizeof(sys_row[0]); i++)
		if (sys_row[i].room == me && sys_row[i].nr == nr)
			return 1;
	return 0;
}

static int
allow_runtime(enum proc_id me, scmp_filter_ctx ctx)
{
	static const struct scmp_arg_cmp not_exec[] = { LACKS(2, PROT_EXEC),
	    HAS(3, MAP_ANONYMOUS) };
	size_t i;

	for (i = 0; i < sizeof(runtime_maps) / sizeof(runtime_maps[0]); i++)
		if (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, runtime_maps[i],
		    runtime_maps[i] == SCMP_SYS(mmap) ? 2 : 1, not_exec) != 0)
			return -1;
	for (i = 0; i < sizeof(runtime_may) / sizeof(runtime_may[0]); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, runtime_may[i],
		    0) != 0)
			return -1;
	for (i = 0; i < sizeof(runtime_fails) / sizeof(runtime_fails[0]); i++)
		if (!is_named(me, runtime_fails[i]) && seccomp_rule_add(ctx,
		    SCMP_ACT_ERRNO(EPERM), runtime_fails[i], 0) != 0)
			return -1;
	is_shut = 1;
	return 0;
}
#else
static int
allow_runtime(enum proc_id me, scmp_filter_ctx ctx)
{
	(void)me;
	(void)ctx;
	return 0;
}
#endif

void
sandbox_seccomp(enum proc_id me)
{
	const struct sys_row	*row;
	scmp_filter_ctx		 ctx;
	size_t			 i;
	const struct rlimit	 none = { 0, 0 };
	int			 r;

	if (me != PROC_MACROCTL && setrlimit(RLIMIT_NPROC, &none) == -1)
		fatal("limit processes to 0");
	if ((ctx = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL)
		fatalx("seccomp: cannot begin a filter");
	/* A call of another architecture's table (i386, x32) ends us too. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS) != 0)
		fatalx("seccomp: cannot refuse other architectures");
	/* Threads that a room started before this are no way around it. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) != 0)
		fatalx("seccomp: cannot filter every thread");
	/* Search by halves; the packet path passes here at every call. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
		fatalx("seccomp: cannot order the filter");
	for (i = 0; i < sizeof(sys_row) / sizeof(sys_row[0]); i++) {
		row = &sys_row[i];
		if (row->room != me)
			continue;
		r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, row->nr,
		    row->ncond, row->cond);
		if (r != 0)
			fatalx("seccomp: rule for %s (%d)", row->name, r);
	}
	if (allow_runtime(me, ctx) == -1)
		fatalx("seccomp: rules of the sanitizers");
	if ((r = seccomp_load(ctx)) != 0)
		fatalx("seccomp: the kernel refuses the filter (%d)", r);
	seccomp_release(ctx);
}
