/*
 * history.h -- samples of the last hour (each second) and day (each minute),
 * for `show stats`. Lost when netd ends. 70 KiB a peer, from its
 * first sample on.
 */
#ifndef NETD_HISTORY_H
#define NETD_HISTORY_H

#include <jansson.h>

#include "answer.h"
#include "control_req.h"
#include "netd.h"

#define HISTORY_FAST		3600	/* samples, one a second */
#define HISTORY_SLOW		1440	/* samples, one a minute */
#define HISTORY_KEEP_S		86400	/* a peer that is gone is kept so long */

void	history_start(void);
/* When the next sample is due: from then on, and before anything that is sampled
 * changes, take it and those after it up to now. */
extern uint64_t history_due_ms;
void	history_catch_up(void);
/* Last n samples of a metric of the node, oldest first. */
json_t	*history_recent(const char *metric, unsigned n);

/* The values of all series of an answer, and which these are. */
extern const struct answer_list history_lists[];
void	*history_asked(const json_t *params);
void	*history_asked_all(const json_t *params);
void	*history_asked_peers(const json_t *params);

json_t	*show_stats_list(const json_t *, char err[CTL_ERR_LEN]);
json_t	*show_stats_history(const json_t *, char err[CTL_ERR_LEN]);
json_t	*show_stats_all_history(const json_t *, char err[CTL_ERR_LEN]);
json_t	*show_stats_peers(const json_t *, char err[CTL_ERR_LEN]);
json_t	*show_stats_history_all_peers(const json_t *, char err[CTL_ERR_LEN]);

#endif
