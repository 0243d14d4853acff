/*
 * node.h -- this node's own NodeRecord: made when there is none that counts, or
 * when what it says is no longer so.
 */
#ifndef NODE_H
#define NODE_H

/* The journal grew, or the node has just started. */
void	node_look(void);

#endif
