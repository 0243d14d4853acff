/* dir_key.c -- reads or makes the directory's key; its care is key_file.c's. */
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "dir_key.h"
#include "ident.h"
#include "key_file.h"
#include "log.h"

#define SEED_LEN	32
#define TEXT_LEN	(2 * SEED_LEN)
#define TEXT_MAX	128	/* more than is lawful is looked at to say so */

void
dir_key_from_seed(struct dir_key *k)
{
	uint8_t seed[SEED_LEN], h[32];

	memcpy(seed, k->sec, sizeof(seed));
	crypto_sign_seed_keypair(k->pub, k->sec, seed);
	sodium_memzero(seed, sizeof(seed));
	crypto_hash_sha256(h, k->pub, sizeof(k->pub));
	memcpy(k->did, "did:plc:", 8);
	hex_encode(h, 16, k->did + 8);
}

static void
read_seed(int fd, uint8_t *seed)
{
	char	*text = key_locked(TEXT_MAX + 1);
	size_t	 len = key_file_line(fd, DIR_KEY_FILE, text, TEXT_MAX);

	if (len == 0)
		fatalx("%s: empty; " MEND, DIR_KEY_FILE);
	if (strlen(text) != len || hex_decode(text, seed, SEED_LEN) == -1)
		fatalx("%s: damaged, not 64 hex digits; " MEND, DIR_KEY_FILE);
	if (sodium_is_zero(seed, SEED_LEN))
		fatalx("%s: the number in it is no secret key; " MEND,
		    DIR_KEY_FILE);
	sodium_free(text);
}

static void
make_seed(int dirfd, uint8_t *seed)
{
	char *text = key_locked(TEXT_LEN + 2);

	randombytes_buf(seed, SEED_LEN);
	hex_encode(seed, SEED_LEN, text);
	text[TEXT_LEN] = '\n';
	key_file_make(dirfd, DIR_KEY_FILE, text, TEXT_LEN + 1);
	sodium_free(text);
}

const struct dir_key *
dir_key_load(enum key_mode mode, int dirfd)
{
	struct dir_key *k = key_locked(sizeof(*k));
	int fd = mode == KEY_EPHEMERAL ? -1 : key_file_open(dirfd, DIR_KEY_FILE);

	if (fd != -1) {
		read_seed(fd, k->sec);
		close(fd);
	} else if (mode == KEY_EPHEMERAL)
		randombytes_buf(k->sec, SEED_LEN);
	else
		make_seed(dirfd, k->sec);
	dir_key_from_seed(k);
	if (sodium_mprotect_readonly(k) == -1)
		fatal("cannot protect the directory's key");
	return k;
}
