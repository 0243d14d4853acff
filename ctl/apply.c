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

#include <dirent.h>
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
#include "apply_place.h"
#include "dir.h"
#include "file_put.h"

#define WAIT_S	30

/* -- one scope ------------------------------------------------------------- */

/* A blob as the directory gave it, looked at. */
struct blob {
	const char	*scope, *text, *hash, *author;
	size_t		 len;
	json_int_t	 version;
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

static int
look(const json_t *cfg, struct blob *b, char why[APPLY_REASON])
{
	const json_t *text = json_object_get(cfg, "text");
	char hex[65];

	b->scope = json_string_value(json_object_get(cfg, "scope"));
	b->hash = json_string_value(json_object_get(cfg, "hash"));
	b->author = json_string_value(json_object_get(cfg, "author"));
	b->version = json_integer_value(json_object_get(cfg, "version"));
	b->text = json_string_value(text);
	b->len = json_string_length(text);
	if (!is_scope(b->scope) || b->text == NULL || b->hash == NULL ||
	    b->author == NULL || b->author[0] == '\0' ||
	    strlen(b->author) >= sizeof(((struct place *)0)->author) ||
	    b->version < 1) {
		snprintf(why, APPLY_REASON, "not a configuration");
		return -1;
	}
	place_hash(b->text, b->len, hex);
	if (strcmp(hex, b->hash) != 0) {
		snprintf(why, APPLY_REASON, "the hash does not belong to the "
		    "text");
		return -1;
	}
	return 0;
}

/* The scope's folder, made when there is none, as apply_place.h has it. */
static int
enter(int folder, const char *scope, struct place *p, char why[APPLY_REASON])
{
	if (mkdirat(folder, scope, 0755) == -1 && errno != EEXIST)
		return fails(why, "its folder");
	return place_enter(folder, scope, p) == -1 ?
	    fails(why, "its folder") : 0;
}

/* Turned down: what was in place is in place, and nobody asks again. */
static enum applied
refuse(struct place *p, const struct blob *b, enum applied how,
    char why[APPLY_REASON])
{
	size_t n = strlen(why);

	p->refused = b->version;
	snprintf(p->author, sizeof(p->author), "%s", b->author);
	if (place_save(p) == -1 && n < APPLY_REASON)
		snprintf(why + n, APPLY_REASON - n, "; not written down: %s",
		    strerror(errno));
	return how;
}

/* The new file in the place of `active`, if its command likes the look. */
static int
begin(struct place *p, const struct blob *b, const char *path, int checks,
    enum applied *how, char why[APPLY_REASON])
{
	char file[PATH_MAX];
	int said;

