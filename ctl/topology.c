/*
 * topology.c -- the tree as this node sees it, as text or for Graphviz: its name
 * and its path to the root, its peers with theirs and what the links to them cost,
 * and what its cache knows of others. What a node says of itself counts more than
 * what others say of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define NODES_MAX	65536
#define NAME_MAX_LEN	64
#define DEPTH_MAX	96

enum { SAID_BY_OTHERS, SAID_IN_CACHE, SAID_BY_ITSELF };

struct node {
	char	 addr[33];
	char	 name[NAME_MAX_LEN];
	size_t	 parent, child, next;	/* index + 1; 0: none */
	int	 said, is_peer, is_self, is_root;
	double	 cost;			/* of our link to it; 0: not measured */
};

struct view {
	struct node	*node;
	size_t		 n, cap;
	json_t		*index;		/* address to number */
};

static int
is_addr(const char *s)
{
	return s != NULL && strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

static struct node *
node_of(struct view *v, const char *addr)
{
	const json_t *at = json_object_get(v->index, addr);
	struct node *p;
	size_t cap;

	if (at != NULL)
		return &v->node[json_integer_value(at)];
	if (v->n == NODES_MAX)
		return NULL;
	if (v->n == v->cap) {
		cap = v->cap == 0 ? 64 : 2 * v->cap;
		if ((p = realloc(v->node, cap * sizeof(*p))) == NULL)
			return NULL;
		v->node = p;
		v->cap = cap;
	}
	json_object_set_new(v->index, addr, json_integer((json_int_t)v->n));
	p = &v->node[v->n++];
	memset(p, 0, sizeof(*p));
	snprintf(p->addr, sizeof(p->addr), "%s", addr);
	snprintf(p->name, sizeof(p->name), "%.8s...", addr);
	return p;
}

static void
set_parent(struct view *v, const char *addr, const char *above, int said)
{
	struct node *p = node_of(v, addr);
	size_t i;

	if (p == NULL || p->said > said || (p->parent != 0 && p->said == said))
		return;
	i = (size_t)(p - v->node);
	p->said = said;
	p->parent = 0;
	if (above == NULL || (p = node_of(v, above)) == NULL)
		return;
	v->node[i].parent = (size_t)(p - v->node) + 1;
}

/* A path from a node up to its root; `said` is of its first step. */
static void
add_path(struct view *v, const json_t *coords, int said)
{
	const char *addr, *above;
	size_t i;

	for (i = 0; i < json_array_size(coords); i++) {
		addr = json_string_value(json_array_get(coords, i));
		above = json_string_value(json_array_get(coords, i + 1));
		if (!is_addr(addr) || (above != NULL && !is_addr(above)))
			return;
		set_parent(v, addr, above, i == 0 ? said : SAID_BY_OTHERS);
	}
}

static struct node *
add_name(struct view *v, const json_t *o)
{
	const char *addr = json_string_value(json_object_get(o, "node_addr"));
	const char *name = json_string_value(json_object_get(o, "display_name"));
	struct node *p;
	char *s;

	if (!is_addr(addr) || name == NULL || (p = node_of(v, addr)) == NULL)
		return NULL;
	snprintf(p->name, sizeof(p->name), "%s", name);
	text_clean(p->name);
	for (s = p->name; *s != '\0'; s++)	/* names come from other people */
		if (*s == '"' || *s == '\\')
			*s = '?';
	return p;
}

/* What our links cost, where that was measured. */
static void
add_costs(struct view *v, const json_t *peers)
{
	const char *addr;
	const json_t *o;
	struct node *p;
	size_t i;

	json_array_foreach(json_object_get(peers, "peers"), i, o) {
		addr = json_string_value(json_object_get(o, "node_addr"));
		if (!is_addr(addr) || (p = node_of(v, addr)) == NULL)
			continue;
		p->cost = json_number_value(json_object_get(
		    json_object_get(o, "mmp"), "lqi"));
		add_name(v, o);
		p->is_peer = 1;
	}
}

static void
gather(struct view *v, const json_t *tree, const json_t *cache,
    const json_t *status)
{
	const char *self = json_string_value(json_object_get(tree, "my_node_addr"));
	const char *root = json_string_value(json_object_get(tree, "root"));
	const json_t *o;
	struct node *p;
	size_t i;

	add_path(v, json_object_get(tree, "my_coords"), SAID_BY_ITSELF);
	json_array_foreach(json_object_get(tree, "peers"), i, o) {
		add_path(v, json_object_get(o, "coords"), SAID_BY_ITSELF);
		p = add_name(v, o);
		if (p != NULL)
			p->is_peer = 1;
	}
	json_array_foreach(json_object_get(cache, "entries"), i, o) {
		add_path(v, json_object_get(o, "coords"), SAID_IN_CACHE);
		add_name(v, o);
	}
	add_name(v, status);
	if (is_addr(self) && (p = node_of(v, self)) != NULL)
		p->is_self = 1;
	if (is_addr(root) && (p = node_of(v, root)) != NULL)
		p->is_root = 1;
}

/* Views of different ages can contradict each other: no node above itself. */
static void
cut_loops(struct view *v)
{
	size_t i, at, steps;

	for (i = 0; i < v->n; i++) {
		for (at = v->node[i].parent, steps = 0; at != 0 &&
		    at != i + 1 && steps < DEPTH_MAX; steps++)
			at = v->node[at - 1].parent;
		if (at != 0)
			v->node[i].parent = 0;
	}
	for (i = v->n; i-- > 0; ) {
		if ((at = v->node[i].parent) == 0)
			continue;
		v->node[i].next = v->node[at - 1].child;
		v->node[at - 1].child = i + 1;
	}
}

/* What there is to say of it: "  (root, peer, cost 1.20)" at most. */
static const char *
mark(const struct node *p)
{
	static char text[64];
	char cost[32] = "";
	const char *who = p->is_self ? "this node" : p->is_peer ? "peer" : "";

	if (p->cost > 0)
		snprintf(cost, sizeof(cost), ", cost %.2f", p->cost);
	if (!p->is_root && *who == '\0')
		return "";
	snprintf(text, sizeof(text), "  (%s%s%s%s)", p->is_root ? "root" : "",
	    p->is_root && *who != '\0' ? ", " : "", who, cost);
	return text;
}

/* lead: what stands before a line at this depth. */
static void
draw(const struct view *v, const struct node *p, char *lead, size_t len)
{
	const struct node *c;
	size_t i, was = strlen(lead);

	for (i = p->child; i != 0; i = c->next) {
		c = &v->node[i - 1];
		printf("%s%s %s%s\n", lead, c->next != 0 ? "|-" : "`-", c->name,
		    mark(c));
		if (was + 4 < len) {
			strcat(lead, c->next != 0 ? "|  " : "   ");
			draw(v, c, lead, len);
		}
		lead[was] = '\0';
	}
}

static const struct node *
self_of(const struct view *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->node[i].is_self)
			return &v->node[i];
	return NULL;
}

