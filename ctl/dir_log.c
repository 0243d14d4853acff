/*
 * dir_log.c -- bastidectl dir: the journal. As a file it is exported page by
 * page and imported piece by piece, with a look at line ends only; what a line
 * means is the directory's to say.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dir.h"

#define PIECE		(1u << 20)	/* bytes in one request, of 4 MiB */
#define PIECE_LINES	4096
#define REASONS		20

static int
complain(const char *file)
{
	fprintf(stderr, "bastidectl: %s: %s\n", file, strerror(errno));
	return EXIT_NO;
}

static size_t
lines_in(const char *p, size_t len)
{
	const char *end = p + len;
	size_t n = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		p++;
		n++;
	}
	return n;
}

/* A new file, or stdout; a file that is there is nobody's to replace. */
static FILE *
open_out(const char *file)
{
	int fd;

	if (strcmp(file, "-") == 0)
		return stdout;
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd == -1 ? NULL : fdopen(fd, "w");
}

/* Pages of lines, from "/v1/log" or "/v1/audit" on. */
static int
export_to(const char *socket, const char *log, const char *file)
{
	FILE *f = open_out(file);
	struct api_reply r;
	char path[64];
	size_t from = 0, len = 1, n = 1;
	unsigned pages;
	int ret = EXIT_OK, ok = 1;

	if (f == NULL)
		return complain(file);
	for (pages = 0; n > 0 && ok && pages < DIR_PAGES; pages++) {
		snprintf(path, sizeof(path), "%s/export?from=%zu", log, from);
		if ((ret = api_ask(socket, path, NULL, 0, &r)) != EXIT_OK)
			break;
		len = r.len;
		from += n = lines_in(r.body, r.len);
		ok = f == stdout ? text_show(r.body, r.len) == 0 :
		    fwrite(r.body, 1, r.len, f) == r.len;
		free(r.buf);
	}
	if (f != stdout && fclose(f) != 0)
		ok = 0;
	if (ret == EXIT_OK && !ok)	/* of stdout main() says so */
		ret = f == stdout ? EXIT_NO : complain(file);
	else if (ret == EXIT_OK && len > 0)
		ret = dir_endless();
	if (ret == EXIT_OK && f != stdout)
		fprintf(stderr, "%zu entries in %s\n", from, file);
	return ret;
}

/* -- import ---------------------------------------------------------------- */

struct import {
	char		*piece;
	size_t		 len, lines, before;	/* lines sent already */
	json_int_t	 kept, known, refused;
	json_t		*reasons;
};

static void
add(struct import *im, json_t *answer)
{
	json_t *row, *line;
	size_t i;

	im->kept += json_integer_value(json_object_get(answer, "kept"));
	im->known += json_integer_value(json_object_get(answer, "known"));
	im->refused += json_integer_value(json_object_get(answer, "refused"));
	json_array_foreach(json_object_get(answer, "reasons"), i, row) {
		if (json_array_size(im->reasons) == REASONS)
			break;
		line = json_object_get(row, "line");
		json_integer_set(line, json_integer_value(line) +
		    (json_int_t)im->before);
		json_array_append(im->reasons, row);
	}
}

static int
send_piece(struct import *im, const char *socket)
{
	struct api_reply r;
	json_t *answer;
	int ret;

	if (im->len == 0)
		return EXIT_OK;
	ret = api_ask(socket, "/v1/log/import", im->piece, im->len, &r);
	if (ret != EXIT_OK) {
		if (im->before > 0)
			fprintf(stderr, "bastidectl: counted from line %zu on; "
			    "what stands before it was taken\n",
			    im->before + 1);
		return ret;
	}
	if ((ret = api_read(&r, &answer)) != EXIT_OK)
		return ret;
	add(im, answer);
	json_decref(answer);
	im->before += im->lines;
	im->len = im->lines = 0;
	return EXIT_OK;
}

