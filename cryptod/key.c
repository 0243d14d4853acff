/*
 * key.c -- reads or makes the identity. Knows files until key_load() returns,
 * nothing afterwards. Secrets stand in sodium_malloc() pages, also while they
 * are only text.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "file_put.h"
#include "ident.h"
#include "key.h"
#include "key_file.h"
#include "log.h"

#define CONF_MAX	1048576		/* what CONF_HOLE can say */
#define KEY_TEXT_MAX	128		/* 63 are lawful; more is looked at to say so */

static struct key *self;

static struct key *
key_new(void)
{
	if (curve_init() == -1)
		fatalx("libsodium or libsecp256k1 will not start");
	if (self != NULL)
		sodium_free(self);
	self = key_locked(sizeof(*self));
	return self;
}

/* "nsec1..." or 64 hex digits, from text of known length. */
static int
parse_secret(char *text, size_t len, uint8_t sec[SEC_LEN])
{
	if (strlen(text) != len)
		return -1;
	if (strncasecmp(text, "nsec1", 5) == 0)
		return nsec_decode(text, sec);
	return hex_decode(text, sec, SEC_LEN);
}

/* -- the configuration --------------------------------------------------- */

void
key_read_conf(int fd, const char *name, struct key_hole *hole)
{
	struct key	*k = key_new();
	char		*text = key_locked(CONF_MAX + 1), *secret;
	char		 err[CONF_ERR_LEN];
	ssize_t		 len = key_file_read(fd, text, CONF_MAX + 1);
	int		 persistent;

	if (len == -1)
		fatal("%s: cannot read it", name);
	if (len > CONF_MAX)
		fatalx("%s: longer than %d bytes", name, CONF_MAX);
	if (conf_find_secret(name, text, (size_t)len, &hole->at, &hole->len,
	    &persistent, err) == -1)
		fatalx("%s", err);
	if (hole->len > 0) {
		secret = text + hole->at;
		secret[hole->len] = '\0';	/* text has one byte to spare */
		if (parse_secret(secret, hole->len, k->sec) == -1 ||
		    !curve_is_secret(k->sec))
			fatalx("%s: node.identity.nsec is not a secret key: "
			    "it takes nsec1... or 64 hex digits", name);
	}
	sodium_free(text);
}

/* -- files --------------------------------------------------------------- */

/* The public half is a convenience; only a folder that refuses it is worth a word. */
static void
write_public(int dirfd, const struct key *k)
{
	char	text[NPUB_LEN + 2], now[NPUB_LEN + 2];
	int	fd;
	ssize_t	n = -1;

	npub_encode(k->pub + 1, text);
	strcat(text, "\n");
	fd = openat(dirfd, PUB_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd != -1) {
		n = key_file_read(fd, now, sizeof(now));
		close(fd);
	}
	if (n == NPUB_LEN + 1 && memcmp(now, text, NPUB_LEN + 1) == 0)
		return;
	if (file_put(dirfd, PUB_FILE, 0644, text, NPUB_LEN + 1, 1) == -1)
		log_warn("cannot write %s: %s", PUB_FILE, strerror(errno));
}

static void
read_file(int fd, struct key *k)
{
	char	*text = key_locked(KEY_TEXT_MAX + 1);
	size_t	 len = key_file_line(fd, KEY_FILE, text, KEY_TEXT_MAX);

	if (len == 0)
		fatalx("%s: empty; " MEND, KEY_FILE);
	if (parse_secret(text, len, k->sec) == -1)
		fatalx("%s: damaged, not nsec1... or 64 hex digits; " MEND,
		    KEY_FILE);
	if (!curve_is_secret(k->sec))
		fatalx("%s: the number in it is no secret key; " MEND, KEY_FILE);
	sodium_free(text);
}

static void
make_file(int dirfd, struct key *k)
{
	char *text = key_locked(NPUB_LEN + 2);

	curve_random(k->sec);
	nsec_encode(k->sec, text);
	text[NPUB_LEN] = '\n';
	key_file_make(dirfd, KEY_FILE, text, NPUB_LEN + 1);
	sodium_free(text);
}

static void
load_persistent(int dirfd, struct key *k)
{
	int fd = key_file_open(dirfd, KEY_FILE);

	if (fd != -1) {
		read_file(fd, k);
		close(fd);
	} else
		make_file(dirfd, k);
}

const struct key *
key_load(enum key_mode mode, int dirfd)
{
	struct key *k = mode == KEY_CONFIGURED ? self : key_new();

	switch (mode) {
	case KEY_CONFIGURED:
		if (k == NULL || !curve_is_secret(k->sec))
			fatalx("told to use a configured key, and none stands there");
		break;
	case KEY_PERSISTENT:
		load_persistent(dirfd, k);
		break;
	case KEY_EPHEMERAL:
		curve_random(k->sec);
		break;
	}
	if (curve_public(k->sec, k->pub) == -1)
		fatalx("cannot make the public key");
	curve_addr(k->pub, k->addr);
	randombytes_buf(k->epoch, sizeof(k->epoch));
	if (mode == KEY_PERSISTENT)
		write_public(dirfd, k);
	if (sodium_mprotect_readonly(k) == -1)
		fatal("cannot protect the key");
	return k;
}
