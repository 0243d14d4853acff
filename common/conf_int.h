/*
 * conf_int.h -- what the files of conf share: a document of libyaml with
 * marks, tables of rows, and errors that never show a secret.
 */
#ifndef CONF_INT_H
#define CONF_INT_H

#include <yaml.h>

#include "conf.h"

#define CONF_MAX	1048576		/* bytes of a file */
#define CONF_PATH	320		/* of a dotted path in a message */
#define CONF_PEERS	4096
#define CONF_ADDRS	64		/* of one peer */
#define CONF_UDPS	64

/* One file under way. */
struct conf_ctx {
	const char	 *name;
	yaml_document_t	  doc;
	void		(*warn)(const char *);
	char		 *err;		/* CONF_ERR_LEN */
	struct conf	 *cf;
	size_t		  secret_len;
};

enum conf_kind {
	CONF_K_UINT,
	CONF_K_BOOL,
	CONF_K_MILLI,
	CONF_K_LEVEL,
	CONF_K_MMP,
	CONF_K_AEAD,
	CONF_K_TEXT,		/* into a char array of hi + 1 bytes */
	CONF_K_HEAP,		/* into a char * of at most hi bytes */
	CONF_K_LATER,		/* not built yet: anything */
	CONF_K_LATER_BOOL,	/* not built yet: only true is worth a warning */
	CONF_K_FN
};

typedef int conf_fn(struct conf_ctx *, yaml_node_t *, const char *path,
    void *base);

/* One key of a map, or of the maps in it ("limits.max_peers"). */
struct conf_row {
	const char	*path;
	enum conf_kind	 kind;
	uint64_t	 lo, hi;
	size_t		 off, size;	/* where in base, and how wide */
	conf_fn		*fn;
};

struct conf_table {
	const struct conf_row	*row;
	size_t			 n;
};

/* conf_tree.c */
int	conf_load(struct conf_ctx *, const char *text, size_t len);
size_t	conf_bom(const char *text, size_t len);
int	conf_error(struct conf_ctx *, const yaml_node_t *, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	conf_warn(struct conf_ctx *, const yaml_node_t *, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
int	conf_is_null(const yaml_node_t *);
int	conf_is_empty(const yaml_node_t *);
/* The text of a scalar, or NULL (a list, a map, a NUL inside). */
const char *conf_text(const yaml_node_t *);
yaml_node_t *conf_node(struct conf_ctx *, int id);
/* conf_walk() checks every key of map against the table and sets base. */
int	conf_walk(struct conf_ctx *, yaml_node_t *map, const char *where,
	    const char *rel, const struct conf_table *, void *base);
int	conf_dup_key(struct conf_ctx *, yaml_node_t *map,
	    const yaml_node_pair_t *upto, const char *path);

/* conf_show.c */
#define CONF_SHOW	100
/* s, safe to print: cut, no control bytes, "(not shown)" if it may be a key. */
const char *conf_show(const char *s, char out[CONF_SHOW]);
/* 1 when a slip of the pen may turn b into a. */
unsigned conf_distance(const char *a, const char *b);

/* conf_scalar.c: 0, or -1 when s is no such thing. */
int	conf_uint(const char *s, uint64_t *);
int	conf_bool(const char *s, uint64_t *);
int	conf_milli(const char *s, uint64_t *);
int	conf_level(const char *s, uint64_t *);
int	conf_mmp(const char *s, uint64_t *);
int	conf_aead(const char *s, uint64_t *);
int	conf_set(struct conf_ctx *, const struct conf_row *, yaml_node_t *,
	    const char *path, void *base);

/* conf_peers.c, conf_udp.c */
conf_fn	conf_on_peers, conf_on_udp;
int	conf_check_loopback(struct conf_ctx *);
int	conf_is_hostname(const char *);

#endif
