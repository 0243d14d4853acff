/*
 * liar_netd.c -- a false netd lies in every message on its door to a real
 * cryptod. room: cryptod, with: liar ear house_of_cryptod
 */
#include <sodium.h>

#include "house_of_cryptod.h"
#include "wire.h"

/* The control: whoever allocates after stay() is caught. */
START_TEST(an_allocation_does_not_go_unseen)
{
	static void *volatile p;
	int	status;
	pid_t	pid = fork();

	if (pid == 0) {
		forbid_memory();
		p = malloc(1);
		_exit(p == NULL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), ALLOCATED);
}
END_TEST

/* Raw bytes with nfd descriptors. 0 when the door is shut already. */
static int
shout(const uint8_t *p, size_t len, int nfd)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int) * 4)]; } cb;
	struct iovec	iov = { (void *)(uintptr_t)p, len };
	struct msghdr	mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*cm;
	int		 i;

	if (nfd > 0) {
		memset(&cb, 0, sizeof(cb));
		mh.msg_control = cb.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfd);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfd);
		for (i = 0; i < nfd; i++)
			memcpy(CMSG_DATA(cm) + (size_t)i * sizeof(int), &h.err, sizeof(int));
	}
	return sendmsg(h.netd.fd, &mh, MSG_NOSIGNAL) == (ssize_t)len;
}

static int
is_answered(enum msg_type t)
{
	return t != MSG_HS_DROP && t != MSG_SESSION_DROP;
}

/* A lawful message of this type with made-up contents. */
static size_t
make_up(enum msg_type t, uint8_t *buf)
{
	union msg_any	m;
	enum refusal	why;
	int		len;

	do {
		randombytes_buf(&m, sizeof(m));
		if (t == MSG_IK_READ2 || t == MSG_XK_READ2 || t == MSG_XK_READ3)
			m.ik_read2.hs = any(2) ? h.link : edge(h.inner) | 1;
		len = msg_encode(t, &m, buf, MSG_LEN_MAX, &why);
	} while (len == -1);
	return (size_t)len;
}

static int
from_netd(enum msg_type t)
{
	return msg_row[t].from == PROC_NETD && msg_row[t].to == PROC_CRYPTOD;
}

START_TEST(made_up_messages_are_answered_or_end_the_house)
{
	uint8_t		buf[MSG_LEN_MAX];
	enum msg_type	type;
	union msg_any	m;
	size_t		len;
	int		t, i;

	open_house();
	for (i = 0; i < 40; i++)
		for (t = 1; t < MSG_MAX; t++) {
			if (!from_netd(t))
				continue;
			len = make_up(t, buf);
			ck_assert(shout(buf, len, 0));
			if (is_answered(t))
				ck_assert(hear(&h.netd, &type, &m));
		}
	ck_assert(alive());
	ck_assert_int_eq(close_house(), 0);
}
END_TEST

START_TEST(another_rooms_message_ends_the_house)
{
	uint8_t	buf[MSG_LEN_MAX];
	union msg_any m;
	enum msg_type type;
	enum refusal why;
	int	t, len;

	for (t = 1; t < MSG_MAX; t++) {
		if (from_netd(t) || any(2))
			continue;
		do {
			randombytes_buf(&m, sizeof(m));
			memset((char *)&m + 4 + any(64), any(3) ? 0 : 0x41,
			    sizeof(m) - 70);
			len = msg_encode(t, &m, buf, sizeof(buf), &why);
			if (len == -1) {
				memset(buf, 0, 64);
				put_le32(buf, (uint32_t)t);
				len = 8;
			}
		} while (len == -1);
		open_house();
		ck_assert(shout(buf, (size_t)len, msg_row[t].nfd));
		while (hear(&h.netd, &type, &m))
			continue;
		ck_assert_int_eq(close_house(), 1);
	}
}
END_TEST

/* Every message from netd: cut, lengthened, with descriptors, of no type. */
START_TEST(a_message_of_the_wrong_shape_ends_the_house)
{
	uint8_t		buf[MSG_LEN_MAX + 8] = { 0 };
	enum msg_type	type;
	union msg_any	m;
	size_t		len, cut;
	int		t, lie, nfd;

	for (t = 1; t < MSG_MAX; t++)
		for (lie = 0; from_netd(t) && lie < 5; lie++) {
			len = make_up(t, buf);
			cut = len;
			nfd = 0;
			switch (lie) {
			case 0: cut = 1 + any((uint32_t)len - 1); break;
			case 1: cut = len - 1; break;
			case 2: cut = len + 1; break;
			case 3: nfd = 1 + (int)any(4); break;
			case 4: put_le32(buf, edge(0) | 0x100); break;
			}
			open_house();
			ck_assert(shout(buf, cut, nfd));
			while (hear(&h.netd, &type, &m))
				continue;
			ck_assert_int_eq(close_house(), 1);
		}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, an_allocation_does_not_go_unseen);
	tcase_add_test(t, made_up_messages_are_answered_or_end_the_house);
	tcase_add_test(t, another_rooms_message_ends_the_house);
	tcase_add_test(t, a_message_of_the_wrong_shape_ends_the_house);
}
