/*
 * ip6.h -- IPv6 packets as bytes: header compression of port 256, TCP MSS,
 * ICMPv6 errors, congestion mark. Pure: no I/O, no clock, no state.
 */
#ifndef NETD_IP6_H
#define NETD_IP6_H

#include <stddef.h>
#include <stdint.h>

enum {
	IP6_HEAD = 40,
	IP6_SHIM = 7,		/* format byte and what is left of the header */
	IP6_OVERHEAD = 77,	/* frame length minus IPv6 packet length */
	IP6_MIN_MTU = 1280,
	IP6_ERROR_MAX = 1280,	/* longest ICMPv6 error we build */
};

/*
 * What a UDP transport with this configured MTU may send. A receiver with the
 * default MTU of 1280 takes 100 bytes more, and 1357 are needed to carry an
 * IPv6 packet of 1280: below that, no ICMPv6 message makes a Linux sender
 * stay within our limit. Who configured less than 1280 gets less.
 */
static inline uint16_t
udp_frame_limit(uint16_t mtu)
{
	return mtu >= 1280 && mtu < 1380 ? 1380 : mtu;
}

/* Largest IPv6 packet in frames of this size. */
static inline uint16_t
ip6_mtu_of_frame(uint16_t frame)
{
	return frame > IP6_OVERHEAD ? (uint16_t)(frame - IP6_OVERHEAD) : 0;
}

/* A whole, well-formed IPv6 packet of exactly len bytes? */
int	ip6_is_packet(const uint8_t *pkt, size_t len);
/*
 * Where the upper layer of a packet of at least IP6_HEAD bytes starts, and in
 * *nh which; 0 when it cannot be told. A later fragment has no upper header:
 * 0 too.
 */
size_t	ip6_upper(const uint8_t *pkt, size_t len, uint8_t *nh);
/*
 * The shim that stands for the first 40 bytes of pkt. The upper layer follows
 * it on the wire; addresses travel in the datagram header.
 */
void	ip6_shrink(const uint8_t pkt[IP6_HEAD], uint8_t shim[IP6_SHIM]);
/*
 * The header for a shim and an upper layer of this length. -1 when the format
 * is unknown or the length does not fit IPv6.
 */
int	ip6_expand(const uint8_t shim[IP6_SHIM], size_t upper,
	    const uint8_t src[16], const uint8_t dst[16], uint8_t head[IP6_HEAD]);
/* Does it open a TCP connection? Only such a packet has an MSS to lower. */
int	ip6_is_syn(const uint8_t *pkt, size_t len);
/* May a packet of any flow stand behind this header, as a fragment's does? */
int	ip6_is_extension(uint8_t nh);
/*
 * A number for the flow of a packet: both ends, protocol, ports. Two flows may
 * share one. 0 when nobody can tell: it is too short, or behind extensions.
 */
uint32_t ip6_flow(const uint8_t *pkt, size_t len);
/* And for its two ends alone. */
uint32_t ip6_ends(const uint8_t *pkt, size_t len);
/*
 * Lower the MSS option of a TCP SYN to mss; behind extension headers too.
 * 1 when it was changed, checksum included.
 */
int	ip6_clamp_mss(uint8_t *pkt, size_t len, uint16_t mss);
/* Congestion met on the way: ECT becomes CE; other packets stay as they are. */
void	ip6_mark_ce(uint8_t *pkt);

/* May an ICMPv6 error answer this packet (RFC 4443 2.4 e)? */
int	ip6_may_answer(const uint8_t *pkt, size_t len);
/*
 * Errors about pkt, addressed to its source. out has IP6_ERROR_MAX bytes; the
 * length comes back, or 0 when no error may answer pkt. The packet-too-big
 * comes from pkt's destination: the kernel wants it from the path.
 */
size_t	ip6_too_big(const uint8_t *pkt, size_t len, uint32_t mtu,
	    uint8_t out[IP6_ERROR_MAX]);
/* code: 0 no route, 3 address unreachable. from: our own address. */
size_t	ip6_unreachable(const uint8_t *pkt, size_t len, uint8_t code,
	    const uint8_t from[16], uint8_t out[IP6_ERROR_MAX]);

#endif
