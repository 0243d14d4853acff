/*
 * witness.c -- dird's witness alone, without the mesh: bodies of add-checkpoint as
 * files, the line of each cosignature on stdout.
 *
 *	witness LOG-VKEY BODY...	the first line out is the witness's own vkey
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "witness.h"

static struct witness_log	 l;
static struct note_key		 me;
static uint8_t			 sec[64];

static int
cosign(const struct witness_ask *a)
{
	uint8_t msg[4096], sig[64], both[72];
	uint64_t when = (uint64_t)time(NULL);
	char line[NOTE_LINE];
	ssize_t n;

	n = cosignature_message(a->note.text, when, msg, sizeof(msg));
	if (n == -1)
		return -1;
	crypto_sign_detached(sig, NULL, msg, (size_t)n, sec);
	cosignature_pack(when, sig, both);
	n = note_line(&me, both, sizeof(both), line, sizeof(line));
	if (n == -1)
		return -1;
	fwrite(line, 1, (size_t)n, stdout);
	l.size = a->head.size;
	memcpy(l.root, a->head.root, HASH_LEN);
	return 0;
}

static int
answer(const char *path)
{
	static char body[NOTE_MAX];
	struct witness_ask a;
	struct because b = { WHY_OK, "" };
	size_t n, which;
	FILE *f = fopen(path, "re");
	int status = 400;

	if (f == NULL)
		return -1;
	n = fread(body, 1, sizeof(body), f);
	fclose(f);
	if (witness_parse(body, n, &a, &b) == 0)
		status = witness_decide(&l, 1, &a, &which, &b);
	if (status == 200)
		return cosign(&a);
	fprintf(stderr, "%s: %d %s: %s\n", path, status, why_text(b.why), b.place);
	return -1;
}

int
main(int argc, char **argv)
{
	uint8_t pub[32];
	char vkey[NOTE_LINE];
	struct because b;
	int i;

	if (argc < 3 || sodium_init() == -1 ||
	    note_key_parse(argv[1], &l.key, &b) == -1)
		return 2;
	crypto_sign_keypair(pub, sec);
	if (note_key_make("bastide.test/witness", NOTE_COSIGNATURE, pub, &me) == -1 ||
	    note_key_write(&me, vkey, sizeof(vkey)) == -1)
		return 2;
	puts(vkey);
	for (i = 2; i < argc; i++)
		if (answer(argv[i]) == -1)
			return 1;
	return 0;
}
