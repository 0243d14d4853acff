/* nft_int.h -- what nft.c (batches, elements) and nft_rules.c share. */
#ifndef NFT_INT_H
#define NFT_INT_H

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft.h"

#define TABLE	"bastide"
#define GRANTS	"grants"
#define LENT	"lent"
#define BATCH_LEN	32768

/* One transaction under way; one that does not fit is not committed. */
struct batch {
	char		*buf;
	size_t		 cap, len;
	uint32_t	 first, last;	/* sequence numbers */
	struct nlmsghdr	*nh;		/* of the message under way */
};

struct nlmsghdr *batch_put(struct batch *, int type, uint16_t flags);
void	put_u32(struct nlmsghdr *, uint16_t attr, uint32_t);
/* A key of the grants (addr not NULL) or of the lent ports. */
void	put_key(struct nlmsghdr *, const uint8_t *addr, struct lend_port);
void	nft_rules(struct batch *, const struct lend_rules *, const char *ifname,
	    const uint8_t ip6[16]);

#endif
