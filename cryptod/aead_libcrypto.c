/*
 * aead_libcrypto.c -- OpenSSL's libcrypto, quickest for large packets.
 *
 * Two contexts a thread, one to seal and one to open, are made at boot; a
 * packet brings its key, which costs a few dozen nanoseconds and spares us a
 * context for each of thousands of sessions. What is allocated while contexts
 * are made may hold a key later, so it stands in a locked page area of its own.
 * Once that is done libcrypto gets no memory at all.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <sodium.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "aead_lib.h"
#include "log.h"

/* A pair of contexts takes 2.5 KiB. */
#define AREA_PER_THREAD	8192u

static enum { BOOTING, KEYED, CLOSED } phase;
static uint8_t	*area, *area_at, *area_end;
static unsigned	npair;
static struct pair {
	EVP_CIPHER_CTX *seal, *open;
} *pairs;
static _Thread_local const struct pair *mine;

/* -- its memory ------------------------------------------------------------ */

static int
in_area(const void *p)
{
	return area != NULL && (const uint8_t *)p >= area &&
	    (const uint8_t *)p < area_end;
}

/* Never given back: what is made here lives as long as we do. */
static void *
from_area(size_t len)
{
	uint8_t *p = area_at;

	len = (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (len > (size_t)(area_end - area_at))
		fatalx("libcrypto wants more than %u bytes for a thread's contexts",
		    AREA_PER_THREAD);
	area_at += len;
	return p;
}

static void *
on_malloc(size_t len, const char *file, int line)
{
	switch (phase) {
	case BOOTING:
		return malloc(len);
	case KEYED:
		return from_area(len);
	default:
		fatalx("libcrypto wants memory while packets flow (%s:%d)", file,
		    line);
	}
}

static void *
on_realloc(void *p, size_t len, const char *file, int line)
{
	if (p == NULL)
		return on_malloc(len, file, line);
	if (phase != BOOTING || in_area(p))
		fatalx("libcrypto resizes what may hold a key (%s:%d)", file,
		    line);
	return realloc(p, len);
}

static void
on_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (phase == BOOTING && !in_area(p))
		free(p);
}

/* -- boot ------------------------------------------------------------------ */

static EVP_CIPHER_CTX *
context(const EVP_CIPHER *cipher, int sealing)
{
	static const uint8_t	 zero[AEAD_KEY];
	EVP_CIPHER_CTX		*c = EVP_CIPHER_CTX_new();

	if (c == NULL || EVP_CipherInit_ex2(c, cipher, zero, zero, sealing,
	    NULL) != 1)
		fatalx("libcrypto has no ChaCha20-Poly1305");
	return c;
}

static void
make_area(unsigned threads)
{
	size_t len = (size_t)threads * AREA_PER_THREAD;

	area = sodium_malloc(len);
	pairs = calloc(threads, sizeof(*pairs));
	npair = threads;
	if (area == NULL || pairs == NULL || sodium_mlock(area, len) == -1)
		fatal("cannot lock %zu bytes of memory for keys; raise LimitMEMLOCK",
		    len);
	area_at = area;
	area_end = area + len;
}

static void
start(unsigned threads)
{
	EVP_CIPHER	*cipher;
	unsigned	 i;

	if (phase == CLOSED)
		return;
	/* It reads no configuration file and leaves nothing to do at exit. */
	if (CRYPTO_set_mem_functions(on_malloc, on_realloc, on_free) != 1 ||
	    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_ATEXIT, NULL) != 1 ||
	    (cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL)) == NULL)
		fatalx("libcrypto does not start");
	make_area(threads);
	phase = KEYED;
	for (i = 0; i < threads; i++) {
		pairs[i].seal = context(cipher, 1);
		pairs[i].open = context(cipher, 0);
	}
	phase = CLOSED;
	mine = &pairs[0];
}

static void
thread(unsigned n)
{
	mine = &pairs[n];
}

const uint8_t *
aead_libcrypto_area(size_t *len)
{
	*len = (size_t)(area_end - area);
	return area;
}

/* -- packets --------------------------------------------------------------- */

/* Nothing that these calls can be handed makes them fail but a wrong tag. */
static void
must(int ok)
{
	if (ok != 1)
		fatalx("libcrypto failed at a packet");
}

static void
seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	EVP_CIPHER_CTX	*c = mine->seal;
	OSSL_PARAM	 tag[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, p + len,
		    AEAD_TAG), OSSL_PARAM_END };
	int		 n;

	must(EVP_EncryptInit_ex2(c, NULL, key, nonce, NULL));
	if (aad_len > 0)
		must(EVP_EncryptUpdate(c, NULL, &n, aad, (int)aad_len));
	if (len > 0)
		must(EVP_EncryptUpdate(c, p, &n, p, (int)len));
	must(EVP_EncryptFinal_ex(c, p + len, &n));
	must(EVP_CIPHER_CTX_get_params(c, tag));
}

/*
 * The library decrypts as it reads and compares the tag last. When that is
 * wrong, the same key stream over the same place gives the ciphertext back.
 */
static void
put_back(const uint8_t *key, const uint8_t *nonce, uint8_t *p, size_t len)
{
	EVP_CIPHER_CTX	*c = mine->seal;
	int		 n;

	must(EVP_EncryptInit_ex2(c, NULL, key, nonce, NULL));
	if (len > 0)
		must(EVP_EncryptUpdate(c, p, &n, p, (int)len));
}

static int
open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	EVP_CIPHER_CTX	*c = mine->open;
	uint8_t		 tag[AEAD_TAG];
	OSSL_PARAM	 want[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag,
		    sizeof(tag)), OSSL_PARAM_END };
	int		 n;

	memcpy(tag, p + len, sizeof(tag));
	must(EVP_DecryptInit_ex2(c, NULL, key, nonce, want));
	if (aad_len > 0)
		must(EVP_DecryptUpdate(c, NULL, &n, aad, (int)aad_len));
	if (len > 0)
		must(EVP_DecryptUpdate(c, p, &n, p, (int)len));
	if (EVP_DecryptFinal_ex(c, tag, &n) == 1)
		return 0;
	put_back(key, nonce, p, len);
	return -1;
}

/*
 * A packet that nobody sent, under no key, writes over all that the last one
 * left: key, a piece of key stream, powers of the tag's key.
 */
static void
forget_in(EVP_CIPHER_CTX *c)
{
	static const uint8_t	zero[AEAD_KEY];
	uint8_t			p[1024 + 1] = { 0 };
	int			n;

	must(EVP_CipherInit_ex2(c, NULL, zero, zero, -1, NULL));
	must(EVP_CipherUpdate(c, NULL, &n, zero, sizeof(zero)));
	must(EVP_CipherUpdate(c, p, &n, p, sizeof(p)));
}

static void
forget(void)
{
	unsigned i;

	for (i = 0; i < npair; i++) {
		forget_in(pairs[i].seal);
		forget_in(pairs[i].open);
	}
}

const struct aead_lib aead_libcrypto = {
	.name = "libcrypto", .start = start, .thread = thread, .forget = forget,
	.seal = seal, .open = open,
};
