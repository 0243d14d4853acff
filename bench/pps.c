/*
 * pps.c -- the most UDP datagrams a second that arrive with at most 1 % lost.
 *
 *	pps FROM-NETNS TO-NETNS ADDRESS BYTES [TRIAL-MS]
 *
 * Both ends are this process, a socket in each namespace, so it knows what was
 * sent and what came. Doubles the rate until more than 1 % is lost or the
 * sender cannot go faster, then halves the interval in between; at most
 * TRIALS_MAX trials. A trial that failed is tried again once: somebody else may
 * have used the processor. Says JSON.
 *
 * The rate of a trial is what came over the time from the first sent to the
 * last received: a long queue that is emptied afterwards is no speed.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "netns.h"

enum {
	BATCH = 32, BYTES_MAX = 8192,
	TRIALS_MAX = 16, HALVINGS = 4,
	FIRST_RATE = 20000, RATE_MAX = 4000000,
	TICK_NS = 50000,		/* sleeps that long between bursts */
	DRAIN_MS = 60, DRAIN_MAX_MS = 400,
};

struct trial {
	double		rate;		/* asked for */
	long		sent, got;
	double		pps;		/* that came */
	int		good, slow;	/* slow: the sender could not */
};

struct pps {
	int		tx, rx;
	size_t		bytes;
	int64_t		trial_ns;
	struct trial	trials[TRIALS_MAX];
	int		count;
	_Atomic uint32_t tag;		/* of the trial that runs */
	_Atomic long	got;
	_Atomic int64_t	last_ns;
	_Atomic int	over;
};

static void *
receive(void *arg)
{
	struct pps *s = arg;
	static uint8_t buf[BATCH][BYTES_MAX];
	struct iovec iov[BATCH];
	struct mmsghdr m[BATCH] = { 0 };
	uint32_t tag;
	int i, n, ours;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ buf[i], BYTES_MAX };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	while (!atomic_load(&s->over)) {
		if ((n = recvmmsg(s->rx, m, BATCH, MSG_WAITFORONE, NULL)) <= 0)
			continue;	/* SO_RCVTIMEO: look at over again */
		for (i = ours = 0; i < n; i++) {
			memcpy(&tag, buf[i], sizeof(tag));
			ours += tag == atomic_load(&s->tag) && m[i].msg_len == s->bytes;
		}
		if (ours == 0)
			continue;
		atomic_store(&s->last_ns, clock_ns(CLOCK_MONOTONIC));
		atomic_fetch_add(&s->got, ours);
	}
	return NULL;
}

