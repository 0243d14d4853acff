/* room: cryptod -- three libraries, one cipher: the same bytes, the same refusals. */
#include <openssl/evp.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "aead_lib.h"
#include "suite.h"
#include "wire.h"

#define LONGEST	9000u

static const struct aead_lib *libs[AEAD_WANTS];
static unsigned	nlib;
static int	is_alone;	/* auto left libcrypto as it was */
static uint8_t	key[AEAD_KEY], nonce[AEAD_NONCE], aad[32];
static uint8_t	text[LONGEST], a[LONGEST + AEAD_TAG], b[LONGEST + AEAD_TAG];

static void
setup(void)
{
	enum aead_want w;
	size_t len;

	ck_assert_int_ne(sodium_init(), -1);
	aead_start(AEAD_AUTO, 2);
	is_alone = aead_libcrypto_area(&len) == NULL;
	for (w = AEAD_LIBSODIUM; w < AEAD_WANTS; w++)
		if (aead_lib(w) != NULL)
			libs[nlib++] = aead_lib(w);
	for (unsigned i = 1; i < nlib; i++)
		libs[i]->start(2);
}

static void
fresh(void)
{
	randombytes_buf(key, sizeof(key));
	randombytes_buf(nonce, sizeof(nonce));
	randombytes_buf(aad, sizeof(aad));
	randombytes_buf(text, sizeof(text));
}

/* Every length up to some blocks, then some of the longer ones. */
static size_t
length(unsigned i)
{
	return i < 1100 ? i : randombytes_uniform(LONGEST + 1);
}

/* RFC 8439, 2.8.2. */
START_TEST(all_seal_the_example_of_the_standard)
{
	static const uint8_t ad[12] = { 0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2,
	    0xc3, 0xc4, 0xc5, 0xc6, 0xc7 };
	static const uint8_t iv[12] = { 7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44,
	    0x45, 0x46, 0x47 };
	static const uint8_t begins[8] = { 0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e,
	    0x60, 0xdb };
	static const uint8_t tag[16] = { 0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2,
	    0x6a, 0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06, 0x91 };
	static const char said[] = "Ladies and Gentlemen of the class of '99: "
	    "If I could offer you only one tip for the future, sunscreen would "
	    "be it.";
	uint8_t k[32];
	size_t i, len = sizeof(said) - 1;

	for (i = 0; i < 32; i++)
		k[i] = (uint8_t)(0x80 + i);
	for (i = 0; i < nlib; i++) {
		memcpy(a, said, len);
		libs[i]->seal(k, iv, ad, sizeof(ad), a, len);
		ck_assert_mem_eq(a, begins, 8);
		ck_assert_mem_eq(a + len, tag, 16);
		ck_assert_int_eq(libs[i]->open(k, iv, ad, sizeof(ad), a, len), 0);
		ck_assert_mem_eq(a, said, len);
	}
}
END_TEST

START_TEST(all_give_the_same_bytes_and_open_each_others)
{
	size_t		len, ad;
	unsigned	i, j;

	for (i = 0; i < 1400; i++) {
		fresh();
		len = length(i);
		ad = i % (sizeof(aad) + 1);
		memcpy(a, text, len);
		libs[0]->seal(key, nonce, aad, ad, a, len);
		for (j = 0; j < nlib; j++) {
			memcpy(b, text, len);
			libs[j]->seal(key, nonce, aad, ad, b, len);
			ck_assert_msg(memcmp(a, b, len + AEAD_TAG) == 0,
			    "%s: length %zu", libs[j]->name, len);
			ck_assert_int_eq(libs[j]->open(key, nonce, aad, ad, b, len), 0);
			ck_assert(len == 0 || memcmp(b, text, len) == 0);
		}
	}
}
END_TEST

