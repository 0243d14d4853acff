/* control.c -- the control socket: bound here, served by netd. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"

#define GROUP	"bastide"
#define BACKLOG	32

static char		path[108];
static const char	*base;		/* last part of path */
static int		dir = -1, is_bound;

const char *
control_path(void)
{
	return path;
}

int
control_dir(void)
{
	return dir;
}

/* Folder and name: bound by path, but owned, changed and removed by name. */
static void
find_place(void)
{
	char	 folder[sizeof(path)], *slash;
	const char *conf = house.conf->txt[CONF_CONTROL_PATH];
	int	 n;

	if (conf[0] != '\0')
		n = snprintf(path, sizeof(path), "%s", conf);
	else
		n = snprintf(path, sizeof(path), "%s/control.sock",
		    house.runtime_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		conf_fatal("the path of the control socket is longer than %zu "
		    "bytes; use a shorter -r or node.control.socket_path",
		    sizeof(path) - 1);
	strcpy(folder, path);
	slash = strrchr(folder, '/');
	if (slash == NULL || slash[1] == '\0' || folder[0] != '/')
		conf_fatal("'%s' is not an absolute path of a socket "
		    "(node.control.socket_path)", path);
	base = path + (slash - folder) + 1;
	*slash = '\0';
	dir = dir_open(slash == folder ? "/" : folder, 0755,
	    "folder of the control socket");
}

/* Nobody answers on a socket whose owner was killed; then it may go. */
static void
remove_stale(const struct sockaddr_un *sun)
{
	struct stat	st;
	int		fd;

	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (!S_ISSOCK(st.st_mode))
		fatalx("%s is in the way and is no socket; remove it", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		fatal("look for another node");
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ||
	    errno == EAGAIN)
		fatalx("another node is running: it answers on %s; stop it, "
		    "or give this one its own -r and -s", path);
	if (errno != ECONNREFUSED)
		fatal("look for another node on %s", path);
	close(fd);
	if (unlinkat(dir, base, 0) == -1)
		fatal("remove the stale %s", path);
}

/* From the file alone: the name service would load others' code into us. */
static gid_t
find_group(void)
{
	struct group	*gr;
	gid_t		 gid = 0;
	FILE		*f = fopen("/etc/group", "re");

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

int
control_open(uint32_t *gid)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int		   fd;

	find_place();
	strcpy(sun.sun_path, path);
	remove_stale(&sun);
	*gid = find_group();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		fatal("control socket");
	/* umask 077: nobody else connects before the mode below is set. */
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		fatal("control socket %s", path);
	is_bound = 1;
	if (fchownat(dir, base, (uid_t)-1, *gid, AT_SYMLINK_NOFOLLOW) == -1 ||
	    fchmodat(dir, base, 0660, 0) == -1)
		fatal("owner and mode of %s", path);
	if (listen(fd, BACKLOG) == -1)
		fatal("listen on %s", path);
	return fd;
}

void
control_close(void)
{
	if (!is_bound)
		return;
	is_bound = 0;
	if (unlinkat(dir, base, 0) == -1)
		log_warn("remove %s: %s", path, strerror(errno));
}