/* Is it a link of ours that the tree does not use? */
static int
is_crosslink(const struct view *v, const struct node *p)
{
	const struct node *self = self_of(v);

	return self != NULL && p->is_peer &&
	    self->parent != (size_t)(p - v->node) + 1 &&
	    p->parent != (size_t)(self - v->node) + 1;
}

static void
print_text(const struct view *v)
{
	char lead[3 * DEPTH_MAX + 1] = "";
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->node[i].parent == 0) {
			printf("%s%s\n", v->node[i].name, mark(&v->node[i]));
			draw(v, &v->node[i], lead, sizeof(lead));
		}
	for (i = 0; i < v->n; i++)
		if (is_crosslink(v, &v->node[i]))
			printf("beside the tree: %s\n", v->node[i].name);
}

/* The link between two nodes: with its cost where it is one of ours. */
static void
dot_edge(const struct node *above, const struct node *p, const char *style)
{
	const struct node *peer = p->is_self ? above : p;

	printf("\t\"%s\" -- \"%s\"", above->addr, p->addr);
	if ((above->is_self || p->is_self) && peer->cost > 0)
		printf(" [label=\"%.2f\"%s%s]", peer->cost,
		    *style != '\0' ? ", " : "", style);
	else if (*style != '\0')
		printf(" [%s]", style);
	puts(";");
}

static void
print_dot(const struct view *v)
{
	const struct node *self = self_of(v), *p;
	size_t i;

	puts("graph mesh {\n\tnode [shape=box, style=rounded];");
	for (i = 0; i < v->n; i++) {
		p = &v->node[i];
		printf("\t\"%s\" [label=\"%s\"%s%s];\n", p->addr, p->name,
		    p->is_self ? ", style=\"rounded,bold\"" : "",
		    p->is_root ? ", peripheries=2" : "");
		if (p->parent != 0)
			dot_edge(&v->node[p->parent - 1], p, "");
		if (is_crosslink(v, p))
			dot_edge(self, p, "style=dashed");
	}
	puts("}");
}

void
topology_print(json_t *status, json_t *tree, json_t *cache, json_t *peers,
    int dot)
{
	struct view v = { .index = json_object() };

	gather(&v, tree, cache, status);
	add_costs(&v, peers);
	cut_loops(&v);
	if (dot)
		print_dot(&v);
	else
		print_text(&v);
	free(v.node);
	json_decref(v.index);
}
