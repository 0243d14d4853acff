/*
 * aead_libcrypto.c -- OpenSSL's libcrypto, quickest for large packets.
 *
 * Packets go to its provider (provider-cipher(7)) and not through EVP, which asks
 * that for the lengths of key and nonce each time, by name: an eighth of what a
 * packet costs.
 *
 * Two contexts a thread, one to seal and one to open, are made at boot; a
 * packet brings its key, which costs a few dozen nanoseconds and spares us a
 * context for each of thousands of sessions. What is allocated while contexts
 * are made may hold a key later, so it stands in a locked page area of its own.
 * Once that is done libcrypto gets no memory at all.
 */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <sodium.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aead_lib.h"
#include "log.h"

/* A pair of contexts takes 2 KiB. */
#define AREA_PER_THREAD	8192u
#define CIPHER		"ChaCha20-Poly1305"

static enum { BOOTING, KEYED, CLOSED } phase;
static uint8_t	*area, *area_at, *area_end;
static unsigned	npair;
static struct pair {
	void *seal, *open;
} *pairs;
static _Thread_local const struct pair *mine;

/* What the provider does with a context. */
static struct {
	OSSL_FUNC_cipher_newctx_fn		*new;
	OSSL_FUNC_cipher_encrypt_init_fn	*seal;
	OSSL_FUNC_cipher_decrypt_init_fn	*open;
	OSSL_FUNC_cipher_cipher_fn		*more;
	OSSL_FUNC_cipher_final_fn		*end;
	OSSL_FUNC_cipher_get_ctx_params_fn	*get;
} chacha;

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

/* The provider's own functions for it; NULL: none. */
static const OSSL_DISPATCH *
functions(const OSSL_PROVIDER *p)
{
	int			 no_cache;
	const OSSL_ALGORITHM	*a = OSSL_PROVIDER_query_operation(p,
				    OSSL_OP_CIPHER, &no_cache);

	for (; a != NULL && a->algorithm_names != NULL; a++)
		if (strcasecmp(a->algorithm_names, CIPHER) == 0)
			return a->implementation;
	return NULL;
}

static int
take_functions(const OSSL_DISPATCH *d)
{
	for (; d != NULL && d->function_id != 0; d++)
		switch (d->function_id) {
		case OSSL_FUNC_CIPHER_NEWCTX:
			chacha.new = OSSL_FUNC_cipher_newctx(d);
			break;
		case OSSL_FUNC_CIPHER_ENCRYPT_INIT:
			chacha.seal = OSSL_FUNC_cipher_encrypt_init(d);
			break;
		case OSSL_FUNC_CIPHER_DECRYPT_INIT:
			chacha.open = OSSL_FUNC_cipher_decrypt_init(d);
			break;
		case OSSL_FUNC_CIPHER_CIPHER:
			chacha.more = OSSL_FUNC_cipher_cipher(d);
			break;
		case OSSL_FUNC_CIPHER_FINAL:
			chacha.end = OSSL_FUNC_cipher_final(d);
			break;
		case OSSL_FUNC_CIPHER_GET_CTX_PARAMS:
			chacha.get = OSSL_FUNC_cipher_get_ctx_params(d);
			break;
		}
	return chacha.new != NULL && chacha.seal != NULL && chacha.open != NULL &&
	    chacha.more != NULL && chacha.end != NULL && chacha.get != NULL ? 0 : -1;
}

static void *
context(void *provider)
{
	void *c = chacha.new(provider);

	if (c == NULL)
		fatalx("libcrypto makes no context for "CIPHER);
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
	EVP_CIPHER		*cipher;
	const OSSL_PROVIDER	*p;
	unsigned		 i;

	if (phase == CLOSED)
		return;
	/* It reads no configuration file and leaves nothing to do at exit. */
	if (CRYPTO_set_mem_functions(on_malloc, on_realloc, on_free) != 1 ||
	    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_ATEXIT, NULL) != 1 ||
	    (cipher = EVP_CIPHER_fetch(NULL, CIPHER, NULL)) == NULL)
		fatalx("libcrypto does not start");
	p = EVP_CIPHER_get0_provider(cipher);
	if (take_functions(functions(p)) == -1)
		fatalx("libcrypto has no "CIPHER" of the kind that is known");
	make_area(threads);
	phase = KEYED;
	for (i = 0; i < threads; i++) {
		pairs[i].seal = context(OSSL_PROVIDER_get0_provider_ctx(p));
		pairs[i].open = context(OSSL_PROVIDER_get0_provider_ctx(p));
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
more(void *c, uint8_t *out, const uint8_t *in, size_t len)
{
	size_t n;

	must(chacha.more(c, out, &n, len, in, len));
}

static void
seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	OSSL_PARAM	 tag[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, p + len,
		    AEAD_TAG), OSSL_PARAM_END };
	void		*c = mine->seal;
	size_t		 n;

	must(chacha.seal(c, key, AEAD_KEY, nonce, AEAD_NONCE, NULL));
	more(c, NULL, aad, aad_len);
	more(c, p, p, len);
	must(chacha.end(c, p + len, &n, 0));
	must(chacha.get(c, tag));
}

/*
 * The library decrypts as it reads and compares the tag last. When that is
 * wrong, the same key stream over the same place gives the ciphertext back.
 */
static void
put_back(const uint8_t *key, const uint8_t *nonce, uint8_t *p, size_t len)
{
	void *c = mine->seal;

	must(chacha.seal(c, key, AEAD_KEY, nonce, AEAD_NONCE, NULL));
	more(c, p, p, len);
}

static int
open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t		 tag[AEAD_TAG];
	OSSL_PARAM	 want[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag,
		    sizeof(tag)), OSSL_PARAM_END };
	void		*c = mine->open;
	size_t		 n;

	memcpy(tag, p + len, sizeof(tag));
	must(chacha.open(c, key, AEAD_KEY, nonce, AEAD_NONCE, want));
	more(c, NULL, aad, aad_len);
	more(c, p, p, len);
	if (chacha.end(c, tag, &n, 0) == 1)
		return 0;
	put_back(key, nonce, p, len);
	return -1;
}

/*
 * A packet that nobody sent, under no key, writes over all that the last one
 * left: key, a piece of key stream, powers of the tag's key.
 */
static void
forget_in(void *c)
{
	static const uint8_t	zero[AEAD_KEY];
	uint8_t			p[1024 + 1] = { 0 };

	must(chacha.seal(c, zero, AEAD_KEY, zero, AEAD_NONCE, NULL));
	more(c, NULL, zero, sizeof(zero));
	more(c, p, p, sizeof(p));
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
