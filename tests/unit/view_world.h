/* view_world.h -- a domain of a few authors, and what they say. */
#ifndef VIEW_WORLD_H
#define VIEW_WORLD_H

#include "dird_author.h"
#include "suite.h"
#include "view_int.h"

enum { PEOPLE = 8, MOST = 400 };

extern struct a_author folk[PEOPLE];
extern struct a_raw said[MOST];
extern struct entry entry[MOST];
extern size_t nsaid;
extern struct view *view;

struct view	*empty(void);
void	setup(void);
void	teardown(void);
/* Says it and lets view hear it; the reason if view does not take it. */
enum why	say(struct a_author *a, enum object t, json_t *body);
void	join(struct a_author *by, struct a_author *who);
struct person	person(const struct a_author *a);
/* The founder, and 1..3 emancipated by it and by one another. */
void	found(void);

#endif
