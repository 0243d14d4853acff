/*
 * aead_ipsec_mb.c -- Intel's multi-buffer library, quickest where there is AVX2.
 *
 * One manager a thread, made at boot; it gets no memory after. A job goes in
 * and comes out at once: this cipher works on one packet at a time. The
 * manager has pointers to keys and wipes what it computes (SAFE_DATA), so that
 * nothing needs to be forgotten. The library is for one kind of processor.
 */
#include "aead_lib.h"

#ifdef __x86_64__
#include <intel-ipsec-mb.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static IMB_MGR	**managers;
static unsigned	  nmanager;
static _Thread_local IMB_MGR *mine;

/*
 * The library asks the processor alone what it has. Whether the system lends
 * the registers as well, the compiler's runtime knows.
 */
static int
usable(void)
{
	return __builtin_cpu_supports("avx2");
}

static IMB_MGR *
manager(void)
{
	IMB_MGR *m = alloc_mb_mgr(0);

	if (m == NULL)
		fatalx("no memory for libIPSec_MB");
	if (__builtin_cpu_supports("avx512bw"))
		init_mb_mgr_auto(m, NULL);
	else
		init_mb_mgr_avx2(m);
	if (imb_get_errno(m) != 0 || (m->features & IMB_FEATURE_SELF_TEST_PASS) == 0)
		fatalx("libIPSec_MB does not start: %s",
		    imb_get_strerror(imb_get_errno(m)));
	if ((m->features & IMB_FEATURE_SAFE_DATA) == 0)
		fatalx("libIPSec_MB was built to leave keys on its stack");
	return m;
}

static void
start(unsigned threads)
{
	if (managers != NULL)
		return;
	managers = calloc(threads, sizeof(*managers));
	if (managers == NULL)
		fatal("calloc");
	for (nmanager = 0; nmanager < threads; nmanager++)
		managers[nmanager] = manager();
	mine = managers[0];
}

static void
thread(unsigned n)
{
	mine = managers[n];
}

const uint8_t *
aead_ipsec_mb_area(size_t *len)
{
	*len = imb_get_mb_mgr_size();
	return (const uint8_t *)managers[0];
}

static void
work(IMB_CIPHER_DIRECTION way, const uint8_t *key, const uint8_t *nonce,
    const uint8_t *aad, size_t aad_len, uint8_t *p, size_t len, uint8_t *tag)
{
	IMB_JOB *j = IMB_GET_NEXT_JOB(mine);

	j->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	j->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	j->cipher_direction = way;
	j->chain_order = way == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH :
	    IMB_ORDER_HASH_CIPHER;
	j->enc_keys = j->dec_keys = key;
	j->key_len_in_bytes = AEAD_KEY;
	j->iv = nonce;
	j->iv_len_in_bytes = AEAD_NONCE;
	j->u.CHACHA20_POLY1305.aad = aad;
	j->u.CHACHA20_POLY1305.aad_len_in_bytes = aad_len;
	j->src = j->dst = p;
	j->cipher_start_src_offset_in_bytes = 0;
	j->hash_start_src_offset_in_bytes = 0;
	j->msg_len_to_cipher_in_bytes = len;
	j->msg_len_to_hash_in_bytes = len;
	j->auth_tag_output = tag;
	j->auth_tag_output_len_in_bytes = AEAD_TAG;
	j = IMB_SUBMIT_JOB_NOCHECK(mine);
	if (j == NULL || j->status != IMB_STATUS_COMPLETED)
		fatalx("libIPSec_MB failed at a packet: %s",
		    imb_get_strerror(imb_get_errno(mine)));
}

static void
seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	work(IMB_DIR_ENCRYPT, key, nonce, aad, aad_len, p, len, p + len);
}

/* A wrong tag: the same key stream once more gives the ciphertext back. */
static int
open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t want[AEAD_TAG], tag[AEAD_TAG];

	memcpy(want, p + len, sizeof(want));
	work(IMB_DIR_DECRYPT, key, nonce, aad, aad_len, p, len, tag);
	if (crypto_verify_16(tag, want) == 0)
		return 0;
	work(IMB_DIR_ENCRYPT, key, nonce, aad, aad_len, p, len, tag);
	return -1;
}

const struct aead_lib aead_ipsec_mb = {
	.name = "ipsec-mb", .usable = usable, .start = start, .thread = thread,
	.seal = seal, .open = open,
};
#endif
