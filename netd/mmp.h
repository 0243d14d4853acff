/*
 * mmp.h -- how good a link or a session is (FIPS-WIRE 7). Pure: no I/O, no
 * clock, no allocation; a struct mmp is part of what it measures.
 *
 * We count what we receive and tell the peer in ReceiverReports; from the
 * peer's we learn the round trip and how much of ours arrives. Frames that
 * carry a report are measured like any other but are no reason for the next
 * report, so an idle link falls silent.
 *
 * Only frames under the current keys are told here: counters and timestamps
 * start anew with every rekey.
 */
#ifndef NETD_MMP_H
#define NETD_MMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum mmp_layer { MMP_LINK, MMP_SESSION };
enum mmp_mode { MMP_FULL, MMP_LIGHTWEIGHT, MMP_MINIMAL };

enum {
	MMP_LINK_SR_LEN = 48, MMP_LINK_RR_LEN = 68,	/* with the type byte */
	MMP_SESSION_SR_LEN = 46, MMP_SESSION_RR_LEN = 66, /* body only */
	MMP_REPORT_MAX = 68,
	MMP_OWD_WINDOW = 32,
};

struct mmp_sr {
	uint64_t start_counter, end_counter;
	uint32_t start_ts, end_ts, bytes;
	uint64_t cum_packets, cum_bytes;
};

struct mmp_rr {
	uint64_t highest, cum_packets, cum_bytes;
	uint32_t ts_echo;
	uint16_t dwell_ms, max_burst, mean_burst;	/* mean: u8.8 */
	uint32_t jitter_us, ce_count;
	int32_t	 owd_trend;		/* microseconds a second */
	uint32_t bursts, reorder, packets, bytes;
};

struct mmp_ewma {
	double fast, slow;		/* 1/4 and 1/32 */
	int    set;
};

struct mmp {
	enum mmp_layer layer;
	enum mmp_mode  mode;
	/* a bit that goes round with the frames; nothing here needs it */
	struct {
		uint8_t	 initiator, bit, any;
		uint64_t highest;
	} spin;
	/* what we sent */
	struct {
		struct mmp_sr now;
		uint64_t      sent_ms, interval_ms;
		uint8_t	      any, news, told;
		unsigned      failures;
	} tx;
	/* what we received */
	struct {
		struct mmp_rr now;	/* sums and this interval */
		uint64_t      expected, burst, burst_sum;
		uint32_t      last_ts;
		uint64_t      last_us, grace_until_us, owd_next_us;
		int64_t	      jitter_q4;
		uint8_t	      any, news, told;
		uint64_t      sent_ms, interval_ms;
		struct {
			double x, y;
		}	      owd[MMP_OWD_WINDOW];
		unsigned      owd_n, owd_at;
		uint64_t      owd_zero_us;
		uint32_t      owd_zero_ts;
	} rx;
	/* what the peer's reports say of ours */
	struct {
		int64_t		srtt_us, rttvar_us;
		unsigned	samples;
		double		forward, reverse, etx, goodput;
		struct mmp_ewma rtt, loss, goodput_trend, jitter, etx_trend;
		struct mmp_rr	last;
		uint64_t	last_ms;
		uint8_t		has_last, has_reverse;
		uint64_t	reverse_packets, reverse_highest;
	} m;
};

/* -- codec ------------------------------------------------------------------- */
/* Bytes written, or -1. A link report starts with its type byte. */
ssize_t	mmp_sr_encode(enum mmp_layer, const struct mmp_sr *, uint8_t *, size_t);
ssize_t	mmp_rr_encode(enum mmp_layer, const struct mmp_rr *, uint8_t *, size_t);
/* 0, or -1 if too short; what follows is ignored, as the reference does. */
int	mmp_sr_decode(enum mmp_layer, const uint8_t *, size_t, struct mmp_sr *);
int	mmp_rr_decode(enum mmp_layer, const uint8_t *, size_t, struct mmp_rr *);

/* -- measuring --------------------------------------------------------------- */
void	mmp_init(struct mmp *, enum mmp_layer, enum mmp_mode);
/* New keys are in use: counters start anew, the estimates stay. */
void	mmp_rekeyed(struct mmp *, uint64_t now_us);
/* Who began turns the spin bit; the other sends back what it saw last. */
void	mmp_spin_start(struct mmp *, int initiator);
void	mmp_spin_heard(struct mmp *, uint64_t counter, int bit);
/*
 * A frame went out, came in. bytes as section 7 counts them; ts is the
 * sender's, ms since its keys began; is_report: it carries a report.
 */
void	mmp_sent(struct mmp *, uint64_t counter, uint32_t ts, size_t bytes,
	    int is_report);
void	mmp_received(struct mmp *, uint64_t counter, uint32_t ts, size_t bytes,
	    int ce, int is_report, uint64_t now_us);
/* Is it time? Then the report is in *out, and the interval begins anew. */
int	mmp_sr_due(struct mmp *, struct mmp_sr *out, uint64_t now_ms);
int	mmp_rr_due(struct mmp *, struct mmp_rr *out, uint64_t now_us);
/* Milliseconds until the next report is; MMP_NEVER: there is nothing to say. */
#define MMP_NEVER UINT64_MAX
uint64_t mmp_due_ms(const struct mmp *, uint64_t now_ms);
/* A report could not be sent, or could again (sessions: back off). */
void	mmp_send_result(struct mmp *, int ok);

enum mmp_said { MMP_TAKEN, MMP_FIRST_RTT, MMP_STALE };
/* The peer's report; our_ts: ms since our current keys began. */
enum mmp_said mmp_heard(struct mmp *, const struct mmp_rr *, uint32_t our_ts,
	    uint64_t now_ms);

/* -- results ------------------------------------------------------------------ */
int	mmp_has_srtt(const struct mmp *);
double	mmp_srtt_ms(const struct mmp *);
double	mmp_loss(const struct mmp *);
/* Of what we receive. */
double	mmp_jitter_ms(const struct mmp *);
/* etx * (1 + srtt / 100 ms), or 0 without a round trip. */
double	mmp_link_cost(const struct mmp *);
/* The same with the slow ETX: LQI and SQI. 0 when there is none. */
double	mmp_quality(const struct mmp *);
/* "rising", "falling", "stable". */
const char *mmp_trend(const struct mmp_ewma *);
/* "full", "lightweight", "minimal". */
const char *mmp_mode_text(enum mmp_mode);

#endif
