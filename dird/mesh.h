/*
 * mesh.h -- the mesh listener: who of the mesh asks what. One request a
 * connection; what may be asked stands in api.c's second table.
 */
#ifndef MESH_H
#define MESH_H

#include "http.h"

#define MESH_BODY_MAX	(80u << 10)	/* a note and its proof */
#define MESH_ANSWER_S	90		/* until there is an answer */

/* Bytes that begin as a request and are none, and where they are from. */
typedef void	(*mesh_misread)(const char *, size_t len, const uint8_t src[16]);
/* Every whole request goes to handle(), what is none to refused(). */
void	mesh_start(void (*handle)(struct ask *), mesh_misread refused);
unsigned mesh_guests(void);
/* http.c's: the answer to a request of the mesh. */
void	mesh_answer(struct ask *, int status, const char *type,
	    const char *text, size_t len);

#endif
