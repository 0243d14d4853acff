/*
 * vnet.h -- the ten bytes that stand before a packet on a TUN device with
 * IFF_VNET_HDR: what the kernel left for us to do, or we for the kernel. Host
 * byte order. The numbers are those of virtio (1.2, 5.1.6).
 */
#ifndef NETD_VNET_H
#define NETD_VNET_H

#include <stdint.h>

enum {
	VNET_NEEDS_CSUM = 1,		/* flags */
	VNET_GSO_NONE = 0,		/* gso_type */
	VNET_GSO_TCP6 = 4,
	VNET_GSO_UDP = 5,
	VNET_GSO_ECN = 0x80,		/* with TCP6: the first segment has CWR */
	VNET_LEN = 10
};

struct vnet {
	uint8_t		flags, gso_type;
	uint16_t	hdr_len, gso_size, csum_start, csum_offset;
};
_Static_assert(sizeof(struct vnet) == VNET_LEN, "as the kernel has it");

#endif
