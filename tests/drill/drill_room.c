/*
 * drill_room.c -- code that runs inside a room tries what it must not.
 *
 * room: common
 *
 * Each attempt is made three times: outside, as root, where it must succeed
 * (else the test would prove nothing); behind the whole sandbox of a room; and,
 * where a second wall stands behind seccomp, behind the drop alone. Then
 * a room says every message of msg.def that is not its own. Needs root.
 */
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "log.h"
#include "ring.h"
#include "sandbox.h"

enum { DID = 0, DENIED = 1, BROKEN = 2 };

static char	key_path[64];
static pid_t	sibling;
static int	ring_fd, loose_fd, wake_fd, leash[2];
static int	ntest, nbad;

/* -- attempts: 0 when it went through -------------------------------------- */

static int
open_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd == -1 ? -1 : close(fd);
}

static int
try_open_a_file(void)
{
	return open_path("/etc/passwd", O_RDONLY);
}

static int
try_read_the_key(void)
{
	return open_path(key_path, O_RDONLY);
}

static int
try_write_a_sysctl(void)
{
	return open_path("/proc/sys/net/ipv6/conf/all/forwarding", O_WRONLY);
}

static int
try_read_own_memory_file(void)
{
	return open_path("/proc/self/mem", O_RDWR);
}

static int
try_make_a_file_in_memory(void)
{
	return memfd_create("x", MFD_CLOEXEC) == -1 ? -1 : 0;
}

static int
try_make_a_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) == -1 ? -1 : 0;
}

static int
try_make_a_raw_socket(void)
{
	return socket(AF_INET6, SOCK_RAW, 58) == -1 ? -1 : 0;
}

static int
try_make_a_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) == -1 ? -1 : 0;
}

static int
try_speak_to_nftables(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) == -1 ? -1 : 0;
}

static int
try_execute(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return -1;
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid == -1 ? -1 : 0;
}

static int
try_trace_a_sibling(void)
{
	if (ptrace(PTRACE_ATTACH, sibling, NULL, NULL) == -1)
		return -1;
	waitpid(sibling, NULL, __WALL);
	return (int)ptrace(PTRACE_DETACH, sibling, NULL, NULL);
}

static int
try_signal_a_sibling(void)
{
	return kill(sibling, SIGCONT);
}

/* F_SETOWN sends signals without kill(2). */
static int
try_tie_a_leash_to_a_sibling(void)
{
	return fcntl(leash[0], F_SETOWN, sibling) == -1 ||
	    fcntl(leash[0], F_SETFL, O_ASYNC) == -1 ? -1 : 0;
}

static int
try_read_the_memory_of_a_sibling(void)
{
	char		c;
	struct iovec	mine = { &c, 1 }, theirs = { &sibling, 1 };

	return process_vm_readv(sibling, &mine, 1, &theirs, 1, 0) == 1 ? 0 : -1;
}

static int
try_mount(void)
{
	return mount("x", "/", "tmpfs", 0, NULL);
}

static int
try_become_root(void)
{
	return setresuid(0, 0, 0);
}

static int
try_make_a_user_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int
try_leave_the_network_namespace(void)
{
	return unshare(CLONE_NEWNET);
}

static int
try_become_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1);
}

