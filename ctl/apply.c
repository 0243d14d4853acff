/*
 * apply.c -- distributed configuration, put in place. It asks the directory
 * what this box has opted into, over one connection, and gives up the right to
 * connect again before it reads the answer: no text, and no command that looks
 * at one, can say anything to the directory.
 */
#include <sys/capability.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "apply.h"
#include "dir.h"

#define WAIT_S	30

/* -- one scope ------------------------------------------------------------- */

/* A blob as the directory gave it, looked at. */
struct blob {
	const char	*scope, *text, *hash;
	size_t		 len;
	json_int_t	 version;
};

struct place {
	int		 dir;		/* of the scope */
	json_int_t	 version, refused;	/* 0: none yet */
};

static int
fails(char why[APPLY_REASON], const char *what)
{
	snprintf(why, APPLY_REASON, "%s: %s", what, strerror(errno));
	return -1;
}

/* As objects.def's WORD: it is a name of a folder now. */
static int
is_scope(const char *s)
{
	return s != NULL && strlen(s) <= 63 && s[0] != '\0' &&
	    strchr("-_.", s[0]) == NULL && s[strspn(s,
	    "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

static void
hash_hex(const char *text, size_t len, char hex[65])
{
	uint8_t hash[32];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)text, len,
	    NULL, 0);
	sodium_bin2hex(hex, 65, hash, sizeof(hash));
}

static int
look(const json_t *cfg, struct blob *b, char why[APPLY_REASON])
{
	const json_t *text = json_object_get(cfg, "text");
	char hex[65];

	b->scope = json_string_value(json_object_get(cfg, "scope"));
	b->hash = json_string_value(json_object_get(cfg, "hash"));
	b->version = json_integer_value(json_object_get(cfg, "version"));
	b->text = json_string_value(text);
	b->len = json_string_length(text);
	if (!is_scope(b->scope) || b->text == NULL || b->hash == NULL ||
	    b->version < 1) {
		snprintf(why, APPLY_REASON, "not a configuration");
		return -1;
	}
	hash_hex(b->text, b->len, hex);
	if (strcmp(hex, b->hash) != 0) {
		snprintf(why, APPLY_REASON, "the hash does not belong to the "
		    "text");
		return -1;
	}
	return 0;
}

/* What stands in a file of the scope's folder, or NULL; the caller's. */
static char *
file_text(int dir, const char *name, size_t *len)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");
	char *buf = f == NULL ? NULL : malloc(65537);

	if (buf != NULL)
		*len = fread(buf, 1, 65537, f);
	if (f != NULL)
		fclose(f);
	else if (fd != -1)
		close(fd);
	return buf;
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) == -1)
			return -1;
	return fsync(fd);
}

/* Whole and on the disk, or not there. */
static int
put(int dir, const char *name, const char *text, size_t len)
{
	int fd, err, ret;

	unlinkat(dir, name, 0);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0644);
	if (fd == -1)
		return -1;
	ret = write_all(fd, text, len);
	err = errno;
	if (close(fd) == -1 && ret == 0) {
		ret = -1;
		err = errno;
	}
	if (ret == -1)
		unlinkat(dir, name, 0);
	errno = err;
	return ret;
}

static int
put_state(const struct place *p, const char *hash)
{
	json_t *v = json_pack("{s:I, s:I, s:s*}", "version", p->version,
	    "refused", p->refused, "hash", hash);
	char *text = v == NULL ? NULL : json_dumps(v, JSON_COMPACT);
	int ret = text == NULL ? -1 : put(p->dir, "state.new", text,
	    strlen(text));

	free(text);
	json_decref(v);
	if (ret == -1 || renameat(p->dir, "state.new", p->dir, "state") == -1)
		return -1;
	return fsync(p->dir);
}

/*
 * The scope's folder and what stands in it. What a stop left half done is
 * undone: what was in place before comes back, to be begun again.
 */
