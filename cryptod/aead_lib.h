/*
 * aead_lib.h -- one library behind aead.h. Only aead.c, the tests of the
 * libraries and the benchmark look in here.
 */
#ifndef AEAD_LIB_H
#define AEAD_LIB_H

#include "aead.h"

struct aead_lib {
	const char	*name;
	/* Can this processor run it? NULL: any can. */
	int		(*usable)(void);
	/* As aead_start(), aead_thread(), aead_forget(); NULL where there is no state. */
	void		(*start)(unsigned threads);
	void		(*thread)(unsigned);
	void		(*forget)(void);
	void		(*seal)(const uint8_t *key, const uint8_t *nonce,
			    const uint8_t *aad, size_t aad_len, uint8_t *p,
			    size_t len);
	int		(*open)(const uint8_t *key, const uint8_t *nonce,
			    const uint8_t *aad, size_t aad_len, uint8_t *p,
			    size_t len);
};

extern const struct aead_lib aead_sodium, aead_libcrypto;
#ifdef __x86_64__
extern const struct aead_lib aead_ipsec_mb;
#endif

/* By enum aead_want; NULL for auto, and for what is not for this processor. */
const struct aead_lib	*aead_lib(enum aead_want);

/* Where contexts stand, for the tests that look for keys there. */
const uint8_t	*aead_libcrypto_area(size_t *len);
const uint8_t	*aead_ipsec_mb_area(size_t *len);

#endif
