/*
 * nft.h -- the table `inet bastide`, through libmnl: made in one transaction,
 * then single elements of one set. No text, no expression comes from outside.
 */
#ifndef NFT_H
#define NFT_H

#include "lend.h"

struct nft_grant {
	uint8_t		 src[16];
	struct lend_port port;
	uint32_t	 left_s;
	char		 who[LEND_WHO_LEN];
};

/* 0 or -1 with errno, each. */
int	nft_open(void);
/*
 * The whole table, in one transaction: sets made where they are missing and
 * kept where not, rules and lent ports written anew.
 */
int	nft_install(const struct lend_rules *, const char *ifname,
	    const uint8_t ip6[16]);
/* The whole table away; none is fine. */
int	nft_remove(void);
/* Every grant away, the rules stay; none is fine. */
int	nft_empty(void);
void	nft_close(void);
/*
 * All ports or none; what this one has already lasts from now on. EADDRINUSE:
 * it is another's, who would lose it here, or keep it when this one does not.
 */
int	nft_grant(const uint8_t src[16], const struct lend_port *, unsigned n,
	    uint32_t secs, const char *who);
/*
 * How many of these there were, each gone now; -1 with errno. who: only what
 * is that one's; NULL: whoever's.
 */
int	nft_revoke(const uint8_t src[16], const struct lend_port *, unsigned n,
	    const char *who);
/* Every grant that lives; -1 with errno. */
int	nft_each(void (*fn)(void *, const struct nft_grant *), void *arg);

#endif
