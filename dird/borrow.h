/*
 * borrow.h -- what this node has borrowed: it asks a provider over the mesh,
 * writes down what came of it, and knows it again after a restart. What a
 * provider says is text for people; nothing of it is ever executed.
 */
#ifndef BORROW_H
#define BORROW_H

#include <jansson.h>

struct ask;

#define BORROWED	256
#define BORROW_ENDPOINT	255
#define BORROW_NOTE	400

/* Asks the provider of this service, and answers. */
void	borrow_ask(struct ask *, const char *service, int give_back);
/* "active", "endpoint", "note", "until" into an object, if it is borrowed now. */
void	borrow_show(json_t *, const char *service);
/* A record of the audit stream, each, oldest first, when it is read. */
void	borrow_recall(const json_t *record);
void	borrow_forget_all(void);
/* SCHEME://REST without quotes, or "". */
int	borrow_is_endpoint(const char *);

#endif
