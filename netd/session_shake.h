/* session_shake.h -- between session.c, session_hs.c, session_meter.c,
 * session_ours.c and session_theirs.c. */
#ifndef NETD_SESSION_SHAKE_H
#define NETD_SESSION_SHAKE_H

#include "session_int.h"

enum {
	SHAKES = HS_SESSIONS,		/* theirs in the first half */
	THEIRS_MAX = SHAKES / 2, OURS_MAX = SHAKES / 2,
};
extern struct shake	 shakes[SHAKES];

/* 0, or -1 refused: not in this state. */
int		 shake_step(struct shake *, enum shake_event);
/* A free place becomes one for this address, with a req of its own. */
void		 shake_fresh(struct shake *, const uint8_t addr[NADDR_LEN]);
/* Who waits for cryptod's answer to req; NULL when it was dropped meanwhile. */
struct shake	*shake_by_req(uint32_t req);
/* First time for a new message; it is sent again until something comes back. */
void		 shake_send(struct shake *, const struct fsp_shake *);
/* Send what was sent again; Setup and Ack tell where both ends are by now. */
void		 shake_again(struct shake *);
void		 shake_setup(struct shake *, struct fsp_shake *);
void		 shake_ack(struct shake *, struct fsp_shake *);
/* Keys that our Msg3 is about are in nobody's use any more: no more of it. */
void		 shake_outlived(struct session *);
/* Whoever hears no Setup because it waits for something else shall hear it. */
void		 shake_unblock(const struct shake *);
/* Once more what was sent last, with all its resends. */
void		 shake_send_afresh(struct shake *);
/* Result of a message to cryptod: without it there is no house. */
void		 shake_asked(int result);
/* cryptod forgets this handshake; 0 is none. */
void		 shake_drop_hs(uint32_t hs);

void		 shake_heard_setup(struct peer *, const struct fsp_dgram *,
		    const struct fsp_shake *);
void		 shake_heard_ack(struct peer *, const struct fsp_dgram *,
		    const struct fsp_shake *);
void		 shake_heard_msg3(struct peer *, const struct fsp_dgram *,
		    const struct fsp_shake *);

/* session_meter.c: a Setup is paid for, and so is an Ack or Msg3 that was false. */
enum shake_meter { METER_SETUP, METER_PROOF, SHAKE_METERS };
/* May this link peer bring one in the name of src now? Counts a no. */
int		 shake_may_try(const struct peer *, const uint8_t src[NADDR_LEN],
		    enum shake_meter);
/* NULL, a link that went meanwhile, is fine. */
void		 shake_pay(const struct peer *, const uint8_t src[NADDR_LEN],
		    enum shake_meter);
/* May src, whose datagram this link peer brought, hear a complaint? Pays for it. */
int		 signal_may_go(const struct peer *, const uint8_t src[NADDR_LEN]);
/* May a complaint or a Setup that this link peer brought make us look for a node?
 * Counts a no. */
int		 signal_may_seek(const struct peer *);

#endif
