/*
 * apply_place.c -- one scope's folder. `state` is the word that counts: until
 * it names the text of `active`, whatever a stop left half done is undone. It
 * knows no directory, and no command.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "apply_place.h"
#include "file_put.h"

void
place_hash(const char *text, size_t len, char hex[65])
{
	uint8_t hash[32];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)text, len,
	    NULL, 0);
	sodium_bin2hex(hex, 65, hash, sizeof(hash));
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

int
place_has(const struct place *p, const char *hash)
{
	char hex[65] = "", *text;
	size_t len = 0;

	if ((text = file_text(p->dir, "active", &len)) != NULL)
		place_hash(text, len, hex);
	free(text);
	return hash[0] != '\0' && strcmp(hex, hash) == 0;
}

/* -- the state ------------------------------------------------------------- */

int
place_save(const struct place *p)
{
	json_t *v = json_pack("{s:I, s:I, s:s, s:s}", "version",
	    p->version, "refused", p->refused, "hash", p->hash, "author",
	    p->author);
	char *text = v == NULL ? NULL : json_dumps(v, JSON_COMPACT);
	int ret = text == NULL ? -1 : file_put(p->dir, "state", 0644, text,
	    strlen(text), 1);

	free(text);
	json_decref(v);
	return ret;
}

static void
text_from(const json_t *v, const char *name, char *out, size_t cap)
{
	const char *s = json_string_value(json_object_get(v, name));

	snprintf(out, cap, "%s", s == NULL ? "" : s);
}

static void
load(struct place *p)
{
	size_t len = 0;
	char *text = file_text(p->dir, "state", &len);
	json_t *v = text == NULL ? NULL : json_loadb(text, len, 0, NULL);

	p->version = json_integer_value(json_object_get(v, "version"));
	p->refused = json_integer_value(json_object_get(v, "refused"));
	text_from(v, "hash", p->hash, sizeof(p->hash));
	text_from(v, "author", p->author, sizeof(p->author));
	json_decref(v);
	free(text);
}

/* -- one for another ------------------------------------------------------- */

int
place_swap(const struct place *p)
{
	if (linkat(p->dir, "active", p->dir, "rollback", 0) == -1 &&
	    (errno != ENOENT || file_put(p->dir, "first", 0644, "",
	    0, 1) == -1))
		return -1;
	if (renameat(p->dir, "new", p->dir, "active") == -1)
		return -1;
	return fsync(p->dir);
}

int
place_undo(const struct place *p)
{
	if (renameat(p->dir, "rollback", p->dir, "active") == -1 &&
	    errno != ENOENT)
		return -1;
	/* Two names of one file stay two names. */
	unlinkat(p->dir, "rollback", 0);
	if (faccessat(p->dir, "first", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ((unlinkat(p->dir, "active", 0) == -1 && errno != ENOENT) ||
	    unlinkat(p->dir, "first", 0) == -1))
		return -1;
	return fsync(p->dir);
}

int
place_keep(const struct place *p)
{
	if (renameat(p->dir, "rollback", p->dir, "previous") == -1 &&
	    errno != ENOENT)
		return -1;
	if (unlinkat(p->dir, "first", 0) == -1 && errno != ENOENT)
		return -1;
	return fsync(p->dir);
}

/* Is `rollback` only another name of what is active? */
static int
is_begun(const struct place *p)
{
	struct stat a, r;

	return fstatat(p->dir, "active", &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(p->dir, "rollback", &r, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_ino == r.st_ino;
}

int
place_enter(int folder, const char *scope, struct place *p)
{
	p->dir = openat(folder, scope, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (p->dir == -1)
		return -1;
	load(p);
	return place_has(p, p->hash) && !is_begun(p) ? place_keep(p) :
	    place_undo(p);
}
