/* head.c -- asks cryptod for a checkpoint when the journal has outgrown the last. */
#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "head.h"
#include "sign.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

/* Long enough to take an import as one, short enough for whoever waits. */
#define SOON_MS		200
#define AGAIN_MS	5000

static struct event		*timer;
static int			 under_way;
static struct checkpoint	 asked;

int
head_key(enum dir_log log, struct note_key *k)
{
	char origin[ORIGIN_MAX];

	if (!dird.has_key || dird.key_mode == KEY_EPHEMERAL)
		return -1;
	dir_origin(dird.did, log, origin);
	return note_key_make(origin, NOTE_ED25519, dird.dir_pub, k);
}

const char *
head_note(size_t *len)
{
	*len = dird.journal == NULL ? 0 : dird.journal->note_len;
	return *len == 0 ? NULL : dird.journal->note;
}

static void
arm(unsigned ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	if (timer != NULL && event_add(timer, &tv) == -1)
		fatalx("cannot arm the clock of the checkpoints");
}

void
head_soon(void)
{
	if (!under_way && dird.has_key && dird.key_mode != KEY_EPHEMERAL &&
	    state_writable() == WHY_OK && dird.journal->n != dird.journal->head.size)
		arm(SOON_MS);
}

/* Text, an empty line, our signature. */
ssize_t
head_write(enum dir_log log, const struct checkpoint *c,
    const uint8_t *sig, char *out, size_t cap)
{
	struct note_key key;
	ssize_t n, m;

	if (head_key(log, &key) == -1)
		return -1;
	n = checkpoint_write(key.name, c->size, c->root, out, cap - 1);
	if (n == -1)
		return -1;
	out[n++] = '\n';
	m = note_line(&key, sig, SIG_LEN, out + n, cap - (size_t)n);
	return m == -1 ? -1 : n + m;
}

static void
on_signed(void *arg, const uint8_t *sig, enum refusal refused)
{
	char note[HEAD_NOTE];
	ssize_t n;

	(void)arg;
	under_way = 0;
	if (sig == NULL) {
		log_error("cryptod does not sign a checkpoint: %s",
		    refuse_text(refused));
		return;
	}
	if (state_writable() != WHY_OK)
		return;
	n = head_write(DIR_JOURNAL, &asked, sig, note, sizeof(note));
	if (n == -1 || journal_head(dird.journal, note, (size_t)n) == -1) {
		log_error("the checkpoint of %llu entries is not kept",
		    (unsigned long long)asked.size);
		state_writable();
		return;
	}
	head_soon();
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (under_way || state_writable() != WHY_OK ||
	    dird.journal->n == dird.journal->head.size)
		return;
	asked.size = dird.journal->n;
	if (merkle_root(dird.journal->tree, asked.size, asked.root) == -1)
		return;
	if (sign_head(DIR_JOURNAL, asked.size, asked.root, on_signed,
	    NULL) == -1) {
		arm(AGAIN_MS);
		return;
	}
	under_way = 1;
}

void
head_start(void)
{
	timer = evtimer_new(dird.base, on_timer, NULL);
	if (timer == NULL)
		fatalx("cannot make the clock of the checkpoints");
	head_soon();
}
