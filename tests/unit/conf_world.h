/* conf_world.h -- a configuration in memory, read as privd or cryptod reads it. */
#ifndef CONF_WORLD_H
#define CONF_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "ident.h"
#include "suite.h"

#define NPUB_A	"npub1tdwa4vjrjl33pcjdpf2t4p027nl86xrx24g4d3avg4vwvayr3g8qhd84le"
#define NPUB_B	"npub1sjlh2c3x9w7kjsqg2ay080n2lff2uvt325vpan33ke34rn8l5jcqawh57m"
#define HEX	"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define NSEC	"nsec1qyqsqypqxqszqg9qyqsqypqxqszqg9qyqsqypqxqszqg9qyqsqypqxfnm5g9"
#define UDP	"transports:\n  udp:\n    bind_addr: \"0.0.0.0:2121\"\n"
#define PEER(rest) "peers:\n  - npub: " NPUB_A "\n" rest
#define PEER_AT(addr) PEER("    addresses:\n      - transport: udp\n" \
			    "        addr: " addr "\n")

extern char err[CONF_ERR_LEN], warned[8192];
extern unsigned nwarn;

void	on_warn(const char *line);
/* As privd does it: cryptod's answer first, then the blanked rest. */
struct conf	*load_n(const char *text, size_t len);
struct conf	*load(const char *text);
void	taken(const char *text);
/* It is, with this in the reason. */
void	refused(const char *text, const char *want);
/* Long enough a piece of the key to be worth hiding. */
int	leaks(const char *text);

#endif