static int
read_all(struct import *im, FILE *f, const char *socket)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int ret = EXIT_OK;

	while (ret == EXIT_OK && (n = getline(&line, &cap, f)) != -1) {
		if (im->lines == PIECE_LINES || im->len + (size_t)n > PIECE)
			ret = send_piece(im, socket);
		if ((size_t)n > PIECE) {
			fprintf(stderr, "bastidectl: line %zu is longer than "
			    "any entry\n", im->before + 1);
			ret = EXIT_NO;
		}
		if (ret != EXIT_OK)
			break;
		memcpy(im->piece + im->len, line, (size_t)n);
		im->len += (size_t)n;
		im->lines++;
	}
	free(line);
	return ret == EXIT_OK ? send_piece(im, socket) : ret;
}

static int
import_from(const char *socket, const char *file, json_t **data)
{
	FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	struct import im = { .piece = malloc(PIECE),
	    .reasons = json_array() };
	int ret = EXIT_NO;

	*data = NULL;
	if (f == NULL || im.piece == NULL)
		ret = complain(file);
	else if ((ret = read_all(&im, f, socket)) == EXIT_OK && ferror(f))
		ret = complain(file);
	else if (ret == EXIT_OK)
		*data = json_pack("{s:I, s:I, s:I, s:O}", "kept", im.kept,
		    "known", im.known, "refused", im.refused, "reasons",
		    im.reasons);
	json_decref(im.reasons);
	free(im.piece);
	if (f != NULL && f != stdin)
		fclose(f);
	return ret == EXIT_OK && im.refused > 0 ? EXIT_NO : ret;
}

/* -- asked of it ----------------------------------------------------------- */

/* Answered at once; how it went stands in the status. */
int
dir_pull(struct call *c)
{
	const char *peer = dir_arg(c, 0, NULL);
	char did[64];
	int ret;

	if (peer == NULL)
		return dir_post(c, "/v1/pull", json_object());
	if (strncmp(peer, "npub1", 5) == 0)
		return dir_post(c, "/v1/pull", json_pack("{s:s}", "npub",
		    peer));
	ret = dir_did(c, peer, did);
	return ret != EXIT_OK ? ret : dir_post(c, "/v1/pull",
	    json_pack("{s:s}", "did", did));
}

/* The query of `dir log`; -1: an argument has no place in one. */
static int
log_path(struct call *c, char path[PATH_LEN])
{
	static const char *const names[] = { "from", "limit", "type",
	    "author" };
	char value[256], name[16];
	const char *v;
	size_t i, n;

	n = (size_t)snprintf(path, PATH_LEN, "/v1/entries");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "--%s", names[i]);
		if ((v = dir_option(c, name, NULL)) == NULL)
			continue;
		if (api_quote(v, value, sizeof(value)) == -1)
			return -1;
		n += (size_t)snprintf(path + n, PATH_LEN - n, "%c%s=%s",
		    strchr(path, '?') == NULL ? '?' : '&', names[i], value);
	}
	return c->argc == 0 ? 0 : -1;
}

int
dir_log(struct call *c)
{
	char path[PATH_LEN];
	json_t *data, *next;
	int ret;

	if (log_path(c, path) == -1)
		return dir_usage(c);
	if ((ret = api_json(c->socket, path, NULL, &data)) != EXIT_OK)
		return ret;
	next = json_object_get(data, "next");
	if (!c->json && next != NULL)
		fprintf(stderr, "bastidectl: there are more: --from %"
		    JSON_INTEGER_FORMAT "\n", json_integer_value(next));
	table_reply(c->json, "dir log", data);
	return EXIT_OK;
}

/* Which tree a Witness entry is about, from the checkpoint in it. */
static void
add_size(json_t *row)
{
	const json_t *body = json_object_get(row, "body");
	const char *note = json_string_value(json_object_get(body,
	    "checkpoint"));

	note = note == NULL ? NULL : strchr(note, '\n');
	if (note != NULL && isdigit((unsigned char)note[1]))
		json_object_set_new(row, "size",
		    json_integer((json_int_t)strtoll(note + 1, NULL, 10)));
}

