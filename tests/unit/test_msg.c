/* test_msg.c -- the message tables, asked row by row. room: common */
#include <sys/socket.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "chan.h"
#include "suite.h"
#include "wire.h"

/* A lawful message of any type: every integer at its upper bound, all else full. */
static void
fill(enum msg_type type, union msg_any *m)
{
	memset(m, 0, sizeof(*m));
	m->req = 0xa1b2c3d4;
	switch (type) {
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
	case MSG_##NAME: { struct msg_##name *x = &m->name; (void)x;
#define U8(f, lo, hi, doc)	x->f = (uint8_t)(hi);
#define U16(f, lo, hi, doc)	x->f = (uint16_t)(hi);
#define U32(f, lo, hi, doc)	x->f = (uint32_t)(hi);
#define U64(f, lo, hi, doc)	x->f = (uint64_t)(hi);
#define FIX(f, n, doc)		memset(x->f, 0x5a, n);
#define VAR(f, max, doc)	x->f##_len = max; memset(x->f, 0x33, max);
#define STR(f, max, doc)	memset(x->f, 'z', max);
#define END(NAME, name)		break; }
#include "msg.def"
	default:
		ck_abort();
	}
}

static int
encode(enum msg_type type, const union msg_any *m, uint8_t *buf)
{
	enum refusal why;

	return msg_encode(type, m, buf, MSG_LEN_MAX, &why);
}

START_TEST(every_row_survives_the_wire)
{
	union msg_any	a, b;
	uint8_t		one[MSG_LEN_MAX], two[MSG_LEN_MAX];
	enum msg_type	t, got;
	enum refusal	why;
	int		n;

	for (t = MSG_NONE + 1; t < MSG_MAX; t++) {
		fill(t, &a);
		n = encode(t, &a, one);
		ck_assert_int_gt(n, 7);
		ck_assert_int_eq(msg_decode(one, (size_t)n, &got, &b, &why), 0);
		ck_assert_int_eq(got, t);
		ck_assert_int_eq(encode(t, &b, two), n);
		ck_assert_mem_eq(one, two, (size_t)n);
	}
}
END_TEST

START_TEST(a_message_cut_at_any_byte_is_refused)
{
	union msg_any	m;
	uint8_t		buf[MSG_LEN_MAX];
	enum msg_type	t, got;
	enum refusal	why;
	int		n, i;

	for (t = MSG_NONE + 1; t < MSG_MAX; t++) {
		fill(t, &m);
		n = encode(t, &m, buf);
		for (i = 0; i < n; i++) {
			ck_assert_int_eq(msg_decode(buf, (size_t)i, &got, &m, &why), -1);
			ck_assert(why == REFUSE_MSG_LENGTH || why == REFUSE_MSG_RANGE);
			ck_assert_int_eq(got, MSG_NONE);
		}
	}
}
END_TEST

START_TEST(one_byte_too_many_is_refused)
{
	union msg_any	m;
	uint8_t		buf[MSG_LEN_MAX + 1];
	enum msg_type	t, got;
	enum refusal	why;
	int		n;

	for (t = MSG_NONE + 1; t < MSG_MAX; t++) {
		fill(t, &m);
		n = encode(t, &m, buf);
		buf[n] = 0;
		ck_assert_int_eq(msg_decode(buf, (size_t)n + 1, &got, &m, &why), -1);
		ck_assert_int_eq(why, REFUSE_MSG_LENGTH);
	}
}
END_TEST