/* One bit wrong in text, tag, associated data, key or nonce. */
static void
spoil(unsigned what, size_t len, size_t ad)
{
	uint8_t bit = (uint8_t)(1u << randombytes_uniform(8));

	switch (what) {
	case 0:
		b[randombytes_uniform((uint32_t)len)] ^= bit;
		break;
	case 1:
		b[len + randombytes_uniform(AEAD_TAG)] ^= bit;
		break;
	case 2:
		aad[randombytes_uniform((uint32_t)ad)] ^= bit;
		break;
	case 3:
		key[randombytes_uniform(AEAD_KEY)] ^= bit;
		break;
	default:
		nonce[randombytes_uniform(AEAD_NONCE)] ^= bit;
		break;
	}
}

START_TEST(all_refuse_the_same_forgeries_and_leave_them_as_they_were)
{
	size_t		len, ad = 16;
	unsigned	i, j;

	for (i = 0; i < 3000; i++) {
		fresh();
		len = length(i);
		len = len < LONGEST ? len + 1 : LONGEST;
		memcpy(b, text, len);
		libs[i % nlib]->seal(key, nonce, aad, ad, b, len);
		spoil(i % 5, len, ad);
		memcpy(a, b, len + AEAD_TAG);
		for (j = 0; j < nlib; j++) {
			ck_assert_int_eq(libs[j]->open(key, nonce, aad, ad, b, len), -1);
			ck_assert_msg(memcmp(a, b, len + AEAD_TAG) == 0,
			    "%s: length %zu: the ciphertext is lost", libs[j]->name, len);
		}
	}
}
END_TEST

/* libcrypto has been shut by setup(): another allocation would end us. */
START_TEST(whatever_the_choice_the_bytes_are_the_same)
{
	uint64_t	counter = 0x0102030405060708u;
	struct aead_choice c;
	enum aead_want	want;
	size_t		len;

	fresh();
	memset(nonce, 0, 4);
	put_le64(nonce + 4, counter);
	for (want = AEAD_AUTO; want < AEAD_WANTS; want++) {
		if (want != AEAD_AUTO && aead_lib(want) == NULL)
			continue;
		c = aead_start(want, 1);
		if (want != AEAD_AUTO)
			ck_assert(c.large == want && c.from == 0);
		else
			ck_assert(aead_lib(c.large) != NULL && c.from <= 1420);
		for (len = 0; len < 1500; len += 7) {
			memcpy(a, text, len);
			memcpy(b, text, len);
			aead_seal(key, counter, aad, 16, a, len);
			aead_sodium.seal(key, nonce, aad, 16, b, len);
			ck_assert_mem_eq(a, b, len + AEAD_TAG);
			ck_assert_int_eq(aead_open(key, counter, aad, 16, a, len), 0);
			a[len] ^= 1;
			ck_assert_int_eq(aead_open(key, counter, aad, 16, a, len), -1);
		}
	}
}
END_TEST

/* Once started it has its memory for good. */
START_TEST(libcrypto_is_not_started_where_ipsec_mb_runs)
{
	ck_assert_int_eq(is_alone, aead_lib(AEAD_IPSEC_MB) != NULL);
}
END_TEST

START_TEST(a_second_thread_has_contexts_of_its_own)
{
	enum aead_want want;

	for (want = AEAD_LIBCRYPTO; want < AEAD_WANTS; want++) {
		if (aead_lib(want) == NULL)
			continue;
		fresh();
		memcpy(a, text, 1000);
		memcpy(b, text, 1000);
		aead_start(want, 2);
		aead_seal(key, 5, aad, 16, a, 1000);
		aead_thread(1);
		aead_seal(key, 5, aad, 16, b, 1000);
		ck_assert_mem_eq(a, b, 1000 + AEAD_TAG);
		ck_assert_int_eq(aead_open(key, 5, aad, 16, a, 1000), 0);
		aead_thread(0);
		ck_assert_int_eq(aead_open(key, 5, aad, 16, b, 1000), 0);
	}
}
END_TEST

