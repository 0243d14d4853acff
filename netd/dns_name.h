/* dns_name.h -- names in questions to the .fips responder. Pure. */
#ifndef NETD_DNS_NAME_H
#define NETD_DNS_NAME_H

#include <stdint.h>

#define DNS_LABEL_LEN	63
#define DNS_PTR_LEN	72	/* 32 nibbles and dots, "ip6.arpa" */

enum dns_kind {
	DNS_OTHER,		/* not ours */
	DNS_APEX,		/* "fips" itself */
	DNS_NAME,		/* "<name>.fips" */
	DNS_REVERSE		/* an address of the mesh under ip6.arpa */
};

/*
 * What qname asks about; a dot at the end and letter case do not matter.
 * DNS_NAME fills name (lower case, without ".fips"), DNS_REVERSE fills ip6.
 */
enum dns_kind	dns_name(const char *qname, char name[DNS_LABEL_LEN + 1],
		    uint8_t ip6[16]);
/* The reverse name of an address, lower case, no dot at the end. */
void		dns_reverse(const uint8_t ip6[16], char out[DNS_PTR_LEN + 1]);
/*
 * Did a query that went from src to dst come over the mesh? The mesh delivers
 * to our mesh address only, and this machine asks it from that same address.
 * Other fd00::/8 networks on the local link are not the mesh.
 */
int		dns_from_mesh(const uint8_t src[16], const uint8_t dst[16],
		    const uint8_t self[16]);

#endif
