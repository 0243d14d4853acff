/*
 * gen_conf.c -- prints docs/configuration.md: the words here, the tables from
 * common/conf.def. The check compares the file with what this prints.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"

enum kind { UINT, BOOL, MILLI, LEVEL, MMP, AEAD, TEXT };

struct row {
	const char	*path;
	enum kind	 kind;
	uint64_t	 def, lo, hi;
	const char	*text, *doc;
};

static const struct row rows[] = {
#define NUM(NAME, path, kind, def, lo, hi, doc) \
	{ path, kind, def, lo, hi, NULL, doc },
#define TXT(NAME, path, max, def, doc) \
	{ path, TEXT, 0, 0, max, def, doc },
#include "conf.def"
};

static const struct {
	const char	*path, *doc;
} later[] = {
#define LATER(path, doc)	{ path, doc },
#include "conf.def"
};

static const char *const intro[] = {
"# Configuration",
"",
"<!-- Made by docs/gen_conf.c from common/conf.def; edit those. -->",
"",
"Bastide reads one file, `fips.yaml`, in the format of FIPS v0.4.1: a file that",
"works there works here. `privd -c FILE` names it. The file must belong to root",
"(or to who starts privd) and nobody else may write to it. It may be 1 MiB long, 32",
"levels deep, and hold 1000 anchors and 200000 values.",
"A short commented file to begin with is `etc/fips.yaml.example`.",
"",
"## What differs from the reference",
"",
"- **An unknown key is an error**, at every level, with file, line, column and the",
"  nearest known key: `fips.yaml:12:5: unknown key 'node.limits.max_peer'; did you",
"  mean 'node.limits.max_peers'?` The reference ignores most of them.",
"- A key that belongs to a part that is not built yet is read and one warning says",
"  that it does nothing.",
"- Exactly one file is read; nothing is merged from other places.",
"- `null` (or nothing) after a key means its default, an empty section an empty map.",
"- A key given twice, a second YAML document and the merge key `<<` are errors.",
"  Anchors and aliases work.",
"- Every value has a range; one outside is refused, with the limits.",
"- Numbers stand without quotes (`5354`, `0x14ea`), truth values are `true` and",
"  `false`.",
"- What is Bastide's own stands under `bastide:`.",
"",
"## Identity",
"",
"| Key | Default | |",
"|---|---|---|",
"| `node.identity.nsec` | none | the secret key, `nsec1...` or 64 hex digits |",
"| `node.identity.persistent` | `false` | keep a key in a file, in the state folder |",
"",
"With `nsec` that key is used. Without it and with `persistent: true` the key comes",
"from the key file, which is made at the first start. Otherwise every start makes a",
"new key.",
"",
"Only the key room (cryptod) ever reads the secret, also when it stands in this",
"file: it tells privd where, and privd reads around it. For that the key must be",
"easy to find. Write it on one line, plain or in quotes, with no anchor, tag or",
"escape. A key named `nsec` anywhere else is an error. No message quotes it. Do not",
"keep an old key in a comment: comments are not hidden from privd.",
"",
"## UDP",
"",
"`transports.udp` is one map of these settings, or a map of named instances, each",
"with these settings. Without a `transports` section there is no transport.",
"",
"| Key | Default | |",
"|---|---|---|",
"| `bind_addr` | `\"0.0.0.0:2121\"` | `IPv4:port` or `[IPv6]:port` |",
"| `mtu` | 1280 | largest datagram that is sent; 576 to 65507 |",
"| `recv_buf_size` | 2097152 | receive buffer of the socket, bytes |",
"| `send_buf_size` | 2097152 | send buffer of the socket, bytes |",
"| `accept_connections` | `true` | answer handshakes of strangers |",
"| `outbound_only` | `false` | any free port, no strangers; `bind_addr` is ignored |",
"",
"`advertise_on_nostr`, `public` and `external_addr` are read and wait for discovery",
"over Nostr.",
"",
"A socket bound to loopback reaches nobody else, so a loopback `bind_addr` together",
"with a peer elsewhere is refused, unless `outbound_only` is true.",
"",
"## Peers",
"",
"`peers` is a list of maps, at most 4096.",
"",
"| Key | Default | |",
"|---|---|---|",
"| `npub` | required | the peer's public key, `npub1...`; hex is not taken |",
"| `alias` | none | its name: `alias.fips` resolves, if it is a host name |",
"| `addresses` | required | a list, at least one, of at most 64 |",
"| `addresses[].transport` | required | `udp`; `tcp`, `ethernet`, `tor`, `nym`, `ble` are read and not used yet |",
"| `addresses[].addr` | required | `host:port` or `[IPv6]:port` |",
"| `addresses[].priority` | 100 | the lowest is tried first; 0 to 255 |",
"| `connect_policy` | `auto_connect` | `on_demand` and `manual` do not dial |",
"| `auto_reconnect` | `true` | dial again, without limit, when the link died |",
"| `via_nostr` | `false` | read; waits for discovery over Nostr |",
"",
"A peer that is listed twice counts once: the first entry stands, a warning says so.",
"",
"## Other lists",
"",
"| Key | Default | |",
"|---|---|---|",
"| `node.discovery.attempt_timeouts_secs` | `[1, 2, 4, 8]` | one look-up attempt each; 1 to 16 entries of 1 to 3600 s |",
"",
"## Single settings",
"",
"`node.base_rtt_ms`, `node.tick_interval_secs`, the `owd_window_size` of both kinds of",
"metrics and `node.buffers` are checked and change nothing here.",
"",
"| Key | Default | Range | |",
"|---|---|---|---|",
};

static const char *const outro[] = {
"",
"## Files beside it",
"",
"These stand in the folder of the configuration; where one is not there, the one in",
"`/etc/fips` is read. Names are not case-sensitive.",
"",
"- `hosts`: a name and an npub a line, `#` begins a comment line. A name is of",
"  letters, digits and `-`, at most 63, and comes before a peer's alias. A bad line",
"  is skipped with a warning.",
"- `peers.allow`, `peers.deny`: an npub, a name or `ALL` a line, `#` begins a comment",
"  anywhere. Who is in `peers.allow` may come; else who is in `peers.deny` may not;",
"  everybody else may. A bad line is an error: half a list would let someone in.",
};

static void
lines(const char *const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		puts(s[i]);
}

static void
value(const struct row *r, uint64_t v)
{
	static const char *const level[] = {
		"off", "error", "warn", "info", "debug", "trace"
	};
	static const char *const mmp[] = { "full", "lightweight", "minimal" };

	if (r->kind == BOOL)
		printf("`%s`", v != 0 ? "true" : "false");
	else if (r->kind == LEVEL)
		printf("`%s`", level[v]);
	else if (r->kind == MMP)
		printf("`%s`", mmp[v]);
	else if (r->kind == AEAD)
		printf("`%s`", conf_aead_word[v]);
	else if (r->kind == MILLI)
		printf("%.10g", (double)v / 1000);
	else
		printf("%llu", (unsigned long long)v);
}

static void
print_row(const struct row *r)
{
	printf("| `%s` | ", r->path);
	if (r->kind == TEXT)
		printf(*r->text != '\0' ? "`\"%s\"`" : "none%s", r->text);
	else
		value(r, r->def);
	printf(" | ");
	if (r->kind == TEXT)
		printf("%llu bytes", (unsigned long long)r->hi);
	else if (r->hi == UINT64_MAX)
		printf("from %llu", (unsigned long long)r->lo);
	else if (r->kind == UINT || r->kind == MILLI) {
		value(r, r->lo);
		printf(" to ");
		value(r, r->hi);
	}
	printf(" | %s |\n", r->doc);
}

int
main(void)
{
	size_t i;

	lines(intro, sizeof(intro) / sizeof(intro[0]));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_row(&rows[i]);
	puts("\n## Not built yet\n");
	puts("These are read as any YAML, whatever is in them, with a warning.\n");
	puts("| Section | Part |");
	puts("|---|---|");
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		printf("| `%s` | %s |\n", later[i].path, later[i].doc);
	lines(outro, sizeof(outro) / sizeof(outro[0]));
	return ferror(stdout) || fflush(stdout) == EOF;
}
