/*
 * names.h -- which key is behind a mesh address, and what people call it.
 *
 * The identity cache maps the 15 address bytes of a mesh address to a key
 * (FIPS-WIRE 2, 11): LRU, node.cache.identity_size entries; configured peers
 * and the hosts file are never evicted, and what this machine asked for only by
 * more of that. Aliases map a name to a key.
 */
#ifndef NETD_NAMES_H
#define NETD_NAMES_H

#include "netd.h"

void	names_init(void);
/* From the configuration: alias of a peer (may be empty), line of the hosts file. */
void	names_add_peer(const uint8_t pub[32], const char *alias);
void	names_add_host(const char *name, const uint8_t pub[32]);
/* Of somebody who proved it, or whom others brought. pub33 may have the guessed
 * parity 02. */
void	names_learn(const uint8_t pub33[33]);
/* The same, asked for by this machine: a DNS question, a person. */
void	names_ask(const uint8_t pub33[33]);
/* A link or a session to this node has come or gone: while there is one, nobody
 * pushes it out. */
void	names_used(const uint8_t addr[NADDR_LEN]);
/* Key behind fd..-address bytes 1..15; 0, or -1. Touches the entry. */
int	names_by_prefix(const uint8_t prefix[15], uint8_t pub33[33], uint8_t addr[NADDR_LEN]);
/* Node address of a key: SHA-256(x)[0..16]. */
void	names_addr(const uint8_t pub[32], uint8_t addr[NADDR_LEN]);
/* "<alias>" or "<npub>" without ".fips", any case: the key. 0, or -1. */
int	names_lookup(const char *name, uint8_t pub[32]);
/* Alias for reverse look-ups and display; NULL if none. */
const char *names_alias(const uint8_t addr[NADDR_LEN]);
/* hosts file, peer alias, short npub, else "hex8..."; out has 64 bytes. */
void	names_display(const uint8_t addr[NADDR_LEN], char out[64]);
/* For `show identity-cache`. */
struct name_entry {
	uint8_t		pub33[33], addr[NADDR_LEN];
	uint64_t	seen_ms;	/* monotonic */
};
unsigned names_count(void);
/* The number of each: those that this machine asked for, others, others to whom a
 * link or a session stands, each in order of use, and those that stay. out has room
 * for as many as there are. A number stays good for ever, though another may come to
 * have it. */
void	names_order(uint32_t *out);
void	names_entry(uint32_t number, struct name_entry *);

#endif
