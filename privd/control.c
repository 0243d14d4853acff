/*
 * control.c -- the local sockets: bound here, served by netd (control), dird
 * (the directory's API) and guest.c.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"

#define GROUP	"bastide"

enum { LOOKS = 20, LOOK_MS = 100 };	/* for a former house to go */

struct local {
	const char	*name;		/* below the runtime folder */
	const char	*what;
	int		 type, backlog;
	mode_t		 mode;
	char		 path[108];
	const char	*base;		/* last part of path */
	int		 dir, is_bound;
};

static struct local control = { .name = "control.sock",
    .what = "the control socket", .type = SOCK_STREAM, .backlog = 32,
    .mode = 0660, .dir = -1 };
static struct local directory = { .name = "directory.sock",
    .what = "the directory's socket", .type = SOCK_STREAM, .backlog = 32,
    .mode = 0660, .dir = -1 };
/* Root's alone; who calls waits, none is turned away. */
static struct local guests = { .name = "privd.sock",
    .what = "the guest socket", .type = SOCK_SEQPACKET, .backlog = 2048,
    .mode = 0600, .dir = -1 };
static struct local *const all[CONTROL_DIRS] = { &control, &directory, &guests };

const char *
control_path(void)
{
	return control.path;
}

unsigned
control_dirs(int fds[CONTROL_DIRS])
{
	unsigned i, n = 0;

	for (i = 0; i < CONTROL_DIRS; i++)
		if (all[i]->dir != -1)
			fds[n++] = all[i]->dir;
	return n;
}

/* Folder and name: bound by path, but owned, changed and removed by name. */
static void
find_place(struct local *l, const char *conf)
{
	char	 folder[sizeof(l->path)], *slash;
	int	 n;

	if (conf[0] != '\0')
		n = snprintf(l->path, sizeof(l->path), "%s", conf);
	else
		n = snprintf(l->path, sizeof(l->path), "%s/%s",
		    house.runtime_dir, l->name);
	if (n < 0 || (size_t)n >= sizeof(l->path))
		conf_fatal("the path of %s is longer than %zu bytes; use a "
		    "shorter -r or node.control.socket_path", l->what,
		    sizeof(l->path) - 1);
	strcpy(folder, l->path);
	slash = strrchr(folder, '/');
	if (slash == NULL || slash[1] == '\0' || folder[0] != '/')
		conf_fatal("'%s' is not an absolute path of a socket "
		    "(node.control.socket_path)", l->path);
	l->base = l->path + (slash - folder) + 1;
	*slash = '\0';
	l->dir = dir_open(slash == folder ? "/" : folder, 0755,
	    "folder of a local socket");
}

static int
is_answered(const struct local *l, const struct sockaddr_un *sun)
{
	int fd, is;

	fd = socket(AF_UNIX, l->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		fatal("look for another node");
	is = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ||
	    errno == EAGAIN;
	if (!is && errno != ECONNREFUSED)
		fatal("look for another node on %s", l->path);
	close(fd);
	return is;
}

/*
 * Nobody answers on a socket whose owner was killed; then it may go. The rooms
 * of a privd that was killed follow it a moment later.
 */
static void
remove_stale(const struct local *l, const struct sockaddr_un *sun)
{
	struct stat	st;
	int		i;

	if (fstatat(l->dir, l->base, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (!S_ISSOCK(st.st_mode))
		fatalx("%s is in the way and is no socket; remove it", l->path);
	for (i = 0; is_answered(l, sun); i++) {
		if (i == LOOKS)
			fatalx("another node is running: it answers on %s; stop it, "
			    "or give this one its own -r and -s", l->path);
		poll(NULL, 0, LOOK_MS);
	}
	if (unlinkat(l->dir, l->base, 0) == -1)
		fatal("remove the stale %s", l->path);
}

/* From the file alone: the name service would load others' code into us. */
static gid_t
find_group(void)
{
	static gid_t	 gid;
	static int	 looked;
	struct group	*gr;
	FILE		*f;

	if (looked++ > 0)
		return gid;
	f = fopen("/etc/group", "re");
	while (gid == 0 && f != NULL && (gr = fgetgrent(f)) != NULL)
		if (strcmp(gr->gr_name, GROUP) == 0)
			gid = gr->gr_gid;
	if (f != NULL)
		fclose(f);
	if (gid != 0)
		return gid;
	log_warn("group " GROUP " is missing, so only root can use bastidectl; "
	    "groupadd --system " GROUP ", usermod -aG " GROUP
	    " YOU, start the node again");
	return 0;
}

/* Listening, for this group. */
static int
local_open(struct local *l, const char *conf, gid_t gid)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int		   fd;

	find_place(l, conf);
	strcpy(sun.sun_path, l->path);
	remove_stale(l, &sun);
	fd = socket(AF_UNIX, l->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		fatal("%s", l->what);
	/* umask 077: nobody else connects before the mode below is set. */
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		fatal("%s %s", l->what, l->path);
	l->is_bound = 1;
	if (fchownat(l->dir, l->base, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) ==
	    -1 || fchmodat(l->dir, l->base, l->mode, 0) == -1)
		fatal("owner and mode of %s", l->path);
	if (listen(fd, l->backlog) == -1)
		fatal("listen on %s", l->path);
	return fd;
}

int
control_open(uint32_t *gid)
{
	*gid = find_group();
	return local_open(&control, house.conf->txt[CONF_CONTROL_PATH], *gid);
}

int
control_open_directory(uint32_t *gid)
{
	*gid = find_group();
	return local_open(&directory, "", *gid);
}

int
control_open_guests(void)
{
	return local_open(&guests, "", 0);
}

void
control_close(void)
{
	unsigned i;

	for (i = 0; i < CONTROL_DIRS; i++) {
		if (!all[i]->is_bound)
			continue;
		all[i]->is_bound = 0;
		if (unlinkat(all[i]->dir, all[i]->base, 0) == -1)
			log_warn("remove %s: %s", all[i]->path,
			    strerror(errno));
	}
}
