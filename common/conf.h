/*
 * conf.h -- fips.yaml, read with libyaml; used by privd and, for
 * node.identity only, by cryptod at boot.
 */
#ifndef CONF_H
#define CONF_H

#include <stddef.h>
#include <stdint.h>

enum conf_key {
#define NUM(NAME, path, kind, def, lo, hi, doc)	CONF_##NAME,
#include "conf.def"
	CONF_NUM_MAX
};
_Static_assert(CONF_NUM_MAX <= 512, "CONF_NUM carries the key");

enum conf_txt {
#define TXT(NAME, path, max, def, doc)	CONF_##NAME,
#include "conf.def"
	CONF_TXT_MAX
};

/* Dotted path of a number, for messages and docs. */
extern const char *const conf_path[CONF_NUM_MAX];
extern const uint64_t conf_default[CONF_NUM_MAX];
extern const char *const conf_txt_path[CONF_TXT_MAX];

/* Words of bastide.cryptod.aead, by enum aead_want of cryptod. */
#define CONF_AEAD_WORDS	4
extern const char *const conf_aead_word[CONF_AEAD_WORDS];

#define CONF_ERR_LEN	512
#define CONF_ATTEMPTS	16

struct conf_udp {
	char		 name[64];	/* instance, or "" */
	char		 bind_addr[64];	/* default "0.0.0.0:2121" */
	uint16_t	 mtu;		/* 1280 */
	uint32_t	 recv_buf, send_buf;	/* bytes; 2 MiB */
	uint8_t		 accept, outbound_only;
	unsigned	 line;
};

struct conf_addr {
	char		 transport[32];	/* "udp", "tcp", ... */
	char		 host[256];	/* udp, tcp: literal or name, no brackets */
	char		 raw[256];	/* as written */
	uint16_t	 port;
	uint8_t		 priority;	/* 100 */
	unsigned	 line;
};

struct conf_peer {
	uint8_t		 pub[32];
	char		 npub[64];
	char		 alias[64];
	uint8_t		 auto_connect, auto_reconnect;
	struct conf_addr *addr;
	unsigned	 naddr, line;
};

struct conf_host {
	char		 name[64];
	uint8_t		 pub[32];
};

struct conf_acl {
	uint8_t		 deny, all, pub[32];
};

struct conf {
	uint64_t	 num[CONF_NUM_MAX];
	char		*txt[CONF_TXT_MAX];
	uint8_t		 has_nsec, persistent;
	/* node.discovery.attempt_timeouts_secs: [1, 2, 4, 8] */
	uint32_t	 attempt_s[CONF_ATTEMPTS];
	unsigned	 nattempt;
	struct conf_udp	*udp;
	unsigned	 nudp;
	struct conf_peer *peer;
	unsigned	 npeer;
};

/*
 * Parse a whole file. name is for messages. NULL and a text in err
 * ("fips.yaml:12:3: unknown key 'peerz'; did you mean 'peers'?") when it will
 * not do. Warnings (parts not built yet) go to warn(), one line each.
 * secret_at/len: bytes that the caller blanked with 'x' (CONF_HOLE); the
 * scalar there is known to be node.identity.nsec and is not checked. The
 * caller frees with conf_free().
 */
struct conf	*conf_parse(const char *name, const char *text, size_t len,
		    size_t secret_at, size_t secret_len,
		    void (*warn)(const char *), char err[CONF_ERR_LEN]);
void		 conf_free(struct conf *);
/* 0 and host, port of "host:port" or "[v6]:port"; -1 if it is neither. */
int		 conf_hostport(const char *s, char host[256], uint16_t *port);
/* Every default; never NULL. */
struct conf	*conf_new(void);

/*
 * cryptod: where the value of node.identity.nsec stands in text (*len 0 when
 * it does not) and whether node.identity.persistent is true. -1 and err when
 * the file is not well-formed YAML, or the key is not a plain scalar on one
 * line. Never puts the value into err.
 */
int	conf_find_secret(const char *name, const char *text, size_t len,
	    size_t *at, size_t *slen, int *persistent, char err[CONF_ERR_LEN]);

/*
 * /etc/fips/hosts: "name npub" a line, the last of a name counts. Bad lines are
 * warned about and skipped. The list is the caller's to free.
 */
void	conf_hosts(const char *name, const char *text, size_t len,
	    struct conf_host **, unsigned *n, void (*warn)(const char *));
/*
 * peers.allow, peers.deny: npub, alias (of cf's peers or hosts) or ALL a line.
 * A bad line is an error with file and line: a list that is half read would
 * let someone in. -1 and err then.
 */
int	conf_acl(const char *name, const char *text, size_t len, int deny,
	    const struct conf *cf, const struct conf_host *, unsigned nhost,
	    struct conf_acl **, unsigned *n, char err[CONF_ERR_LEN]);

#endif