/* Every cosignature in the journal, page by page. */
int
dir_witness(struct call *c)
{
	json_t *data, *all = json_array(), *row;
	json_int_t from = -1, next = 0;
	char path[PATH_LEN];
	unsigned pages;
	size_t i;
	int ret;

	for (pages = 0; next > from && pages < DIR_PAGES; pages++) {
		from = next;
		snprintf(path, sizeof(path), "/v1/entries?type=Witness&limit=%d"
		    "&from=%" JSON_INTEGER_FORMAT, DIR_ROWS, from);
		ret = api_json(c->socket, path, NULL, &data);
		if (ret != EXIT_OK) {
			json_decref(all);
			return ret;
		}
		json_array_foreach(json_object_get(data, "entries"), i, row) {
			add_size(row);
			json_array_append(all, row);
		}
		/* A page may have no row, and still not be the last. */
		next = json_integer_value(json_object_get(data, "next"));
		json_decref(data);
	}
	if (next != 0) {
		json_decref(all);
		return dir_endless();
	}
	table_reply(c->json, "dir witness", json_pack("{s:o}", "cosignatures",
	    all));
	return EXIT_OK;
}

/* `field` of the answer is true when all was good. */
static int
verify(struct call *c, const char *path, const char *field)
{
	json_t *data;
	int good, ret = api_json(c->socket, path, NULL, &data);

	if (ret != EXIT_OK)
		return ret;
	good = json_is_true(json_object_get(data, field));
	table_reply(c->json, "", data);
	return good ? EXIT_OK : EXIT_NO;
}

int
dir_verify(struct call *c)
{
	return verify(c, "/v1/log/verify", "good");
}

int
audit_verify(struct call *c)
{
	return verify(c, "/v1/audit/verify", "whole");
}

/* Of the log below that path: "/v1" or "/v1/audit". */
static int
proof(struct call *c, const char *log)
{
	int of_entry = strcmp(c->argv[0], "inclusion") == 0;
	json_int_t n, size;
	char path[PATH_LEN];
	json_t *data, *hash;
	size_t i;
	int ret;

	if ((!of_entry && strcmp(c->argv[0], "consistency") != 0) ||
	    dir_number(c->argv[1], of_entry ? "ENTRY" : "OLD", &n) == -1 ||
	    dir_number(dir_arg(c, 2, NULL), "SIZE", &size) == -1)
		return dir_usage(c);
	snprintf(path, sizeof(path), "%s/proof/%s?%s=%" JSON_INTEGER_FORMAT,
	    log, c->argv[0], of_entry ? "entry" : "old", n);
	if (size != -1)
		snprintf(path + strlen(path), 32, "&size=%" JSON_INTEGER_FORMAT,
		    size);
	ret = api_json(c->socket, path, NULL, &data);
	if (ret != EXIT_OK)
		return ret;
	if (c->json) {
		table_reply(1, NULL, data);
		return EXIT_OK;
	}
	/* As bastide-verify -p reads it. */
	json_array_foreach(json_object_get(data, "proof"), i, hash) {
		text_say(stdout, json_string_value(hash) != NULL ?
		    json_string_value(hash) : "");
		putchar('\n');
	}
	json_decref(data);
	return EXIT_OK;
}

int
dir_proof(struct call *c)
{
	return proof(c, "/v1");
}

int
audit_proof(struct call *c)
{
	return proof(c, "/v1/audit");
}

static int
checkpoint(struct call *c, const char *path)
{
	struct api_reply r;
	int ret = api_ask(c->socket, path, NULL, 0, &r);

	if (ret != EXIT_OK)
		return ret;
	if (c->json)
		table_reply(1, NULL, json_pack("{s:s%}", "checkpoint", r.body,
		    r.len));
	else if (text_show(r.body, r.len) == -1)
		ret = EXIT_NO;
	free(r.buf);
	return ret;
}

int
dir_checkpoint(struct call *c)
{
	return checkpoint(c, "/v1/checkpoint");
}

int
audit_checkpoint(struct call *c)
{
	return checkpoint(c, "/v1/audit/checkpoint");
}

static int
export(struct call *c, const char *log)
{
	if (c->json) {
		fputs("bastidectl: an export is JSON lines as it is; without "
		    "--json\n", stderr);
		return EXIT_USAGE;
	}
	return export_to(c->socket, log, dir_arg(c, 0, "-"));
}

int
dir_export(struct call *c)
{
	return export(c, "/v1/log");
}

int
audit_export(struct call *c)
{
	return export(c, "/v1/audit");
}

int
dir_import(struct call *c)
{
	json_t *data;
	int ret = import_from(c->socket, c->argv[0], &data);

	if (data != NULL)
		table_reply(c->json, "", data);
	return ret;
}