/* A guard page stands right behind what sodium_malloc() gives. */
START_TEST(none_looks_behind_what_it_was_given)
{
	uint8_t		*p, *ad, *k, *iv;
	size_t		 len;
	unsigned	 j;

	fresh();
	k = sodium_malloc(AEAD_KEY);
	iv = sodium_malloc(AEAD_NONCE);
	ck_assert(k != NULL && iv != NULL);
	memcpy(k, key, AEAD_KEY);
	memcpy(iv, nonce, AEAD_NONCE);
	for (len = 0; len < 1500; len++) {
		p = sodium_malloc(len + AEAD_TAG);
		ad = sodium_malloc(len % sizeof(aad) + 1);
		ck_assert(p != NULL && ad != NULL);
		memcpy(ad, aad, len % sizeof(aad) + 1);
		for (j = 0; j < nlib; j++) {
			memcpy(p, text, len);
			libs[j]->seal(k, iv, ad, len % sizeof(aad) + 1, p, len);
			ck_assert_int_eq(libs[j]->open(k, iv, ad,
			    len % sizeof(aad) + 1, p, len), 0);
			ck_assert(len == 0 || memcmp(p, text, len) == 0);
		}
		sodium_free(p);
		sodium_free(ad);
	}
	sodium_free(k);
	sodium_free(iv);
}
END_TEST

/* Any eight bytes of what a packet's key gives, in a library's contexts? */
static int
is_in(const uint8_t *p, size_t len, const uint8_t *k)
{
	size_t i;

	for (i = 0; i < AEAD_KEY; i += 8)
		if (memmem(p, len, k + i, 8) != NULL)
			return 1;
	return 0;
}

static int
is_in_area(const uint8_t *k)
{
	size_t len;
	const uint8_t *p = aead_libcrypto_area(&len);

	return is_in(p, len, k);
}

#ifdef __x86_64__
START_TEST(no_key_stays_in_ipsec_mb)
{
	uint8_t		 tags_key[64];
	const uint8_t	*p;
	size_t		 len;

	if (aead_lib(AEAD_IPSEC_MB) == NULL)
		return;
	fresh();
	memcpy(a, text, 1420);
	aead_ipsec_mb.seal(key, nonce, aad, 16, a, 1420);
	aead_ipsec_mb.open(key, nonce, aad, 16, a, 1420);
	crypto_stream_chacha20_ietf(tags_key, sizeof(tags_key), nonce, key);
	p = aead_ipsec_mb_area(&len);
	ck_assert_uint_gt(len, 0);
	ck_assert(!is_in(p, len, key));
	ck_assert(!is_in(p, len, tags_key));
	ck_assert(!is_in(p, len, tags_key + AEAD_KEY));
}
END_TEST
#endif

START_TEST(a_key_stands_in_the_locked_area_until_it_is_forgotten)
{
	fresh();
	aead_start(AEAD_LIBCRYPTO, 2);
	ck_assert(!is_in_area(key));
	aead_seal(key, 5, aad, 16, a, 1420);
	ck_assert(is_in_area(key));
	aead_forget();
	ck_assert(!is_in_area(key));
	ck_assert_int_eq(aead_open(key, 5, aad, 16, a, 1420), 0);
	ck_assert(is_in_area(key));
	aead_forget();
	ck_assert(!is_in_area(key));
}
END_TEST

START_TEST(libcrypto_gets_no_memory_once_packets_flow)
{
	EVP_CIPHER_CTX_free(EVP_CIPHER_CTX_new());
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, all_seal_the_example_of_the_standard);
	tcase_add_test(t, all_give_the_same_bytes_and_open_each_others);
	tcase_add_test(t, all_refuse_the_same_forgeries_and_leave_them_as_they_were);
	tcase_add_test(t, whatever_the_choice_the_bytes_are_the_same);
	tcase_add_test(t, libcrypto_is_not_started_where_ipsec_mb_runs);
	tcase_add_test(t, a_second_thread_has_contexts_of_its_own);
	tcase_add_test(t, none_looks_behind_what_it_was_given);
#ifdef __x86_64__
	tcase_add_test(t, no_key_stays_in_ipsec_mb);
#endif
	tcase_add_test(t, a_key_stands_in_the_locked_area_until_it_is_forgotten);
	tcase_add_exit_test(t, libcrypto_gets_no_memory_once_packets_flow, 1);
}
