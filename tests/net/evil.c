/*
 * evil.c -- a peer that means harm. It has an identity and makes an honest
 * handshake; then it sends what it is told, as fast as it is told.
 *
 *	NSEC=nsec1... [FROM=port] evil NPUB-OF-VICTIM ADDR PORT SINK-ADDR NPUB-A NPUB-B
 *
 * Says "up", then reads lines "KIND RATE SECONDS" and answers each with
 * "KIND frames N seconds S"; with 0 seconds it goes on until the next line, "stop 0 0"
 * among them. A kind with "away:" before it goes to SINK-ADDR
 * instead: what the sending alone costs. A and B are honest peers of the
 * victim. Linked with the codecs and the ciphers of the house.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "aead.h"
#include "evil.h"
#include "frame.h"
#include "ident.h"

struct evil evil;

void
die(const char *why)
{
	fprintf(stderr, "evil: %s\n", why);
	exit(1);
}

double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t
stamp(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)((t.tv_sec - evil.began.tv_sec) * 1000 +
	    (t.tv_nsec - evil.began.tv_nsec) / 1000000) / (evil.late + 1);
}

static size_t
seal(uint8_t *out, size_t (*make)(uint8_t *))
{
	size_t n = make == NULL ? heartbeat(out + FRAME_BODY_OFF) :
	    make(out + FRAME_BODY_OFF);

	frame_data(out, 0, (uint16_t)(4 + n + (make == longer)),
	    evil.index ^ (make == stray), evil.counter);
	put_le32(out + FRAME_HEAD_LEN, stamp());
	aead_seal(evil.keys.send, evil.counter++, out, FRAME_HEAD_LEN,
	    out + FRAME_HEAD_LEN, 4 + n);
	if (make == NULL)
		out[FRAME_BODY_OFF] ^= 1;
	return FRAME_OVERHEAD + n;
}

static void
drain(void)
{
	uint8_t in[2048];
	ssize_t n;

	for (int i = 0; i < 256; i++) {
		n = recv(evil.fd, in, sizeof(in), MSG_DONTWAIT);
		if (n == -1)
			break;
		heard(in, (size_t)n);
	}
}

void
send_one(size_t (*make)(uint8_t *))
{
	uint8_t out[FRAME_MAX];
	size_t	n = seal(out, make);

	sendto(evil.fd, out, n, 0, (struct sockaddr *)&evil.to, sizeof(evil.to));
}

static void
handshake(void)
{
	uint8_t		e[SEC_LEN], m[IK_MSG1_LEN], out[FRAME_MSG1_LEN], in[256];
	uint8_t		epoch[EPOCH_LEN];
	struct noise	hs;
	struct frame	f;
	struct pollfd	p = { .fd = evil.fd, .events = POLLIN };
	double		until = now() + 5;
	ssize_t		n;

	curve_random(e);
	if (noise_ik_write1(&hs, &evil.me, evil.pub, e, m) != REFUSE_NONE)
		die("no message 1");
	frame_msg1(out, OUR_INDEX, m);
	while (now() < until) {
		sendto(evil.fd, out, sizeof(out), 0,
		    (struct sockaddr *)&evil.to, sizeof(evil.to));
		if (poll(&p, 1, 1000) < 1)
			continue;
		n = recv(evil.fd, in, sizeof(in), 0);
		if (n > 0 && frame_decode(in, (size_t)n, &f) == REFUSE_NONE &&
		    f.phase == FRAME_MSG2 && noise_ik_read2(&hs, in + f.body,
		    epoch, &evil.keys) == REFUSE_NONE) {
			evil.index = f.sender;
			clock_gettime(CLOCK_MONOTONIC, &evil.began);
			send_one(heartbeat);
			return;
		}
	}
	die("the victim does not answer");
}

/* We would have new keys, and say so lawfully. */
size_t
knock(uint8_t *out)
{
	static uint32_t	index = OUR_INDEX;
	uint8_t		e[SEC_LEN], m[IK_MSG1_LEN];
	struct noise	hs;

	curve_random(e);
	if (noise_ik_write1(&hs, &evil.me, evil.pub, e, m) != REFUSE_NONE)
		die("no message 1");
	frame_msg1(out, ++index, m);
	return FRAME_MSG1_LEN;
}

/* An answer that was made up: to what it asked us, or to nobody. */
size_t
answer(uint8_t *out)
{
	uint8_t noise[FRAME_NOISE2_LEN];

	scrawl(noise, sizeof(noise));
	noise[0] = 2;
	frame_msg2(out, OUR_INDEX, evil.asked != 0 && noise64() & 1 ? evil.asked :
	    (uint32_t)noise64(), noise);
	return FRAME_MSG2_LEN;
}

/*
 * After so many seconds, and as many frames as no quota gives away in them, though the
 * machine be too slow for that rate; 0: with the next order, or after a minute.
 */
static int
is_over(double t, double rate, double seconds, double sent)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	double	      least = rate * seconds < LEAST ? rate * seconds - BATCH : LEAST;

	if (seconds > 0)
		return t >= seconds && (sent >= least || t >= seconds + 20);
	return t >= 60 || poll(&in, 1, 0) != 0;
}

