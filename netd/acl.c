/* acl.c -- who may be a peer: two lists from privd, read once at boot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acl.h"
#include "log.h"

struct list {
	uint8_t		(*pub)[32];
	unsigned	 count;
	int		 all;		/* the word ALL stands in it */
	char		 file[256];
};

static struct list list[2];		/* allow, deny */

void
acl_add(int deny, int all, const uint8_t pub[32])
{
	struct list	*l = &list[deny != 0];
	uint8_t		(*p)[32];

	if (all) {
		l->all = 1;
		return;
	}
	p = realloc(l->pub, (l->count + 1) * sizeof(*p));
	if (p == NULL)
		fatal("memory for an access list of %u keys", l->count + 1);
	memcpy(p[l->count], pub, sizeof(*p));
	l->pub = p;
	l->count++;
}

void
acl_file_set(int deny, const char *path)
{
	snprintf(list[deny != 0].file, sizeof(list[0].file), "%s", path);
}

const char *
acl_file(int deny)
{
	return list[deny != 0].file;
}

static int
is_in(const struct list *l, const uint8_t pub[32])
{
	unsigned i;

	if (l->all)
		return 1;
	for (i = 0; i < l->count; i++)
		if (memcmp(l->pub[i], pub, 32) == 0)
			return 1;
	return 0;
}

int
acl_permits(const uint8_t pub[32])
{
	return is_in(&list[0], pub) || !is_in(&list[1], pub);
}

int
acl_entry(int deny, unsigned i, int *all, uint8_t pub[32])
{
	const struct list *l = &list[deny != 0];

	*all = 0;
	memset(pub, 0, 32);
	if (l->all) {
		if (i == 0) {
			*all = 1;
			return 0;
		}
		i--;
	}
	if (i >= l->count)
		return -1;
	memcpy(pub, l->pub[i], 32);
	return 0;
}