	*how = APPLY_REFUSED;
	if (file_put(p->dir, "new", 0644, b->text, b->len, 1) == -1)
		return fails(why, "the new file");
	snprintf(file, sizeof(file), "%s/%s/new", path, b->scope);
	said = apply_command(checks, b->scope, "syntax", file, why);
	if (said == -1)
		*how = refuse(p, b, APPLY_REFUSED, why);
	if (said != 0) {
		unlinkat(p->dir, "new", 0);
		return -1;
	}
	if (place_swap(p) == -1) {
		fails(why, "the swap");
		place_undo(p);
		return -1;
	}
	return 0;
}

/* From here on the new one is what counts; else nothing has happened. */
static enum applied
commit(struct place *p, const struct blob *b, char why[APPLY_REASON])
{
	p->version = b->version;
	snprintf(p->hash, sizeof(p->hash), "%s", b->hash);
	snprintf(p->author, sizeof(p->author), "%s", b->author);
	if (place_save(p) == -1) {
		fails(why, "not written down");
		place_undo(p);
		return APPLY_REFUSED;
	}
	if (place_keep(p) == -1) {
		fails(why, "keeping the previous file");
		return APPLY_REFUSED;
	}
	return APPLY_DONE;
}

static enum applied
put_in_place(struct place *p, const struct blob *b, const char *path,
    int checks, char why[APPLY_REASON])
{
	char file[PATH_MAX];
	enum applied how;
	int said;

	/* This very text has passed: it is another version of it. */
	if (strcmp(p->hash, b->hash) == 0 && place_has(p, b->hash))
		return commit(p, b, why);
	if (!place_has(p, b->hash) &&
	    begin(p, b, path, checks, &how, why) == -1)
		return how;
	snprintf(file, sizeof(file), "%s/%s/active", path, b->scope);
	said = apply_command(checks, b->scope, "health", file, why);
	if (said == 0)
		return commit(p, b, why);
	place_undo(p);
	return said == -1 ? refuse(p, b, APPLY_ROLLED_BACK, why) :
	    APPLY_ROLLED_BACK;
}

/* Why a version that is not newer stays out; 0: it is in no place at all. */
static int
is_old(const struct place *p, const struct blob *b, char why[APPLY_REASON])
{
	if (b->version < p->version)
		snprintf(why, APPLY_REASON, "older than version %"
		    JSON_INTEGER_FORMAT ", which is in place", p->version);
	else if (strcmp(p->hash, b->hash) != 0)
		snprintf(why, APPLY_REASON, "another text of version %"
		    JSON_INTEGER_FORMAT ", which is in place", p->version);
	else if (place_has(p, b->hash))
		snprintf(why, APPLY_REASON, "in place");
	else
		return 0;
	return 1;
}

/*
 * Only a newer version, and one that was turned down not again. Two publishers
 * count by themselves: their versions say nothing of each other.
 */
static enum applied
consider(struct place *p, const struct blob *b, const char *path, int checks,
    char why[APPLY_REASON])
{
	if (p->author[0] != '\0' && strcmp(p->author, b->author) != 0) {
		snprintf(why, APPLY_REASON, "another publisher, who must be "
		    "accepted: %s", b->author);
		return APPLY_KEPT;
	}
	if (b->version <= p->version && is_old(p, b, why))
		return APPLY_KEPT;
	if (b->version == p->refused) {
		snprintf(why, APPLY_REASON, "turned down before");
		return APPLY_KEPT;
	}
	if (apply_syntax(b->scope, b->text, b->len, why) == -1)
		return refuse(p, b, APPLY_REFUSED, why);
	return put_in_place(p, b, path, checks, why);
}

int
apply_mend(int folder)
{
	int dup = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = dup == -1 ? NULL : fdopendir(dup);
	struct dirent *e;
	struct place p;
	int ret = d == NULL ? -1 : 0;

	if (d == NULL && dup != -1)
		close(dup);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!is_scope(e->d_name))
			continue;
		if (place_enter(folder, e->d_name, &p) == -1 &&
		    errno != ENOTDIR && errno != ELOOP) {
			fprintf(stderr, "bastidectl: %s: %s\n", e->d_name,
			    strerror(errno));
			ret = -1;
		}
		if (p.dir != -1)
			close(p.dir);
	}
	if (d != NULL)
		closedir(d);
	return ret;
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
	/* What a stop left half done is undone whatever is wanted now. */
	if ((folder = open_folder(a->folder, real)) == -1 ||
	    apply_mend(folder) == -1)
		return EXIT_NO;
	if ((fd = client_dial(a->socket, WAIT_S)) == -1)
		return client_unreachable(a->socket, errno);
	if (shed(a->socket) == -1)
		return EXIT_NO;
	ret = api_json_on(fd, a->socket, "/v1/configs/wanted", &wanted);
	if (ret != EXIT_OK)
		return ret;
	if ((checks = apply_checks(a->checks)) == -2) {
		json_decref(wanted);
		return EXIT_NO;
	}
	rows = json_array();
	ret = apply_all(folder, real, checks, wanted, rows) ? EXIT_OK : EXIT_NO;
	json_decref(wanted);
	table_reply(a->json, "dir apply", json_pack("{s:o}", "configs", rows));
	return ret;
}

/* Root works in nobody's folder but as its owner. */
static int
as_owner(int folder)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	return fstat(folder, &st) == -1 || setgroups(0, NULL) == -1 ||
	    setresgid(st.st_gid, st.st_gid, st.st_gid) == -1 ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid) == -1 ? -1 : 0;
}

int
apply_accept(int folder, const char *scope, const char *did)
{
	struct place p = { .dir = -1 };
	int ret = -1;

	if (!is_scope(scope) || strlen(did) >= sizeof(p.author))
		errno = EINVAL;
	else if (place_enter(folder, scope, &p) == 0) {
		p.version = p.refused = 0;
		snprintf(p.author, sizeof(p.author), "%s", did);
		ret = place_save(&p);
	}
	if (ret == -1)
		fprintf(stderr, "bastidectl: %s: %s\n", scope, errno == ENOENT ?
		    "nothing of it is here" : strerror(errno));
	if (p.dir != -1)
		close(p.dir);
	return ret;
}

int
apply_accept_run(const char *path, const char *scope, const char *did)
{
	char real[PATH_MAX];
	int folder;

	if (sodium_init() == -1 || (folder = open_folder(path, real)) == -1)
		return EXIT_NO;
	if (as_owner(folder) == -1) {
		fprintf(stderr, "bastidectl: %s: as its owner: %s\n", path,
		    strerror(errno));
		return EXIT_NO;
	}
	return apply_accept(folder, scope, did) == 0 ? EXIT_OK : EXIT_NO;
}
