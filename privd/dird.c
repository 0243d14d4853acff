/*
 * dird.c -- what dird is given: the folder of the journal, the socket of its
 * local API, who this node is, its settings.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"
#include "sandbox.h"

#define FOLDER		"directory"
#define MINE		"bastide.directory."
#define LENDING		"bastide.lending."

#define TXT(NAME, path, max, def, doc)					\
	_Static_assert((max) <= sizeof(((struct msg_conf_str_dird *)0)->text), \
	    path " would be cut");
#include "conf.def"

void
dird_start(void)
{
	if (!house.conf->num[CONF_DIR_ENABLED])
		return;
	spawn_room(PROC_DIRD);
	house.awaited |= 1U << PROC_DIRD;
}

/* Its owner is dird: whatever else it was, a link or another's, is refused. */
static int
own_folder(const char *path)
{
	struct stat	st;
	uid_t		uid;
	gid_t		gid;
	int		fd, made = mkdir(path, 0700) == 0;

	if (!made && errno != EEXIST)
		fatal("make the journal's folder %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 || fstat(fd, &st) == -1)
		fatal("the journal's folder %s", path);
	sandbox_account(PROC_DIRD, &uid, &gid);
	if (made) {
		if (fchown(fd, uid, gid) == -1)
			fatal("owner of the journal's folder %s", path);
	} else if (st.st_uid != uid || (st.st_mode & 077) != 0)
		conf_fatal("the journal's folder %s belongs to user %u, mode "
		    "%04o; it must be dird's alone: chown -R %u:%u '%s'; "
		    "chmod 0700 '%s'", path, st.st_uid, st.st_mode & 07777,
		    uid, gid, path, path);
	return fd;
}

static void
send_folder(void)
{
	struct msg_dir_folder	m = { .req = 1 };
	char			path[PATH_MAX];
	int			fd;

	close(dir_open(house.state_dir, 0700, "state folder"));
	if (snprintf(path, sizeof(path), "%s/" FOLDER, house.state_dir) >=
	    (int)sizeof(path))
		conf_fatal("the path of the state folder is too long");
	if ((fd = sandbox_alone(own_folder(path))) == -1)
		fatal("a mount of its own for %s", path);
	boot_name(m.name, sizeof(m.name), path);
	SEND(dir_folder, PROC_DIRD, &m, &fd);
	close(fd);
}

/* The first label of the host's name, as far as a box may be called so. */
static void
host_label(char *out, size_t size)
{
	size_t i;

	if (gethostname(out, size) == -1)
		out[0] = '\0';
	out[size - 1] = '\0';
	for (i = 0; out[i] != '\0' && out[i] != '.'; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] + 'a' - 'A');
		else if (!(out[i] >= 'a' && out[i] <= 'z') &&
		    !(out[i] >= '0' && out[i] <= '9') && (i == 0 ||
		    (out[i] != '-' && out[i] != '_')))
			out[i] = 'x';
	out[i] = '\0';
	if (i == 0)
		snprintf(out, size, "box");
}

static void
send_self(void)
{
	const char		*name = house.conf->txt[CONF_DIR_NAME];
	struct msg_dir_self	 m = { .req = 1,
	    .key_mode = house.self.key_mode };

	memcpy(m.dir_pub, house.self.dir_pub, sizeof(m.dir_pub));
	memcpy(m.pub, house.self.pub, sizeof(m.pub));
	memcpy(m.addr, house.self.addr, sizeof(m.addr));
	if (name[0] != '\0')
		boot_name(m.name, sizeof(m.name), name);
	else
		host_label(m.name, sizeof(m.name));
	SEND(dir_self, PROC_DIRD, &m, NULL);
}

/* Its own section, and what every room heeds. */
static int
is_for_dird(const char *path)
{
	return strncmp(path, MINE, strlen(MINE)) == 0 ||
	    strncmp(path, LENDING, strlen(LENDING)) == 0 ||
	    strcmp(path, conf_path[CONF_NODE_LOG_LEVEL]) == 0;
}

static void
send_settings(void)
{
	struct msg_conf_num_dird	num = { .req = 1 };
	struct msg_conf_str_dird	str = { .req = 1 };
	unsigned			i;

	for (i = 0; i < CONF_NUM_MAX; i++) {
		if (!is_for_dird(conf_path[i]))
			continue;
		num.key = (uint16_t)i;
		num.value = house.conf->num[i];
		SEND(conf_num_dird, PROC_DIRD, &num, NULL);
	}
	for (i = 0; i < CONF_TXT_MAX; i++) {
		if (!is_for_dird(conf_txt_path[i]))
			continue;
		str.key = (uint16_t)i;
		str.text_len = (uint16_t)strnlen(house.conf->txt[i],
		    sizeof(str.text));
		memcpy(str.text, house.conf->txt[i], str.text_len);
		SEND(conf_str_dird, PROC_DIRD, &str, NULL);
	}
}

void
dird_fill(void)
{
	struct msg_conf_end_dird	end = { .req = 1 };
	struct msg_dir_socket		sock = { .req = 1 };
	int				fd;

	if (house.room[PROC_DIRD].pid == 0)
		return;
	send_folder();
	send_self();
	send_settings();
	fd = control_open_directory(&sock.gid);
	SEND(dir_socket, PROC_DIRD, &sock, &fd);
	close(fd);
	SEND(conf_end_dird, PROC_DIRD, &end, NULL);
}