/* Each integer of each row is pushed just outside each of its bounds. */
START_TEST(every_bound_is_kept)
{
	union msg_any	m;
	uint8_t		buf[MSG_LEN_MAX];
	unsigned	crossed = 0;

#define OUT(type, x, f, v)							\
	{									\
		fill(type, &m);							\
		x.f = (v);							\
		ck_assert_msg(encode(type, &m, buf) == -1, #f " at " #v);	\
		crossed++;							\
	}
#define INT(bits, f, lo, hi)							\
	if ((uint64_t)(lo) != 0) { OUT(type, (*x), f, (uint##bits##_t)((uint64_t)(lo) - 1)) }	\
	if ((uint64_t)(hi) != UINT##bits##_MAX) { OUT(type, (*x), f, (uint##bits##_t)((uint64_t)(hi) + 1)) }
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
	{ struct msg_##name *x = &m.name; enum msg_type type = MSG_##NAME; (void)x; (void)type;
#define U8(f, lo, hi, doc)	INT(8, f, lo, hi)
#define U16(f, lo, hi, doc)	INT(16, f, lo, hi)
#define U32(f, lo, hi, doc)	INT(32, f, lo, hi)
#define U64(f, lo, hi, doc)	INT(64, f, lo, hi)
#define VAR(f, max, doc)	OUT(type, (*x), f##_len, (max) + 1)
#define END(NAME, name)		}
#include "msg.def"
	ck_assert_uint_gt(crossed, 20);
}
END_TEST

START_TEST(text_with_a_space_or_a_control_byte_is_refused)
{
	union msg_any m;
	uint8_t	      buf[MSG_LEN_MAX];

	fill(MSG_TUN, &m);
	m.tun.name[3] = ' ';
	ck_assert_int_eq(encode(MSG_TUN, &m, buf), -1);
	m.tun.name[3] = '\n';
	ck_assert_int_eq(encode(MSG_TUN, &m, buf), -1);
	m.tun.name[0] = '\0';
	ck_assert_int_eq(encode(MSG_TUN, &m, buf), -1);
}
END_TEST

START_TEST(only_the_named_sender_and_receiver_pass)
{
	struct msg_seen	seen;
	enum msg_type	t;
	int		from, to;
	enum refusal	why;

	for (t = MSG_NONE + 1; t < MSG_MAX; t++)
		for (from = 0; from < PROC_MAX; from++)
			for (to = 0; to < PROC_MAX; to++) {
				memset(&seen, 0, sizeof(seen));
				why = msg_permit(t, from, to, msg_row[t].when & (BOOT | RUN),
				    msg_row[t].nfd, &seen);
				if ((int)msg_row[t].from != from)
					ck_assert_int_eq(why, REFUSE_MSG_WRONG_SENDER);
				else if ((int)msg_row[t].to != to)
					ck_assert_int_eq(why, REFUSE_MSG_WRONG_ROOM);
				else
					ck_assert_int_eq(why, REFUSE_NONE);
			}
}
END_TEST

START_TEST(phase_count_and_once_are_kept)
{
	struct msg_seen		 seen;
	const struct msg_row	*r;
	enum msg_type		 t;
	int			 n;

	for (t = MSG_NONE + 1; t < MSG_MAX; t++) {
		r = &msg_row[t];
		memset(&seen, 0, sizeof(seen));
		if ((r->when & (BOOT | RUN)) != (BOOT | RUN))
			ck_assert_int_eq(msg_permit(t, r->from, r->to,
			    ~r->when & (BOOT | RUN), r->nfd, &seen),
			    REFUSE_MSG_WRONG_PHASE);
		for (n = 0; n <= MSG_NFD_MAX; n++)
			if (n != r->nfd)
				ck_assert_int_eq(msg_permit(t, r->from, r->to,
				    r->when & (BOOT | RUN), n, &seen),
				    REFUSE_MSG_WRONG_FDS);
		ck_assert_int_eq(msg_permit(t, r->from, r->to,
		    r->when & (BOOT | RUN), r->nfd, &seen), REFUSE_NONE);
		ck_assert_int_eq(msg_permit(t, r->from, r->to,
		    r->when & (BOOT | RUN), r->nfd, &seen),
		    r->when & ONCE ? REFUSE_MSG_AGAIN : REFUSE_NONE);
	}
	ck_assert_int_eq(msg_permit(MSG_MAX, 0, 1, BOOT, 0, &seen), REFUSE_MSG_UNKNOWN);
	ck_assert_int_eq(msg_permit(MSG_NONE, 0, 1, BOOT, 0, &seen), REFUSE_MSG_UNKNOWN);
}
END_TEST

START_TEST(a_row_has_one_sender_and_one_receiver_and_doors_agree)
{
	enum msg_type t;

	for (t = MSG_NONE + 1; t < MSG_MAX; t++) {
		ck_assert(msg_doors(msg_row[t].from) >> msg_row[t].to & 1);
		ck_assert(msg_doors(msg_row[t].to) >> msg_row[t].from & 1);
	}
	ck_assert_uint_eq(msg_doors(PROC_CRYPTOD),
	    1u << PROC_PRIVD | 1u << PROC_NETD | 1u << PROC_DIRD);
}
END_TEST

/* Raw bytes with n descriptors into a door, past every check of the sender. */
static void
shove(int fd, const void *p, size_t len, int nfd)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int) * 8)]; } cb = { .buf = { 0 } };
	struct iovec	 iov = { (void *)(uintptr_t)p, len };
	struct msghdr	 mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*cm;
	int		 i, zero = 0;

	if (nfd > 0) {
		mh.msg_control = cb.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfd);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfd);
		for (i = 0; i < nfd; i++)
			memcpy(CMSG_DATA(cm) + sizeof(int) * (size_t)i, &zero, sizeof(int));
	}
	ck_assert_int_eq(sendmsg(fd, &mh, 0), (ssize_t)len);
}

