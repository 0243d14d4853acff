/*
 * keygen.c -- makes an identity. The secret is in locked memory while we have
 * it, and goes nowhere but to the key file or, when asked, to stdout.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <sodium.h>

#include "ctl.h"
#include "file_put.h"
#include "ident.h"

#define DEFAULT_DIR	"/etc/fips"
#define KEY_FILE	"fips.key"
#define PUB_FILE	"fips.pub"

struct secret {
	uint8_t	key[32];
	char	nsec[NPUB_LEN + 2];	/* and a newline */
};

/* x of the public key; the key is drawn again until it is one. */
static int
draw(uint8_t key[32], uint8_t x[32])
{
	secp256k1_context *ctx = secp256k1_context_create(
	    SECP256K1_CONTEXT_SIGN);
	secp256k1_xonly_pubkey xonly;
	secp256k1_keypair pair;
	uint8_t seed[32];
	int ret = -1;

	if (ctx == NULL)
		return -1;
	randombytes_buf(seed, sizeof(seed));
	if (secp256k1_context_randomize(ctx, seed) != 1)
		goto out;
	do
		randombytes_buf(key, 32);
	while (secp256k1_keypair_create(ctx, &pair, key) != 1);
	if (secp256k1_keypair_xonly_pub(ctx, &xonly, NULL, &pair) == 1 &&
	    secp256k1_xonly_pubkey_serialize(ctx, x, &xonly) == 1)
		ret = 0;
out:
	sodium_memzero(&pair, sizeof(pair));
	sodium_memzero(seed, sizeof(seed));
	secp256k1_context_destroy(ctx);
	return ret;
}

static int
complain(const char *dir, const char *file)
{
	fprintf(stderr, "bastidectl: %s%s%s: %s\n", dir, file != NULL ? "/" : "",
	    file != NULL ? file : "", strerror(errno));
	return -1;
}

/* mkdir -p */
static int
make_dir(const char *dir)
{
	char path[PATH_MAX];
	size_t i, len = strlen(dir);

	if (len == 0 || len >= sizeof(path)) {
		errno = len == 0 ? ENOENT : ENAMETOOLONG;
		return -1;
	}
	for (i = 1; i <= len; i++) {
		if (dir[i] != '/' && dir[i] != '\0')
			continue;
		memcpy(path, dir, i);
		path[i] = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			return -1;
	}
	return 0;
}

static int
already_there(const char *dir)
{
	fprintf(stderr, "bastidectl: key file already exists: %s/%s\n"
	    "Use --force to overwrite.\n", dir, KEY_FILE);
	return -1;
}

int
keygen_write(const char *dir, const char *nsec, const char *npub, int force)
{
	struct stat st;
	int fd, ret = -1;

	if (make_dir(dir) == -1 ||
	    (fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return complain(dir, NULL);
	if (!force && fstatat(fd, KEY_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
		already_there(dir);
	else if (file_put(fd, KEY_FILE, 0600, nsec, strlen(nsec), force) == -1)
		ret = errno == EEXIST ? already_there(dir) :
		    complain(dir, KEY_FILE);
	else if (file_put(fd, PUB_FILE, 0644, npub, strlen(npub), 1) == -1)
		complain(dir, PUB_FILE);
	else
		ret = 0;
	close(fd);
	return ret;
}

static int
run(const char *dir, int force, int to_stdout)
{
	struct secret *s = sodium_malloc(sizeof(*s));
	char npub[NPUB_LEN + 2];
	uint8_t x[32];
	int ret = EXIT_NO;

	if (s == NULL || draw(s->key, x) == -1) {
		fputs("bastidectl: cannot make a key\n", stderr);
		goto out;
	}
	nsec_encode(s->key, s->nsec);
	npub_encode(x, npub);
	strcat(s->nsec, "\n");
	strcat(npub, "\n");
	if (to_stdout) {
		/* Not through stdio, which would keep a copy. */
		if (write(STDOUT_FILENO, s->nsec, NPUB_LEN + 1) ==
		    NPUB_LEN + 1 &&
		    write(STDOUT_FILENO, npub, NPUB_LEN + 1) == NPUB_LEN + 1)
			ret = EXIT_OK;
		else
			perror("bastidectl: stdout");
	} else if (keygen_write(dir, s->nsec, npub, force) == 0) {
		fprintf(stderr, "%sKey files written to: %s/\n\n"
		    "NOTE: Set 'node.identity.persistent: true' in fips.yaml\n"
		    "      so that the node uses this identity.\n", npub, dir);
		ret = EXIT_OK;
	}
out:
	sodium_free(s);
	return ret;
}

int
keygen(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "force", no_argument, NULL, 'f' },
		{ "stdout", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 }
	};
	const char *dir = DEFAULT_DIR;
	int c, force = 0, to_stdout = 0;

	optind = 0;		/* a second round of getopt */
	while ((c = getopt_long(argc, argv, "+d:fs", opts, NULL)) != -1)
		switch (c) {
		case 'd':
			dir = optarg;
			break;
		case 'f':
			force = 1;
			break;
		case 's':
			to_stdout = 1;
			break;
		default:
			return EXIT_USAGE;
		}
	if (optind != argc) {
		fputs("usage: bastidectl keygen [-d DIR] [-f] [-s]\n", stderr);
		return EXIT_USAGE;
	}
	if (sodium_init() == -1) {
		fputs("bastidectl: no random numbers here\n", stderr);
		return EXIT_NO;
	}
	return run(dir, force, to_stdout);
}