/* Up to n datagrams of this trial; how many left. */
static int
burst(struct pps *s, int n)
{
	static uint8_t buf[BYTES_MAX];
	struct iovec iov = { buf, s->bytes };
	struct mmsghdr m[BATCH] = { 0 };
	uint32_t tag = atomic_load(&s->tag);
	int i, sent;

	memcpy(buf, &tag, sizeof(tag));
	for (i = 0; i < n; i++) {
		m[i].msg_hdr.msg_iov = &iov;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	if ((sent = sendmmsg(s->tx, m, (unsigned)n, 0)) == -1) {
		if (errno != ENOBUFS && errno != EAGAIN)
			err(1, "send");
		return 0;
	}
	return sent;
}

/* Sends at rate for the length of a trial; nanoseconds that took. */
static int64_t
send_at(struct pps *s, double rate, long *sent)
{
	int64_t began = clock_ns(CLOCK_MONOTONIC), t;
	struct timespec nap = { 0, TICK_NS };
	long due;

	*sent = 0;
	while ((t = clock_ns(CLOCK_MONOTONIC) - began) < s->trial_ns) {
		due = (long)(rate * (double)t / 1e9) - *sent;
		/* What a nap too long left behind is made up for in 2 ms. */
		if (due > (long)(rate / 500) + BATCH)
			due = (long)(rate / 500) + BATCH;
		if (due <= 0) {
			nanosleep(&nap, NULL);
			continue;
		}
		*sent += burst(s, due < BATCH ? (int)due : BATCH);
	}
	return t;
}

static void
drain(struct pps *s)
{
	struct timespec nap = { 0, 10 * 1000000 };
	long before = -1;
	int ms, quiet = 0;

	for (ms = 0; ms < DRAIN_MAX_MS && quiet < DRAIN_MS; ms += 10) {
		quiet = before == atomic_load(&s->got) ? quiet + 10 : 0;
		before = atomic_load(&s->got);
		nanosleep(&nap, NULL);
	}
}

static const struct trial *
try(struct pps *s, double rate)
{
	struct trial *t = &s->trials[s->count];
	int64_t began = clock_ns(CLOCK_MONOTONIC), took, came;

	s->count++;
	atomic_fetch_add(&s->tag, 1);
	atomic_store(&s->got, 0);
	atomic_store(&s->last_ns, began);
	t->rate = rate;
	took = send_at(s, rate, &t->sent);
	drain(s);
	t->got = atomic_load(&s->got);
	came = atomic_load(&s->last_ns) - began;
	t->pps = (double)t->got * 1e9 / (double)(came > took ? came : took);
	t->good = t->sent > 0 && (double)t->got >= 0.99 * (double)t->sent;
	t->slow = (double)t->sent < 0.97 * rate * (double)took / 1e9;
	return t;
}

/* Whether that rate holds, at the second try at least. */
static const struct trial *
holds(struct pps *s, double rate)
{
	const struct trial *t = try(s, rate);

	if (!t->good && s->count < TRIALS_MAX)
		t = try(s, rate);
	return t;
}

static double
search(struct pps *s)
{
	const struct trial *t;
	double low = 0, high = RATE_MAX, best = 0, rate = FIRST_RATE;
	int i;

	while (rate < RATE_MAX && s->count < TRIALS_MAX) {
		t = holds(s, rate);
		if (t->good && t->pps > best)
			best = t->pps;
		if (!t->good) {
			high = rate;
			break;
		}
		low = rate;
		if (t->slow)
			return best;
		rate *= 2;
	}
	for (i = 0; i < HALVINGS && s->count < TRIALS_MAX; i++) {
		rate = (low + high) / 2;
		t = holds(s, rate);
		if (t->good && t->pps > best)
			best = t->pps;
		if (t->good && !t->slow)
			low = rate;
		else
			high = rate;
	}
	return best;
}

static void
sockets(struct pps *s, const char *from, const char *to, const char *host)
{
	struct sockaddr_storage a;
	struct timeval patience = { 0, 100000 };
	int room = 4 << 20;
	socklen_t len;

	len = numeric(host, "7300", &a);
	netns_enter(to);
	if ((s->rx = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		err(1, "socket");
	if (setsockopt(s->rx, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) == -1)
		err(1, "SO_RCVBUFFORCE");
	setsockopt(s->rx, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(s->rx, (struct sockaddr *)&a, len) == -1)
		err(1, "bind %s", host);
	netns_enter(from);
	if ((s->tx = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		err(1, "socket");
	if (connect(s->tx, (struct sockaddr *)&a, len) == -1)
		err(1, "connect %s", host);
}

int
main(int argc, char **argv)
{
	static struct pps s;
	pthread_t taker;
	double best;
	int i;

	if (argc < 5 || argc > 6)
		errx(2, "usage: pps FROM-NETNS TO-NETNS ADDRESS BYTES [TRIAL-MS]");
	s.bytes = strtoul(argv[4], NULL, 10);
	s.trial_ns = (argc > 5 ? atoll(argv[5]) : 250) * 1000000;
	if (s.bytes < 8 || s.bytes > BYTES_MAX || s.trial_ns <= 0)
		errx(2, "8 to %d bytes, a trial of 1 ms at least", BYTES_MAX);
	sockets(&s, argv[1], argv[2], argv[3]);
	if (pthread_create(&taker, NULL, receive, &s) != 0)
		errx(1, "cannot make a thread");
	best = search(&s);
	atomic_store(&s.over, 1);
	pthread_join(taker, NULL);
	printf("{\"pps\": %.0f, \"trials\": [", best);
	for (i = 0; i < s.count; i++)
		printf("%s[%.0f, %ld, %ld]", i ? ", " : "", s.trials[i].rate,
		    s.trials[i].sent, s.trials[i].got);
	printf("]}\n");
	return 0;
}
