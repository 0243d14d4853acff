/* control_cmd.h -- what control clients may ask. */
#ifndef NETD_CONTROL_CMD_H
#define NETD_CONTROL_CMD_H

#include "answer.h"
#include "control_req.h"

/* The reply's data, or NULL and err. params is NULL when absent. */
typedef json_t *(*ctl_fn)(const json_t *params, char err[CTL_ERR_LEN]);

struct ctl_cmd {
	const char	*name;
	ctl_fn		 fn;
	int		 changes;	/* for root and the control group only */
	int		 needs_params;
	int		 later;		/* listen_ask() comes first */
	const struct answer_list *lists; /* that fn leaves empty; NULL: none */
	/* What these must know, after fn was content; the caller's. */
	void		*(*asked)(const json_t *params);
};

/* NULL: no such command. */
const struct ctl_cmd *ctl_cmd_find(const char *name);

#endif