static int
enter(int folder, const char *scope, struct place *p, char why[APPLY_REASON])
{
	size_t len = 0;
	char *text;
	json_t *v;

	if (mkdirat(folder, scope, 0755) == -1 && errno != EEXIST)
		return fails(why, "its folder");
	p->dir = openat(folder, scope, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (p->dir == -1)
		return fails(why, "its folder");
	if (renameat(p->dir, "rollback", p->dir, "active") == -1 &&
	    errno != ENOENT)
		return fails(why, "undoing what was under way");
	/* Two names of one file stay two names. */
	unlinkat(p->dir, "rollback", 0);
	text = file_text(p->dir, "state", &len);
	v = text == NULL ? NULL : json_loadb(text, len, 0, NULL);
	p->version = json_integer_value(json_object_get(v, "version"));
	p->refused = json_integer_value(json_object_get(v, "refused"));
	json_decref(v);
	free(text);
	return 0;
}

static int
is_in_place(const struct place *p, const char *hash)
{
	char hex[65] = "", *text;
	size_t len = 0;

	if ((text = file_text(p->dir, "active", &len)) != NULL)
		hash_hex(text, len, hex);
	free(text);
	return strcmp(hex, hash) == 0;
}

/* `new` takes the place of `active`, which is kept as `rollback`. */
static int
swap(int dir)
{
	if (linkat(dir, "active", dir, "rollback", 0) == -1 && errno != ENOENT)
		return -1;
	if (renameat(dir, "new", dir, "active") == -1)
		return -1;
	return fsync(dir);
}

static void
swap_back(int dir)
{
	if (renameat(dir, "rollback", dir, "active") == -1 && errno == ENOENT)
		unlinkat(dir, "active", 0);
	fsync(dir);
}

/* Turned down: what was in place is in place, and nobody asks again. */
static enum applied
refuse(struct place *p, const struct blob *b, enum applied how,
    char why[APPLY_REASON])
{
	size_t n = strlen(why);

	unlinkat(p->dir, "new", 0);
	p->refused = b->version;
	if (put_state(p, NULL) == -1 && n < APPLY_REASON)
		snprintf(why + n, APPLY_REASON - n, "; not written down: %s",
		    strerror(errno));
	return how;
}

static enum applied
put_in_place(struct place *p, const struct blob *b, const char *path,
    int checks, char why[APPLY_REASON])
{
	char file[PATH_MAX];
	int swapped = 0;

	if (!is_in_place(p, b->hash)) {
		if (put(p->dir, "new", b->text, b->len) == -1) {
			fails(why, "the new file");
			return APPLY_REFUSED;
		}
		snprintf(file, sizeof(file), "%s/%s/new", path, b->scope);
		if (apply_command(checks, b->scope, "syntax", file, why) == -1)
			return refuse(p, b, APPLY_REFUSED, why);
		if (swap(p->dir) == -1) {
			fails(why, "the swap");
			swap_back(p->dir);
			return APPLY_REFUSED;
		}
		swapped = 1;
	}
	snprintf(file, sizeof(file), "%s/%s/active", path, b->scope);
	if (apply_command(checks, b->scope, "health", file, why) == -1) {
		if (!swapped)
			renameat(p->dir, "previous", p->dir, "rollback");
		swap_back(p->dir);
		return refuse(p, b, APPLY_ROLLED_BACK, why);
	}
	if ((renameat(p->dir, "rollback", p->dir, "previous") == -1 &&
	    errno != ENOENT) || fsync(p->dir) == -1) {
		fails(why, "keeping the previous file");
		return APPLY_REFUSED;
	}
	p->version = b->version;
	if (put_state(p, b->hash) == -1) {
		fails(why, "in place, but not written down");
		return APPLY_REFUSED;
	}
	return APPLY_DONE;
}

/* Only a newer version, and one that was turned down not again. */
static enum applied
consider(struct place *p, const struct blob *b, const char *path, int checks,
    char why[APPLY_REASON])
{
	if (b->version <= p->version) {
		if (b->version == p->version)
			snprintf(why, APPLY_REASON, "in place");
		else
			snprintf(why, APPLY_REASON, "older than version %"
			    JSON_INTEGER_FORMAT ", which is in place",
			    p->version);
		return APPLY_KEPT;
	}
	if (b->version == p->refused) {
		snprintf(why, APPLY_REASON, "turned down before");
		return APPLY_KEPT;
	}
	if (apply_syntax(b->scope, b->text, b->len, why) == -1)
		return refuse(p, b, APPLY_REFUSED, why);
	return put_in_place(p, b, path, checks, why);
}

enum applied
apply_scope(int folder, const char *path, int checks, const json_t *cfg,
    char why[APPLY_REASON])
{
	enum applied how = APPLY_REFUSED;
	struct place p = { .dir = -1 };
	struct blob b;

	why[0] = '\0';
	if (json_is_true(json_object_get(cfg, "own"))) {
		snprintf(why, APPLY_REASON, "this box publishes it");
		return APPLY_KEPT;
	}
	if (look(cfg, &b, why) == 0 &&
	    enter(folder, b.scope, &p, why) == 0)
		how = consider(&p, &b, path, checks, why);
	if (p.dir != -1)
		close(p.dir);
	return how;
}

/* -- all of them ----------------------------------------------------------- */

/*
 * Whoever runs commands is nobody special, and cannot connect to the directory
 * again: the group that may is given up, and every capability.
 */
static int
shed(const char *socket)
{
	cap_t none = cap_init();
	struct stat st;
	int ok;

	ok = setgroups(0, NULL) == 0 || getgroups(0, NULL) == 0;
	ok = ok && stat(socket, &st) == 0 && st.st_gid != getegid() &&
	    st.st_uid != geteuid();
	ok = ok && none != NULL && cap_set_proc(none) == 0 &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	cap_free(none);
	if (!ok)
		fputs("bastidectl: this runs as an account of its own that can "
		    "give up the group of the socket:\n"
		    "sudo systemctl start bastide-config\n", stderr);
	return ok ? 0 : -1;
}

static int
open_folder(const char *path, char real[PATH_MAX])
{
	int fd = realpath(path, real) == NULL ? -1 :
	    open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	fprintf(stderr, "bastidectl: %s: %s\n", path, errno == EWOULDBLOCK ?
	    "this is under way already" : strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

/* Rows for people; whether nothing was refused. */
static int
apply_all(int folder, const char *path, int checks, const json_t *wanted,
    json_t *rows)
{
	static const char *const said[] = { "kept", "applied", "refused",
	    "rolled back" };
	char why[APPLY_REASON];
	enum applied how;
	json_t *cfg;
	size_t i;
	int good = 1;

	json_array_foreach(json_object_get(wanted, "configs"), i, cfg) {
		how = apply_scope(folder, path, checks, cfg, why);
		good = good && how <= APPLY_DONE;
		json_array_append_new(rows, json_pack("{s:O?, s:O?, s:s, s:s}",
		    "scope", json_object_get(cfg, "scope"), "version",
		    json_object_get(cfg, "version"), "state", said[how],
		    "why", why));
	}
	return good;
}

int
apply_run(const struct apply *a)
{
	char real[PATH_MAX];
	json_t *wanted = NULL, *rows;
	int fd, folder, checks, ret;

	if (geteuid() == 0) {
		fputs("bastidectl: not as root, since it runs commands that "
		    "look at texts of others: sudo systemctl start "
		    "bastide-config\n", stderr);
		return EXIT_USAGE;
	}
	if (sodium_init() == -1)
		return EXIT_NO;
	if ((fd = client_dial(a->socket, WAIT_S)) == -1)
		return client_unreachable(a->socket, errno);
	if (shed(a->socket) == -1)
		return EXIT_NO;
	ret = api_json_on(fd, a->socket, "/v1/configs/wanted", &wanted);
	if (ret != EXIT_OK)
		return ret;
	checks = apply_checks(a->checks);
	folder = checks == -2 ? -1 : open_folder(a->folder, real);
	rows = json_array();
	ret = folder != -1 && apply_all(folder, real, checks, wanted, rows) ?
	    EXIT_OK : EXIT_NO;
	json_decref(wanted);
	if (folder == -1)
		json_decref(rows);
	else if (dir_print(&(struct call){ .json = a->json }, "dir apply",
	    json_pack("{s:o}", "configs", rows)) != EXIT_OK)
		ret = EXIT_NO;
	return ret;
}
