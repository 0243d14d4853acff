/* gen_msg.c -- prints docs/MESSAGES.md from the tables. */
#include <stdio.h>

#include "msg.h"

static void
rooms(void)
{
	int p, q;

	puts("## Rooms and doors\n\n| room | user | doors to | |\n|---|---|---|---|");
	for (p = 0; p < PROC_MAX; p++) {
		if (msg_doors(p) == 0)
			continue;
		printf("| %s | `%s` |", proc_row[p].name, proc_row[p].user);
		for (q = 0; q < PROC_MAX; q++)
			if (msg_doors(p) >> q & 1)
				printf(" %s", proc_row[q].name);
		printf(" | %s |\n", proc_row[p].doc);
	}
}

static void
refusals(void)
{
	int r;

	puts("\n## Refusals\n\n| name | meaning |\n|---|---|");
	for (r = REFUSE_NONE + 1; r < REFUSE_MAX; r++)
		printf("| `%s` | %s |\n", refuse_name(r), refuse_text(r));
}

int
main(void)
{
	puts("# Messages between the rooms\n\n"
	    "Made from `common/msg.def`, `proc.def` and `refuse.def` by `make docs`; do not edit.\n\n"
	    "A message is one SEQPACKET record: type u32, req u32, then its fields,\n"
	    "little-endian, without padding. `bytes <= n` is preceded by a u16 count,\n"
	    "`text <= n` (printable ASCII, no space) by a u8 count.\n");
	rooms();
	puts("\n## Messages");
#define MSG(NAME, lower, FROM, TO, nfd, when, doc)				\
	printf("\n### %s\n%s to %s; %s; %d descriptor%s. %s.\n\n", #NAME,	\
	    proc_row[PROC_##FROM].name, proc_row[PROC_##TO].name, #when, nfd,	\
	    (nfd) == 1 ? "" : "s", doc);
#define U8(f, lo, hi, doc)	printf("- `%s` u8, %s..%s: %s\n", #f, #lo, #hi, doc);
#define U16(f, lo, hi, doc)	printf("- `%s` u16, %s..%s: %s\n", #f, #lo, #hi, doc);
#define U32(f, lo, hi, doc)	printf("- `%s` u32, %s..%s: %s\n", #f, #lo, #hi, doc);
#define U64(f, lo, hi, doc)	printf("- `%s` u64, %s..%s: %s\n", #f, #lo, #hi, doc);
#define FIX(f, n, doc)		printf("- `%s` bytes %d: %s\n", #f, n, doc);
#define VAR(f, max, doc)	printf("- `%s` bytes <= %d: %s\n", #f, max, doc);
#define STR(f, max, doc)	printf("- `%s` text <= %d: %s\n", #f, max, doc);
#include "msg.def"
	refusals();
	return 0;
}
