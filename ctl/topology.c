/*
 * topology.c -- the tree as this node sees it, as text or for Graphviz: its own
 * path to the root, its peers with theirs, and what its cache knows of others.
 * What a node says of itself counts more than what others say of it.
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
	int	 said, is_peer, is_self;
};

struct view {
	struct node	*node;
	size_t		 n, cap;
	json_t		*index;		/* address to number */
};

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
		if (addr == NULL || strlen(addr) != 32)
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

	if (addr == NULL || name == NULL || strlen(addr) != 32 ||
	    (p = node_of(v, addr)) == NULL)
		return NULL;
	snprintf(p->name, sizeof(p->name), "%s", name);
	text_clean(p->name);
	for (s = p->name; *s != '\0'; s++)	/* names come from other people */
		if (*s == '"' || *s == '\\')
			*s = '?';
	return p;
}

static void
gather(struct view *v, const json_t *tree, const json_t *cache)
{
	const char *self = json_string_value(json_object_get(tree, "my_node_addr"));
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
	if (self != NULL && (p = node_of(v, self)) != NULL)
		p->is_self = 1;
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

static const char *
mark(const struct node *p)
{
	return p->is_self ? "  (this node)" : p->is_peer ? "  (peer)" : "";
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

static void
print_dot(const struct view *v)
{
	const struct node *self = self_of(v), *p;
	size_t i;

	puts("graph mesh {\n\tnode [shape=box, style=rounded];");
	for (i = 0; i < v->n; i++) {
		p = &v->node[i];
		printf("\t\"%s\" [label=\"%s\"%s];\n", p->addr, p->name,
		    p->is_self ? ", style=\"rounded,bold\"" : "");
		if (p->parent != 0)
			printf("\t\"%s\" -- \"%s\";\n",
			    v->node[p->parent - 1].addr, p->addr);
		if (is_crosslink(v, p))
			printf("\t\"%s\" -- \"%s\" [style=dashed];\n", self->addr,
			    p->addr);
	}
	puts("}");
}

void
topology_print(json_t *tree, json_t *cache, int dot)
{
	struct view v = { .index = json_object() };

	gather(&v, tree, cache);
	cut_loops(&v);
	if (dot)
		print_dot(&v);
	else
		print_text(&v);
	free(v.node);
	json_decref(v.index);
}
