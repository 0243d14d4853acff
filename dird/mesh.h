/*
 * mesh.h -- the mesh listener: who of the mesh asks what. One request a
 * connection; what may be asked stands in api.c's second table.
 */
#ifndef MESH_H
#define MESH_H

#include "http.h"

#define MESH_BODY_MAX	(80u << 10)	/* a note and its proof */
#define MESH_ANSWER_S	90		/* until there is an answer */

/* Every whole request goes to handle(). */
void	mesh_start(void (*handle)(struct ask *));
unsigned mesh_guests(void);
/* http.c's: the answer to a request of the mesh. */
void	mesh_answer(struct ask *, int status, const char *type,
	    const char *text, size_t len);

#endif
