/*
 * lend.h -- what privd and macroctl both know of lending: kinds, sources,
 * ports, reasons. Pure; nothing here opens or allocates.
 */
#ifndef LEND_H
#define LEND_H

#include <stddef.h>
#include <stdint.h>

#include "typed.h"

#define LEND_KIND_LEN	KIND_LEN	/* what is_kind() takes */
#define LEND_SUB_LEN	DID_LEN		/* and is_did() */
#define LEND_PORTS	4		/* of one kind, and of one grant */
#define LEND_KINDS	32
#define LEND_SECS_MAX	31536000u	/* a year */
#define LEND_ERR_LEN	200

enum lend_why {
#define LEND_WHY(NAME, code, status, text)	LEND_##NAME,
#include "lend.def"
	LEND_WHY_MAX
};

enum lend_verb { LEND_GRANT = 1, LEND_ACTIVATE, LEND_REVOKE, LEND_VERB_MAX };

/* A row of an allow field: protocol, then the port, little-endian. */
#define LEND_ALLOW_ROW	3

struct lend_port {
	uint8_t		proto;		/* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t	port;
};

#define LEND_PARAMS_LEN		900		/* JSON of an offer's parameters */
#define LEND_SERVICE_LEN	32	/* hex digits */
#define LEND_WHO_LEN	112		/* "KIND DID" or "KIND DID SERVICE", and NUL */

/* A row of LISTED; it begins with its key: source, protocol, port. */
#define LEND_KEY_LEN		19

struct lend_row {
	uint8_t		 src[16];
	struct lend_port port;
	uint32_t	 left_s;
	char		 kind[LEND_KIND_LEN + 1], sub[LEND_SUB_LEN + 1];
	char		 service[LEND_SERVICE_LEN + 1];	/* or "" */
};

struct lend_kind {
	char		 name[LEND_KIND_LEN + 1];
	struct lend_port port[LEND_PORTS];
	unsigned	 nport;
};

/* What the root-owned configuration allows. */
struct lend_rules {
	struct lend_kind kind[LEND_KINDS];
	unsigned	 nkind;
	uint8_t		 net4[4];
	unsigned	 bits4;		/* 0: no IPv4 mesh */
};

const char	*lend_code(enum lend_why);
const char	*lend_text(enum lend_why);
int		 lend_status(enum lend_why);
const char	*lend_verb(enum lend_verb);

/*
 * bastide.lending.allow: "tor-exit=tcp/9050 dns-resolver=udp/53,tcp/53".
 * 0, or -1 and a text that names what is wrong.
 */
int	lend_allow_parse(const char *, struct lend_rules *,
	    char err[LEND_ERR_LEN]);
/* bastide.lending.ipv4_mesh: "10.44.0.0/16", or "". */
int	lend_net4_parse(const char *, struct lend_rules *,
	    char err[LEND_ERR_LEN]);
/* "tcp/9050": decimal without sign, space or leading zero, 1 to 65535. 0 or -1. */
int	lend_port_parse(const char *, size_t len, struct lend_port *);
const struct lend_kind *lend_kind_find(const struct lend_rules *, const char *);
int	lend_kind_has(const struct lend_kind *, struct lend_port);
/* The kind that lends this port, or NULL. */
const struct lend_kind *lend_port_find(const struct lend_rules *,
	    struct lend_port);
/* One host of the mesh: fd00::/8, or IPv4-mapped within net4. */
int	lend_is_source(const struct lend_rules *, const uint8_t ip[16]);
/*
 * A literal: "fd00::1", or "10.44.0.7", which becomes IPv4-mapped. An
 * IPv4-mapped literal, a prefix, a zone: -1.
 */
int	lend_source_parse(const char *, uint8_t ip[16]);
/* out gets INET6_ADDRSTRLEN bytes; IPv4-mapped is written as IPv4. */
void	lend_source_text(const uint8_t ip[16], char *out);
/* Rows of an allow field; -1 unless 1 to LEND_PORTS whole, lawful, distinct rows. */
int	lend_ports_decode(const uint8_t *, size_t len,
	    struct lend_port port[LEND_PORTS]);
size_t	lend_ports_encode(const struct lend_port *, unsigned n, uint8_t *out);
const char *lend_proto(uint8_t proto);
/* "SCHEME://..." with a scheme that an endpoint may have. */
int	lend_is_endpoint(const char *);
int	lend_is_scheme(const char *, size_t len);
/* Empty, or 32 lowercase hex digits. */
int	lend_is_service(const uint8_t *, size_t len);
void	lend_who(char out[LEND_WHO_LEN], const char *kind, const char *sub,
	    const uint8_t *service, size_t service_len);
/*
 * Rows, one after the other, to fn; the key of the last into after. How long
 * that is: 0 when there was none. Stops at one that is cut.
 */
uint16_t lend_rows(const uint8_t *, size_t len, uint8_t after[LEND_KEY_LEN],
	    void (*fn)(void *, const struct lend_row *), void *arg);

#endif