static unsigned
open_fds(void)
{
	unsigned n = 0;
	int	 fd;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

START_TEST(a_door_refuses_with_the_reason_and_leaks_nothing)
{
	struct chan	a, b;
	union msg_any	m;
	uint8_t		buf[MSG_LEN_MAX + 64] = { 0 };
	enum msg_type	t;
	int		n, fds[MSG_NFD_MAX];
	unsigned	before;

	ck_assert_int_eq(chan_pair(PROC_NETD, PROC_CRYPTOD, &a, &b), 0);
	b.phase = RUN;
	before = open_fds();

	fill(MSG_IK_START, &m);
	n = encode(MSG_IK_START, &m, buf);
	shove(a.fd, buf, (size_t)n, 0);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_MSG);
	shove(a.fd, buf, (size_t)n, 1);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_RULE);
	ck_assert_int_eq(b.why, REFUSE_MSG_WRONG_FDS);
	shove(a.fd, buf, (size_t)n, 8);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_RULE);
	ck_assert_int_eq(b.why, REFUSE_MSG_WRONG_FDS);
	shove(a.fd, buf, MSG_LEN_MAX + 1, 0);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_RULE);
	ck_assert_int_eq(b.why, REFUSE_MSG_LENGTH);
	fill(MSG_GO_CRYPTOD, &m);
	n = encode(MSG_GO_CRYPTOD, &m, buf);
	shove(a.fd, buf, (size_t)n, 0);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_RULE);
	ck_assert_int_eq(b.why, REFUSE_MSG_WRONG_SENDER);
	b.phase = BOOT;
	fill(MSG_IK_START, &m);
	n = encode(MSG_IK_START, &m, buf);
	shove(a.fd, buf, (size_t)n, 0);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_RULE);
	ck_assert_int_eq(b.why, REFUSE_MSG_WRONG_PHASE);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_EMPTY);
	ck_assert_uint_eq(open_fds(), before);
	close(a.fd);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_GONE);
	close(b.fd);
}
END_TEST

/* Plays cryptod: every question has its answer, or the room ends. */
static void *
answers(void *arg)
{
	struct chan		*c = arg;
	struct msg_ik_msg1	 a = { .req = 1, .hs = 1 };
	struct pollfd		 p = { .fd = c->fd, .events = POLLIN };
	union msg_any		 m;
	enum msg_type		 t;
	int			 fds[MSG_NFD_MAX], got;

	while ((got = chan_recv(c, &t, &m, fds)) != CHAN_GONE) {
		if (got == CHAN_EMPTY)
			poll(&p, 1, 1000);
		else if (chan_send(c, MSG_IK_MSG1, &a, NULL) == -1)
			break;
	}
	return NULL;
}

/* In one turn netd may ask about every handshake, and forget as many keys. */
START_TEST(who_asks_much_and_reads_late_and_who_answers_do_not_wait_for_each_other)
{
	struct chan		netd, cryptod;
	struct msg_ik_start	q = { .req = 1 };
	union msg_any		m;
	enum msg_type		t;
	pthread_t		room;
	int			fds[MSG_NFD_MAX], n = HS_LINKS + HS_SESSIONS, i;

	ck_assert_int_eq(chan_pair(PROC_NETD, PROC_CRYPTOD, &netd, &cryptod), 0);
	netd.phase = cryptod.phase = RUN;
	ck_assert_int_eq(pthread_create(&room, NULL, answers, &cryptod), 0);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(chan_send(&netd, MSG_IK_START, &q,
		    NULL), 0);
	for (i = 0; i < n;)
		i += chan_recv(&netd, &t, &m, fds) == CHAN_MSG;
	shutdown(netd.fd, SHUT_RDWR);
	pthread_join(room, NULL);
	close(netd.fd);
	close(cryptod.fd);
}
END_TEST

START_TEST(descriptors_arrive_with_their_message)
{
	struct chan	a, b;
	union msg_any	m;
	enum msg_type	t;
	int		p[2], fds[MSG_NFD_MAX];
	char		c = 'x';

	ck_assert_int_eq(chan_pair(PROC_PRIVD, PROC_NETD, &a, &b), 0);
	ck_assert_int_eq(pipe(p), 0);
	fill(MSG_TUN, &m);
	ck_assert_int_eq(chan_send(&a, MSG_TUN, &m, &p[1]), 0);
	ck_assert_int_eq(chan_recv(&b, &t, &m, fds), CHAN_MSG);
	ck_assert_int_eq(t, MSG_TUN);
	ck_assert_int_eq(write(fds[0], &c, 1), 1);
	ck_assert_int_eq(read(p[0], &c, 1), 1);
	ck_assert_int_eq(chan_send(&a, MSG_TUN, &m, &p[1]), -1);	/* ONCE */
	ck_assert_int_eq(a.why, REFUSE_MSG_AGAIN);
	close(fds[0]);
	close(p[0]);
	close(p[1]);
	close(a.fd);
	close(b.fd);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, every_row_survives_the_wire);
	tcase_add_test(t, a_message_cut_at_any_byte_is_refused);
	tcase_add_test(t, one_byte_too_many_is_refused);
	tcase_add_test(t, every_bound_is_kept);
	tcase_add_test(t, text_with_a_space_or_a_control_byte_is_refused);
	tcase_add_test(t, only_the_named_sender_and_receiver_pass);
	tcase_add_test(t, phase_count_and_once_are_kept);
	tcase_add_test(t, a_row_has_one_sender_and_one_receiver_and_doors_agree);
	tcase_add_test(t, a_door_refuses_with_the_reason_and_leaks_nothing);
	tcase_add_test(t,
	    who_asks_much_and_reads_late_and_who_answers_do_not_wait_for_each_other);
	tcase_add_test(t, descriptors_arrive_with_their_message);
}
