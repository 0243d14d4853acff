/* mmp_log.h -- what log lines say of a link or a session. Pure. */
#ifndef NETD_MMP_LOG_H
#define NETD_MMP_LOG_H

#include "mmp.h"

enum { MMP_TEXT = 256 };

/* "rtt=1.2ms loss=0.0% jitter=0.1ms goodput=1.0KB/s": smoothed, as time goes by. */
void	mmp_log_now(const struct mmp *, char out[MMP_TEXT]);
/* The same as measured last, with ETX: when it is over. */
void	mmp_log_last(const struct mmp *, char out[MMP_TEXT]);

#endif
