/* room: cryptod -- two libraries, one cipher: the same bytes, the same refusals. */
#include <openssl/evp.h>

#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "aead_lib.h"
#include "wire.h"

#define LONGEST	9000u

static const struct aead_lib *const libs[] = { &aead_sodium, &aead_libcrypto };
static uint8_t	key[AEAD_KEY], nonce[AEAD_NONCE], aad[32];
static uint8_t	text[LONGEST], a[LONGEST + AEAD_TAG], b[LONGEST + AEAD_TAG];

static void
setup(void)
{
	ck_assert_int_ne(sodium_init(), -1);
	aead_libcrypto.start(2);
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
START_TEST(both_seal_the_example_of_the_standard)
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
	for (i = 0; i < 2; i++) {
		memcpy(a, said, len);
		libs[i]->seal(k, iv, ad, sizeof(ad), a, len);
		ck_assert_mem_eq(a, begins, 8);
		ck_assert_mem_eq(a + len, tag, 16);
		ck_assert_int_eq(libs[i]->open(k, iv, ad, sizeof(ad), a, len), 0);
		ck_assert_mem_eq(a, said, len);
	}
}
END_TEST

START_TEST(both_give_the_same_bytes_and_open_each_others)
{
	size_t		len, ad;
	unsigned	i, j;

	for (i = 0; i < 1400; i++) {
		fresh();
		len = length(i);
		ad = i % (sizeof(aad) + 1);
		memcpy(a, text, len);
		memcpy(b, text, len);
		libs[0]->seal(key, nonce, aad, ad, a, len);
		libs[1]->seal(key, nonce, aad, ad, b, len);
		ck_assert_msg(memcmp(a, b, len + AEAD_TAG) == 0, "length %zu", len);
		for (j = 0; j < 2; j++) {
			memcpy(b, a, len + AEAD_TAG);
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

START_TEST(both_refuse_the_same_forgeries_and_leave_them_as_they_were)
{
	size_t		len, ad = 16;
	unsigned	i, j;

	for (i = 0; i < 3000; i++) {
		fresh();
		len = length(i) + 1 > LONGEST ? LONGEST : length(i) + 1;
		memcpy(b, text, len);
		libs[i % 2]->seal(key, nonce, aad, ad, b, len);
		spoil(i % 5, len, ad);
		memcpy(a, b, len + AEAD_TAG);
		for (j = 0; j < 2; j++) {
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
	static const enum aead_want want[] = { AEAD_LIBSODIUM, AEAD_LIBCRYPTO,
	    AEAD_AUTO };
	uint64_t	counter = 0x0102030405060708u;
	uint32_t	from;
	size_t		len, i;

	fresh();
	memset(nonce, 0, 4);
	put_le64(nonce + 4, counter);
	for (i = 0; i < 3; i++) {
		from = aead_start(want[i], 1);
		ck_assert(i == 2 ? from > 0 && from <= AEAD_NEVER :
		    from == (i == 0 ? AEAD_NEVER : 0));
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

START_TEST(a_second_thread_has_contexts_of_its_own)
{
	fresh();
	memcpy(a, text, 1000);
	memcpy(b, text, 1000);
	aead_start(AEAD_LIBCRYPTO, 2);
	aead_seal(key, 5, aad, 16, a, 1000);
	aead_thread(1);
	aead_seal(key, 5, aad, 16, b, 1000);
	ck_assert_mem_eq(a, b, 1000 + AEAD_TAG);
	ck_assert_int_eq(aead_open(key, 5, aad, 16, a, 1000), 0);
	aead_thread(0);
	ck_assert_int_eq(aead_open(key, 5, aad, 16, b, 1000), 0);
}
END_TEST

/* Its key, or any eight bytes of it, in what libcrypto got for its contexts. */
static int
is_in_area(const uint8_t *k)
{
	size_t	len, i;
	const uint8_t *p = aead_libcrypto_area(&len);

	for (i = 0; i < AEAD_KEY; i += 8)
		if (memmem(p, len, k + i, 8) != NULL)
			return 1;
	return 0;
}

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

int
main(void)
{
	Suite	*s = suite_create("aead");
	TCase	*tc = tcase_create("aead");
	SRunner	*sr;
	int	 failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, both_seal_the_example_of_the_standard);
	tcase_add_test(tc, both_give_the_same_bytes_and_open_each_others);
	tcase_add_test(tc, both_refuse_the_same_forgeries_and_leave_them_as_they_were);
	tcase_add_test(tc, whatever_the_choice_the_bytes_are_the_same);
	tcase_add_test(tc, a_second_thread_has_contexts_of_its_own);
	tcase_add_test(tc, a_key_stands_in_the_locked_area_until_it_is_forgotten);
	tcase_add_exit_test(tc, libcrypto_gets_no_memory_once_packets_flow, 1);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