static int
try_map_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int
try_make_memory_executable(void)
{
	static char page[8192];
	char	   *at = (char *)(((uintptr_t)page + 4095) & ~(uintptr_t)4095);

	return mprotect(at, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int
try_map_the_ring_again(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd,
	    0) == MAP_FAILED ? -1 : 0;
}

/* An eventfd of the ring that can block would hang the neighbour's read. */
static int
try_make_a_shared_descriptor_block(void)
{
	return fcntl(wake_fd, F_SETFL, 0);
}

/* Of a socket that it has: what it hears is its own affair, all else is not. */
static int
try_change_a_socket(void)
{
	int big = 1 << 20;

	return setsockopt(leash[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
}

static int
try_resize_shared_memory(void)
{
	return ftruncate(loose_fd, 4096);
}

#ifdef __x86_64__
static int
try_call_through_another_table(void)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory");
	return r > 0 ? 0 : -1;		/* getpid of i386 */
}
#endif

static const struct attempt {
	const char	*name;
	int		(*act)(void);
	int		 second_wall;	/* holds without seccomp, too */
	int		 is_file;	/* is for Landlock to refuse */
} attempt[] = {
	{ "open_a_file", try_open_a_file, 1, 1 },
	{ "read_the_key", try_read_the_key, 1, 1 },
	{ "write_a_sysctl", try_write_a_sysctl, 1, 1 },
	{ "read_own_memory_file", try_read_own_memory_file, 1, 1 },
	{ "make_a_file_in_memory", try_make_a_file_in_memory, 0, 0 },
	{ "make_a_socket", try_make_a_socket, 0, 0 },
	{ "make_a_raw_socket", try_make_a_raw_socket, 1, 0 },
	{ "make_a_packet_socket", try_make_a_packet_socket, 1, 0 },
	{ "speak_to_nftables", try_speak_to_nftables, 0, 0 },
	{ "execute", try_execute, 1, 1 },
	{ "fork", try_fork, 1, 0 },
	{ "trace_a_sibling", try_trace_a_sibling, 1, 0 },
	{ "signal_a_sibling", try_signal_a_sibling, 1, 0 },
	{ "tie_a_leash_to_a_sibling", try_tie_a_leash_to_a_sibling, 0, 0 },
	{ "read_the_memory_of_a_sibling", try_read_the_memory_of_a_sibling, 1, 0 },
	{ "mount", try_mount, 1, 0 },
	{ "become_root", try_become_root, 1, 0 },
	{ "make_a_user_namespace", try_make_a_user_namespace, 0, 0 },
	{ "leave_the_network_namespace", try_leave_the_network_namespace, 1, 0 },
	{ "become_dumpable", try_become_dumpable, 0, 0 },
	{ "map_executable_memory", try_map_executable_memory, 0, 0 },
	{ "make_memory_executable", try_make_memory_executable, 0, 0 },
	{ "map_the_ring_again", try_map_the_ring_again, 0, 0 },
	{ "make_a_shared_descriptor_block", try_make_a_shared_descriptor_block, 0, 0 },
	{ "change_a_socket", try_change_a_socket, 0, 0 },
	{ "resize_shared_memory", try_resize_shared_memory, 0, 0 },
#ifdef __x86_64__
	{ "call_through_another_table", try_call_through_another_table, 0, 0 },
#endif
};

/* -- running one ----------------------------------------------------------- */

enum walls { NO_WALL, SECOND_WALL, ALL_WALLS };

static void
result(int good, const char *room, const char *what, const char *name,
    const char *detail)
{
	ntest++;
	nbad += !good;
	printf("%s %d - %s%s%s%s\n", good ? "ok" : "not ok", ntest, room, what,
	    name, detail);
	fflush(stdout);
}

static void
enter(enum proc_id me, enum walls walls)
{
	static const struct rlimit none = { 0, 0 };

	if (walls == NO_WALL) {
		/* What it mounts must not reach the machine. */
		if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL,
		    MS_REC | MS_PRIVATE, NULL) == -1)
			_exit(BROKEN);
		return;
	}
	if (me == PROC_PRIVD)
		sandbox_drop_privd(NULL, 0);
	else if (me == PROC_CRYPTOD)
		sandbox_drop_helped(me, 1);
	else
		sandbox_drop_dial(me, 0);
	if (walls == ALL_WALLS)
		sandbox_seccomp(me);
	/* It comes with the filter, for cryptod's threads start in between. */
	else if (me == PROC_CRYPTOD && setrlimit(RLIMIT_NPROC, &none) == -1)
		_exit(BROKEN);
}

/* DID, DENIED (refused, or killed for asking) or BROKEN. */
static int
run(enum proc_id me, enum walls walls, int (*act)(void))
{
	pid_t	pid;
	int	st;

	if ((pid = fork()) == 0) {
		prctl(PR_SET_DUMPABLE, 0);
		enter(me, walls);
		_exit(act() == -1 ? DENIED : DID);
	}
	if (pid == -1 || waitpid(pid, &st, 0) != pid)
		return BROKEN;
	if (WIFSIGNALED(st))
		return WTERMSIG(st) == SIGSYS ? DENIED : BROKEN;
	return WEXITSTATUS(st) <= DENIED ? WEXITSTATUS(st) : BROKEN;
}

static int
has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
}

static void
drill(enum proc_id me, const struct attempt *a)
{
	const char *room = proc_row[me].name;

	if (run(me, NO_WALL, a->act) != DID) {
		result(1, room, "_cannot_", a->name,
		    " # SKIP not possible outside either, on this machine");
		return;
	}
	result(run(me, ALL_WALLS, a->act) == DENIED, room, "_cannot_", a->name,
	    "");
	/* privd is root in the machine's own root: Landlock is all that is left. */
	if (me == PROC_PRIVD ? a->is_file && has_landlock() : a->second_wall)
		result(run(me, SECOND_WALL, a->act) == DENIED, room,
		    "_without_seccomp_cannot_", a->name, "");
}

/* -- messages that are not ours -------------------------------------------- */

static struct chan here, there;
static uint8_t	   raw[MSG_LEN_MAX];
static size_t	   raw_len;

static int
say_raw(void)
{
	struct iovec	iov = { raw, raw_len };
	struct msghdr	mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	return sendmsg(there.fd, &mh, MSG_NOSIGNAL) == (ssize_t)raw_len ? 0 :
	    -1;
}

