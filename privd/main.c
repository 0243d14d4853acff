/* main.c -- privd's arguments, and its first precautions. */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOG_TARGET "bastide::privd"
#include "log.h"
#include "nft.h"
#include "privd.h"
#include "sandbox.h"

#define EXIT_USAGE	2

static void
usage(FILE *f)
{
	fprintf(f, "usage: privd [-hnFV] [-c FILE] [-r RUNTIME_DIR] "
	    "[-s STATE_DIR]\n"
	    "  -c  configuration (/etc/fips/fips.yaml)\n"
	    "  -r  control socket and the like (/run/bastide)\n"
	    "  -s  identity (/var/lib/bastide)\n"
	    "  -n  check the configuration, start nothing\n"
	    "  -F  take away the nftables table of what is lent, start nothing\n"
	    "  -V  version\n");
}

/* What is lent outlives the house; this is how it goes for good. */
static int
forget(void)
{
	log_init("privd", NULL);
	if (nft_open() == -1 || nft_remove() == -1)
		fatal("take away the table inet bastide");
	return 0;
}

/* Folders are named in messages and to netd: they must mean the same there. */
static const char *
absolute(const char *path)
{
	char	*cwd, *abs;

	if (path[0] == '/')
		return path;
	if ((cwd = getcwd(NULL, 0)) == NULL ||
	    asprintf(&abs, "%s/%s", cwd, path) == -1)
		fatal("where %s is", path);
	free(cwd);
	return abs;
}

static void
parse_args(int argc, char *argv[])
{
	int c;

	house.runtime_dir = "/run/bastide";
	house.state_dir = "/var/lib/bastide";
	while ((c = getopt(argc, argv, "c:r:s:nFVh")) != -1)
		switch (c) {
		case 'c':
			house.conf_path = absolute(optarg);
			break;
		case 'r':
			house.runtime_dir = absolute(optarg);
			break;
		case 's':
			house.state_dir = absolute(optarg);
			break;
		case 'n':
			house.check_only = 1;
			break;
		case 'F':
			exit(forget());
		case 'V':
			puts("privd " VERSION);
			exit(0);
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(EXIT_USAGE);
		}
	if (optind < argc) {
		fprintf(stderr, "privd: what is '%s'?\n", argv[optind]);
		usage(stderr);
		exit(EXIT_USAGE);
	}
}

/*
 * stderr anew, for privd and the rooms alike: for writing only, since a
 * terminal can be read through it, and without waiting, so that a reader who
 * is stopped stops nobody here. Files never wait, and log.c asks sockets not to.
 */
static void
own_stderr(void)
{
	struct stat	st;
	int		fd;

	if (fstat(STDERR_FILENO, &st) == -1 ||
	    !(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return;
	fd = open("/proc/self/fd/2",
	    O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return;		/* nobody is left to read it */
	if (dup2(fd, STDERR_FILENO) == -1)
		fatal("stderr");
	close(fd);
}

static void
precautions(void)
{
	struct rlimit	no = { 0, 0 };
	ssize_t		n;

	/* A door must not land where one of them was closed. */
	room_stdio();
	own_stderr();
	umask(077);
	if (prctl(PR_SET_DUMPABLE, 0) == -1 || setrlimit(RLIMIT_CORE, &no) == -1)
		fatal("no core files");
	n = readlink("/proc/self/exe", house.exe, sizeof(house.exe) - 1);
	if (n == -1)
		fatal("/proc/self/exe; is /proc mounted?");
	house.exe[n] = '\0';
	/* Keep no file system busy; every path is absolute by now. */
	if (chdir("/") == -1)
		fatal("working directory");
}

int
main(int argc, char *argv[])
{
	parse_args(argc, argv);
	log_init("privd", getenv("RUST_LOG"));
	if (log_strange() != NULL)
		log_write(LVL_WARN, LOG_TARGET, "RUST_LOG: ignored: %s", log_strange());
	precautions();
	if (geteuid() != 0)
		fatalx("privd opens sockets, TUN and namespaces, and gives all "
		    "of it up again; start it as root");
	notify_open(getenv("NOTIFY_SOCKET"));
	return house_run();
}
