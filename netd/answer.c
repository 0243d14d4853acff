/*
 * answer.c -- fills the empty lists of a frame row by row. The text is what
 * dumping one tree of everything would give, byte by byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"

struct answer {
	char		*frame;
	size_t		 frame_len, frame_at;
	const struct answer_list *list;	/* NULL: none is left */
	struct cursor	 cursor;
	void		*asked;
	unsigned	 nlist;
	int		 inside, rows;	/* a list; and it has some by now */
	char		*out;
	size_t		 len, cap;
};

struct answer *
answer_new(char *frame, size_t len, const struct answer_list *list,
    void *asked)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		free(frame);
		free(asked);
		return NULL;
	}
	a->frame = frame;
	a->frame_len = len;
	a->list = list;
	a->asked = asked;
	return a;
}

void
answer_free(struct answer *a)
{
	if (a == NULL)
		return;
	free(a->cursor.own);
	free(a->asked);
	free(a->frame);
	free(a->out);
	free(a);
}

/* As jansson calls it: 0, or -1. */
static int
put(const char *s, size_t n, void *arg)
{
	struct answer *a = arg;
	size_t cap = a->cap;
	char *p;

	while (cap < a->len + n)
		cap = cap == 0 ? ANSWER_SLICE : 2 * cap;
	if (cap != a->cap) {
		if ((p = realloc(a->out, cap)) == NULL)
			return -1;
		a->out = p;
		a->cap = cap;
	}
	memcpy(a->out + a->len, s, n);
	a->len += n;
	return 0;
}

/* Behind the bracket that opens the next list, or the end of the frame. A quote
 * inside a text has a backslash before it: no name can look like a list. */
static size_t
hole(const struct answer *a)
{
	const char *from = a->frame + a->frame_at, *at;
	char mark[64];
	int n;

	if (a->list == NULL || a->list->key == NULL)
		return a->frame_len;
	n = snprintf(mark, sizeof(mark), "\"%s\":[]", a->list->key);
	at = memmem(from, a->frame_len - a->frame_at, mark, (size_t)n);
	return at == NULL ? a->frame_len : (size_t)(at - a->frame + n - 1);
}

static int
frame(struct answer *a)
{
	size_t to = hole(a), from = a->frame_at;

	a->frame_at = to;
	a->inside = to < a->frame_len;
	a->rows = 0;
	free(a->cursor.own);
	a->cursor = (struct cursor){ .asked = a->asked, .list = a->nlist++ };
	return put(a->frame + from, to - from, a);
}

static int
step(struct answer *a)
{
	json_t *row = NULL;
	int ret = 0;

	if (!a->inside)
		return frame(a);
	if (!a->list->next(&a->cursor, &row)) {
		a->inside = 0;
		a->list += !a->list->again;
		return 0;
	}
	if (row == NULL)
		return 0;
	if ((a->rows && put(",", 1, a) == -1) || json_dump_callback(row, put, a,
	    JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) == -1)
		ret = -1;
	a->rows = 1;
	json_decref(row);
	return ret;
}

static int
has_more(const struct answer *a)
{
	return a->inside || a->frame_at < a->frame_len;
}

int
answer_slice(struct answer *a, const char **out, size_t *len)
{
	unsigned n = 0;

	a->len = 0;
	while (has_more(a) && a->len < ANSWER_SLICE && n++ < ANSWER_STEPS)
		if (step(a) == -1)
			return -1;
	*out = a->out;
	*len = a->len;
	return has_more(a);
}
