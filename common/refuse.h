/* refuse.h -- refusals: one table for the log, the reply and the tests. */
#ifndef REFUSE_H
#define REFUSE_H

enum refusal {
	REFUSE_NONE,
#define REFUSE(NAME, name, text)	REFUSE_##NAME,
#include "refuse.def"
	REFUSE_MAX
};

/* Key ("frame_short") and sentence of a refusal; both static, never NULL. */
const char	*refuse_name(enum refusal);
const char	*refuse_text(enum refusal);

#endif
