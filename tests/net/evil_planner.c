/*
 * evil_planner.c -- planners as nobody would vet them, one by the name it is
 * called: evil-hang, evil-fork, evil-flood, evil-outside, evil-two, evil-open,
 * evil-net, evil-exec, evil-kill, evil-deep, evil-trace.
 */
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GOOD "{\"v\":1,\"allow\":[\"tcp/9050\"]}\n"

int
main(int argc, char *argv[])
{
	const char	*me = argc > 0 ? argv[0] : "";
	char		*args[] = { argv[0], NULL };
	int		 i;

	if (strcmp(me, "evil-hang") == 0)
		for (;;)
			continue;
	if (strcmp(me, "evil-fork") == 0)
		syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (strcmp(me, "evil-flood") == 0)
		for (i = 0; i < 160000; i++)
			printf("%064d", i);
	if (strcmp(me, "evil-outside") == 0) {
		printf("{\"v\":1,\"allow\":[\"tcp/22\"]}\n");
		return 0;
	}
	if (strcmp(me, "evil-two") == 0)
		printf(GOOD);
	if (strcmp(me, "evil-open") == 0)
		open("/etc/passwd", O_RDONLY);
	if (strcmp(me, "evil-net") == 0)
		socket(AF_UNIX, SOCK_STREAM, 0);
	if (strcmp(me, "evil-exec") == 0)
		execve("/bin/sh", args, NULL);
	if (strcmp(me, "evil-kill") == 0)
		kill(getppid(), SIGKILL);
	if (strcmp(me, "evil-trace") == 0)
		ptrace(PTRACE_ATTACH, 1, NULL, NULL);
	if (strcmp(me, "evil-deep") == 0)
		for (i = 0; i < 20000; i++)
			putchar('[');
	printf(GOOD);
	return 0;
}
