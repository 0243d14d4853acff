/*
 * key.c -- reads or makes the identity. Knows files until key_load() returns,
 * nothing afterwards. Secrets stand in sodium_malloc() pages, also while they
 * are only text.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "ident.h"
#include "key.h"
#include "log.h"

#define CONF_MAX	1048576		/* what CONF_HOLE can say */
#define KEY_TEXT_MAX	128		/* 63 are lawful; more is looked at to say so */
#define MEND		"put the right key there, or remove it and a new one is made"

static struct key *self;

static void *
locked(size_t len)
{
	void *p = sodium_malloc(len);

	if (p == NULL || sodium_mlock(p, len) == -1)
		fatal("cannot lock %zu bytes of memory for keys; raise LimitMEMLOCK",
		    len);
	memset(p, 0, len);
	return p;
}

static struct key *
key_new(void)
{
	if (curve_init() == -1)
		fatalx("libsodium or libsecp256k1 will not start");
	if (self != NULL)
		sodium_free(self);
	self = locked(sizeof(*self));
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

/* Up to max bytes from the start of fd, whatever its offset: others share it. */
static ssize_t
read_all(int fd, char *buf, size_t max)
{
	size_t	n = 0;
	ssize_t	got;

	while (n < max) {
		got = pread(fd, buf + n, max - n, (off_t)n);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* -- the configuration --------------------------------------------------- */

void
key_read_conf(int fd, const char *name, struct key_hole *hole)
{
	struct key	*k = key_new();
	char		*text = locked(CONF_MAX + 1), *secret;
	char		 err[CONF_ERR_LEN];
	ssize_t		 len = read_all(fd, text, CONF_MAX + 1);
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

/*
 * A temporary name, complete and on the disk before it gets its own: a crash
 * leaves the whole file or none. replace: an older file may stand there.
 */
static int
write_file(int dirfd, const char *name, mode_t mode, const char *text,
    size_t len, int replace)
{
	char	tmp[32];
	int	fd, ok;

	snprintf(tmp, sizeof(tmp), ".%s.%08x", name, randombytes_random());
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	ok = write(fd, text, len) == (ssize_t)len && fchmod(fd, mode) == 0 &&
	    fsync(fd) == 0;
	if (close(fd) == -1 || !ok ||
	    renameat2(dirfd, tmp, dirfd, name, replace ? 0 : RENAME_NOREPLACE) == -1) {
		unlinkat(dirfd, tmp, 0);
		return -1;
	}
	return fsync(dirfd);
}

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
		n = read_all(fd, now, sizeof(now));
		close(fd);
	}
	if (n == NPUB_LEN + 1 && memcmp(now, text, NPUB_LEN + 1) == 0)
		return;
	if (write_file(dirfd, PUB_FILE, 0644, text, NPUB_LEN + 1, 1) == -1)
		log_warn("cannot write %s: %s", PUB_FILE, strerror(errno));
}

/* A key file is ours alone, or it is no secret. */
static void
check_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		fatal("%s: cannot look at it", KEY_FILE);
	if (!S_ISREG(st.st_mode))
		fatalx("%s: not a regular file; " MEND, KEY_FILE);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		fatalx("%s: belongs to user %u; chown root:root %s", KEY_FILE,
		    (unsigned)st.st_uid, KEY_FILE);
	if ((st.st_mode & 077) != 0)
		fatalx("%s: mode %04o lets others at the key; chmod 600 %s, and "
		    "make a new key if someone may have read it", KEY_FILE,
		    (unsigned)st.st_mode & 07777, KEY_FILE);
}

static void
read_file(int fd, struct key *k)
{
	char	*text = locked(KEY_TEXT_MAX + 1);
	ssize_t	 len;

	check_file(fd);
	len = read_all(fd, text, KEY_TEXT_MAX);
	if (len == -1)
		fatal("%s: cannot read it", KEY_FILE);
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' ||
	    text[len - 1] == ' '))
		text[--len] = '\0';
	if (len == 0)
		fatalx("%s: empty; " MEND, KEY_FILE);
	if (parse_secret(text, (size_t)len, k->sec) == -1)
		fatalx("%s: damaged, not nsec1... or 64 hex digits; " MEND,
		    KEY_FILE);
	if (!curve_is_secret(k->sec))
		fatalx("%s: the number in it is no secret key; " MEND, KEY_FILE);
	sodium_free(text);
}

static void
make_file(int dirfd, struct key *k)
{
	char *text = locked(NPUB_LEN + 2);

	curve_random(k->sec);
	nsec_encode(k->sec, text);
	text[NPUB_LEN] = '\n';
	if (write_file(dirfd, KEY_FILE, 0600, text, NPUB_LEN + 1, 0) == -1)
		fatal("cannot write %s in the state folder; is the disk full, "
		    "or the folder read-only?", KEY_FILE);
	sodium_free(text);
}

static void
load_persistent(int dirfd, struct key *k)
{
	int fd = openat(dirfd, KEY_FILE,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd == -1 && errno == ELOOP)
		fatalx("%s: a symbolic link, which is not followed; put the "
		    "file itself there", KEY_FILE);
	if (fd == -1 && errno != ENOENT)
		fatal("%s: cannot open it", KEY_FILE);
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