/* Every field at its lowest, from the table. */
static void
make_least(enum msg_type type)
{
	union msg_any	m;
	enum refusal	why;
	int		n;

	memset(&m, 0, sizeof(m));
	m.req = 1;
	switch (type) {
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
	case MSG_##NAME: { struct msg_##name *p = &m.name; (void)p;
#define U8(field, lo, hi, doc)	p->field = lo;
#define U16(field, lo, hi, doc)	p->field = lo;
#define U32(field, lo, hi, doc)	p->field = lo;
#define U64(field, lo, hi, doc)	p->field = lo;
#define STR(field, max, doc)	strcpy(p->field, "a");
#define END(NAME, name)		} break;
#include "msg.def"
	default:
		break;
	}
	n = msg_encode(type, &m, raw, sizeof(raw), &why);
	if (n == -1)
		fatalx("%s cannot be encoded", msg_row[type].name);
	raw_len = (size_t)n;
}

static enum chan_result
hear(enum proc_id me, enum proc_id peer, unsigned phase, enum refusal *why)
{
	union msg_any		m;
	enum msg_type		type;
	int			fds[MSG_NFD_MAX];
	enum chan_result	got;

	if (chan_pair(peer, me, &here, &there) == -1)
		return CHAN_GONE;
	here.phase = phase;
	got = run(me, ALL_WALLS, say_raw) == DID ?
	    chan_recv(&here, &type, &m, fds) : CHAN_GONE;
	*why = here.why;
	close(here.fd);
	close(there.fd);
	return got;
}

/* One row, said by me to peer: must be refused unless it is mine to say. */
static void
drill_row(enum proc_id me, enum proc_id peer, enum msg_type type)
{
	const struct msg_row	*row = &msg_row[type];
	int			 lawful = row->from == me && row->to == peer;
	enum refusal		 why;
	enum chan_result	 got;
	char			 text[96];

	make_least(type);
	got = hear(me, peer, row->when & RUN ? RUN : BOOT, &why);
	snprintf(text, sizeof(text), "%s_to_%s_%s", row->name,
	    proc_row[peer].name, lawful ? "passes" : "is_refused");
	result(lawful ? got == CHAN_MSG : got == CHAN_RULE &&
	    (why == REFUSE_MSG_WRONG_SENDER || why == REFUSE_MSG_WRONG_ROOM),
	    proc_row[me].name, "_saying_", text, "");
}

static void
drill_messages(enum proc_id me)
{
	unsigned	peer;
	int		t;

	for (peer = 0; peer < PROC_MAX; peer++)
		for (t = MSG_NONE + 1; t < MSG_MAX; t++)
			if (msg_doors(me) & 1U << peer)
				drill_row(me, peer, t);
}

/* -- what the drills need --------------------------------------------------- */

static void
sealed_ring(void)
{
	result(ftruncate(ring_fd, 0) == -1 && errno == EPERM, "the_ring",
	    "_cannot_", "shrink", "");
	result(ftruncate(ring_fd, 1 << 30) == -1 && errno == EPERM, "the_ring",
	    "_cannot_", "grow", "");
	result(fcntl(ring_fd, F_ADD_SEALS, F_SEAL_WRITE) == -1 &&
	    errno == EPERM, "the_ring", "_cannot_", "be_sealed_further", "");
}

static void
prepare(void)
{
	int fd;

	strcpy(key_path, "/tmp/drill-key-XXXXXX");
	if ((fd = mkstemp(key_path)) == -1)
		fatal("%s", key_path);
	close(fd);
	if ((sibling = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();	/* as every room has, or SIGCONT would be allowed */
		for (;;)
			pause();
	}
	ring_fd = ring_create(64, 2048);
	loose_fd = memfd_create("loose", MFD_CLOEXEC);
	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (sibling == -1 || ring_fd == -1 || loose_fd == -1 || wake_fd == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, leash) == -1)
		fatal("prepare the drill");
}

int
main(void)
{
	static const enum proc_id room[] = { PROC_PRIVD, PROC_NETD,
	    PROC_CRYPTOD };
	static const enum proc_id speaks[] = { PROC_NETD, PROC_CRYPTOD,
	    PROC_DIRD, PROC_MACROCTL };
	size_t			  i, j;

	log_init("drill", "error");
	if (geteuid() != 0) {
		puts("1..0 # SKIP needs root");
		return 0;
	}
	prepare();
	for (i = 0; i < sizeof(room) / sizeof(room[0]); i++)
		for (j = 0; j < sizeof(attempt) / sizeof(attempt[0]); j++)
			drill(room[i], &attempt[j]);
	for (i = 0; i < sizeof(speaks) / sizeof(speaks[0]); i++)
		drill_messages(speaks[i]);
	sealed_ring();
	kill(sibling, SIGKILL);
	unlink(key_path);
	printf("1..%d\n", ntest);
	return nbad != 0;
}
