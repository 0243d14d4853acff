/*
 * note.h -- C2SP signed-note, tlog-checkpoint and tlog-cosignature. Parsing,
 * writing, verifying; what is to be signed is built here and signed elsewhere.
 */
#ifndef NOTE_H
#define NOTE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "merkle.h"
#include "span.h"
#include "why.h"

#define NOTE_MAX	65536	/* bytes of a note */
#define NOTE_SIGS	64	/* signature lines; the specification asks for 16 */
#define NOTE_NAME	255	/* bytes of a key name or an origin */
#define NOTE_LINE	512	/* a signature line of ours */

enum note_alg { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4 };

struct note_key {
	char		 name[NOTE_NAME + 1];
	uint32_t	 id;
	enum note_alg	 alg;
	uint8_t		 pub[32];
};

struct note_sig {
	struct span	 name, base64;
	uint32_t	 id;
};

/* Everything points into the bytes that were parsed. */
struct note {
	struct span	 text;		/* with its last newline */
	unsigned	 n;
	struct note_sig	 sig[NOTE_SIGS];
};

struct checkpoint {
	char		 origin[NOTE_NAME + 1];
	uint64_t	 size;
	uint8_t		 root[HASH_LEN];
	struct span	 extension;	/* whole lines, mostly none */
};

/* 0, or -1 if name cannot be a key name. */
int	note_key_make(const char *name, enum note_alg, const uint8_t pub[32],
	    struct note_key *);
/* "name+id+base64", as `vkey` of signed-note says; and back into out. */
int	note_key_parse(const char *vkey, struct note_key *, struct because *);
ssize_t	note_key_write(const struct note_key *, char *out, size_t cap);

int	note_parse(const char *p, size_t len, struct note *, struct because *);
/*
 * Checks every signature by one of the n keys (at most 64). 0 and a bit in
 * `by` for each key that signed; -1 if there is none, or one that does not fit.
 * A cosignature's time goes to when[key] unless when is NULL.
 */
int	note_verify(const struct note *, const struct note_key *keys, unsigned n,
	    uint64_t *by, uint64_t *when, struct because *);
/* A signature line with its newline; sig is what alg says, time first. */
ssize_t	note_line(const struct note_key *, const uint8_t *sig, size_t len,
	    char *out, size_t cap);

int	checkpoint_parse(struct span text, struct checkpoint *, struct because *);
/* The note text, with its last newline. */
ssize_t	checkpoint_write(const char *origin, uint64_t size,
	    const uint8_t root[HASH_LEN], char *out, size_t cap);
/* What a cosigner signs at a time; and its 72 bytes from time and signature. */
ssize_t	cosignature_message(struct span text, uint64_t when, uint8_t *out,
	    size_t cap);
void	cosignature_pack(uint64_t when, const uint8_t sig[64], uint8_t out[72]);

/* One line of base64 that holds exactly len bytes. 0 or -1. */
int	base64_read(struct span, uint8_t *out, size_t len);
/* A number without leading zeroes, or -1. */
int	decimal_read(struct span, uint64_t *);
/* The next line without its newline; -1 if there is none. */
int	line_read(struct span *rest, struct span *line);

#endif
