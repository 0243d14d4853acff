/*
 * conf_lists.c -- the plain text files beside fips.yaml: hosts, peers.allow,
 * peers.deny. One entry a line, words apart by white space.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_int.h"
#include "ident.h"

#define WORD	72	/* an npub and more; longer is no name either */

/* A line cut into words; those too long or too many spoil it. */
struct line {
	unsigned	 no;
	unsigned	 n;
	char		 word[2][WORD];
	int		 spoilt;
};

static void
add_word(struct line *l, const char *s, size_t len)
{
	if (l->n == 2 || len >= WORD || memchr(s, '\0', len) != NULL) {
		l->spoilt = 1;
		return;
	}
	memcpy(l->word[l->n], s, len);
	l->word[l->n++][len] = '\0';
}

/* The next line of text, from *pos; 0 at the end. */
static int
next_line(const char *text, size_t len, size_t *pos, struct line *l,
    int late_comment)
{
	size_t from, i = *pos;

	if (i >= len)
		return 0;
	l->no++;
	l->n = 0;
	l->spoilt = 0;
	while (i < len && text[i] != '\n') {
		if (isspace((unsigned char)text[i])) {
			i++;
			continue;
		}
		if (text[i] == '#' && (late_comment || l->n == 0))
			break;
		from = i;
		while (i < len && !isspace((unsigned char)text[i]) &&
		    !(late_comment && text[i] == '#'))
			i++;
		add_word(l, text + from, i - from);
	}
	while (i < len && text[i] != '\n')
		i++;
	*pos = i + 1;
	return 1;
}

static void
warn_line(void (*warn)(const char *), const char *name, unsigned no,
    const char *what, const char *word)
{
	char text[CONF_ERR_LEN], safe[CONF_SHOW];

	if (warn == NULL)
		return;
	snprintf(text, sizeof(text), "%s:%u: %s%s%s%s; the line is skipped",
	    name, no, what, *word != '\0' ? " '" : "", conf_show(word, safe),
	    *word != '\0' ? "'" : "");
	warn(text);
}

/* Room for one more of size bytes at the end of *list. */
static void *
grow(void *list, unsigned n, size_t size)
{
	void *p;

	if ((n & (n - 1)) != 0)
		return list;	/* it doubled at the last power of two */
	p = realloc(list, (n == 0 ? 1 : 2 * (size_t)n) * size);
	if (p == NULL)
		abort();
	return p;
}

static int
read_host(const char *name, const struct line *l, struct conf_host *h,
    void (*warn)(const char *))
{
	size_t i;

	memset(h, 0, sizeof(*h));
	if (l->spoilt || l->n != 2)
		warn_line(warn, name, l->no, "a name and an npub expected", "");
	else if (!conf_is_hostname(l->word[0]))
		warn_line(warn, name, l->no, "not a host name:", l->word[0]);
	else if (npub_decode(l->word[1], h->pub) == -1)
		warn_line(warn, name, l->no, "not an npub:", l->word[1]);
	else {
		for (i = 0; l->word[0][i] != '\0'; i++)
			h->name[i] = (char)tolower((unsigned char)l->word[0][i]);
		return 0;
	}
	return -1;
}

void
conf_hosts(const char *name, const char *text, size_t len,
    struct conf_host **out, unsigned *n, void (*warn)(const char *))
{
	struct line l = { 0 };
	struct conf_host h, *list = NULL;
	unsigned i, count = 0;
	size_t pos = conf_bom(text, len);

	while (next_line(text, len, &pos, &l, 0)) {
		if ((l.n == 0 && !l.spoilt) || read_host(name, &l, &h, warn) == -1)
			continue;
		for (i = 0; i < count; i++)
			if (strcmp(list[i].name, h.name) == 0)
				break;
		if (i == count)
			list = grow(list, count++, sizeof(*list));
		list[i] = h;
	}
	*out = list;
	*n = count;
}

/* The key of an npub, of a host, or of a peer's alias; hosts go first. */
static int
find_key(const char *word, const struct conf *cf, const struct conf_host *host,
    unsigned nhost, uint8_t pub[32])
{
	unsigned i;

	if (npub_decode(word, pub) == 0)
		return 0;
	for (i = 0; i < nhost; i++)
		if (strcasecmp(host[i].name, word) == 0) {
			memcpy(pub, host[i].pub, 32);
			return 0;
		}
	for (i = 0; cf != NULL && i < cf->npeer; i++)
		if (strcasecmp(cf->peer[i].alias, word) == 0) {
			memcpy(pub, cf->peer[i].pub, 32);
			return 0;
		}
	return -1;
}

int
conf_acl(const char *name, const char *text, size_t len, int deny,
    const struct conf *cf, const struct conf_host *host, unsigned nhost,
    struct conf_acl **out, unsigned *n, char err[CONF_ERR_LEN])
{
	struct line l = { 0 };
	struct conf_acl a, *list = NULL;
	unsigned count = 0;
	char safe[CONF_SHOW];
	size_t pos = conf_bom(text, len);

	err[0] = '\0';
	while (next_line(text, len, &pos, &l, 1)) {
		if (l.n == 0 && !l.spoilt)
			continue;
		memset(&a, 0, sizeof(a));
		a.deny = deny != 0;
		a.all = strcasecmp(l.word[0], "ALL") == 0;
		if (l.spoilt || l.n != 1) {
			snprintf(err, CONF_ERR_LEN, "%s:%u: one npub, name or "
			    "ALL expected", name, l.no);
			goto bad;
		}
		if (!a.all && find_key(l.word[0], cf, host, nhost, a.pub) == -1) {
			snprintf(err, CONF_ERR_LEN, "%s:%u: '%s' is neither an "
			    "npub nor a known name", name, l.no,
			    conf_show(l.word[0], safe));
			goto bad;
		}
		list = grow(list, count, sizeof(*list));
		list[count++] = a;
	}
	*out = list;
	*n = count;
	return 0;
bad:
	free(list);
	*out = NULL;
	*n = 0;
	return -1;
}