/* A frame each 10 ms, each longer under way than the one before it, by its stamp. */
static void
lag(double seconds)
{
	double until = now() + seconds;

	for (evil.late = 1; now() < until; usleep(10000)) {
		send_one(heartbeat);
		drain();
	}
	evil.late = 0;
	printf("lag trend %d\n", evil.trend);
	fflush(stdout);
}

/* An answer to keys that the victim asked for first and no longer waits for, twice. */
static void
answer_late(void)
{
	uint8_t out[FRAME_MSG2_LEN], noise[FRAME_NOISE2_LEN] = { 2 };

	drain();
	frame_msg2(out, OUR_INDEX, evil.asked, noise);
	for (int i = 0; evil.asked != 0 && i < 2; i++)
		sendto(evil.fd, out, sizeof(out), 0,
		    (struct sockaddr *)&evil.to, sizeof(evil.to));
	printf("answer_late index %08x\n", evil.asked);
	fflush(stdout);
}

/* In batches, as many as are due by now. */
static void
flood(const char *name, const struct kind *k, const struct sockaddr_in *to,
    double rate, double seconds)
{
	static uint8_t		buf[BATCH][FRAME_MAX];
	static struct iovec	iov[BATCH];
	static struct mmsghdr	msg[BATCH];
	double			began = now(), t;
	uint64_t		sent = 0;
	unsigned		i;

	while (t = now() - began, !is_over(t, rate, seconds, (double)sent)) {
		if ((double)sent + BATCH > t * rate) {
			usleep(1000);
			continue;
		}
		for (i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ buf[i], k->raw != NULL ?
			    k->raw(buf[i]) : seal(buf[i], k->make) };
			msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
			    .msg_iovlen = 1, .msg_name = (void *)(uintptr_t)to,
			    .msg_namelen = sizeof(*to) };
		}
		sendmmsg(evil.fd, msg, BATCH, 0);
		sent += BATCH;
		if (sent % 4096 == 0)
			drain();
	}
	printf("%s frames %llu seconds %.2f\n", name, (unsigned long long)sent, t);
	fflush(stdout);
}

static void
obey(const char *line)
{
	char	name[64];
	double	rate, seconds;
	int	away = strncmp(line, "away:", 5) == 0;

	if (sscanf(line, "%63s %lf %lf", name, &rate, &seconds) != 3)
		die("KIND RATE SECONDS");
	if (strcmp(name, "stop") == 0)
		return;
	if (strcmp(name, "shake") == 0 || strcmp(name, "talk") == 0) {
		printf("%s messages %u\n", name, name[0] == 's' ?
		    shake(seconds) : talk(seconds));
		fflush(stdout);
		return;
	}
	if (strcmp(name, "lag") == 0) {
		lag(seconds);
		return;
	}
	if (strcmp(name, "answer_late") == 0) {
		answer_late();
		return;
	}
	for (size_t i = 0; kinds[i].name != NULL; i++)
		if (strcmp(kinds[i].name, name + (away ? 5 : 0)) == 0) {
			flood(name, &kinds[i], away ? &evil.away : &evil.to,
			    rate, seconds);
			return;
		}
	die("no such kind");
}

static void
who(const char *npub, uint8_t pub[PUB_LEN], uint8_t addr[NADDR_LEN])
{
	if (npub_decode(npub, pub + 1) == -1)
		die("no npub");
	pub[0] = 2;
	curve_addr(pub, addr);
}

static struct sockaddr_in
address(const char *ip, const char *port)
{
	struct sockaddr_in s = { .sin_family = AF_INET };

	s.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, ip, &s.sin_addr) != 1)
		die("no IPv4 address");
	return s;
}

int
main(int argc, char **argv)
{
	struct pollfd	in = { .fd = 0, .events = POLLIN };
	uint8_t		pub[PUB_LEN];
	char		line[128];
	const char     *nsec = getenv("NSEC");
	struct sockaddr_in from;

	if (argc != 7 || nsec == NULL)
		die("NSEC=... evil NPUB ADDR PORT SINK NPUB-A NPUB-B");
	if (curve_init() == -1 || nsec_decode(nsec, evil.me.sec) == -1 ||
	    curve_public(evil.me.sec, evil.me.pub) == -1)
		die("no identity");
	curve_addr(evil.me.pub, evil.me.addr);
	randombytes_buf(evil.me.epoch, sizeof(evil.me.epoch));
	who(argv[1], evil.pub, evil.addr);
	who(argv[5], pub, evil.a);
	who(argv[6], pub, evil.b);
	evil.to = address(argv[2], argv[3]);
	evil.away = address(argv[4], "9");
	evil.fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (getenv("FROM") != NULL) {
		from = address("0.0.0.0", getenv("FROM"));
		if (bind(evil.fd, (struct sockaddr *)&from, sizeof(from)) == -1)
			die("its port is taken");
	}
	prepare();
	handshake();
	puts("up");
	fflush(stdout);
	setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		if (poll(&in, 1, 3000) == 0) {
			drain();
			send_one(heartbeat);
			continue;
		}
		if (fgets(line, sizeof(line), stdin) == NULL)
			return 0;
		obey(line);
	}
}
