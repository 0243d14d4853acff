/* test_notify.c -- where the service manager listens. room: privd */
#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "privd.h"
#include "suite.h"

#define HEAD	offsetof(struct sockaddr_un, sun_path)

START_TEST(a_path_is_an_address_with_its_nul)
{
	struct sockaddr_un sun;

	ck_assert_uint_eq(notify_addr("/run/n", &sun), HEAD + 7);
	ck_assert_int_eq(sun.sun_family, AF_UNIX);
	ck_assert_str_eq(sun.sun_path, "/run/n");
}
END_TEST

START_TEST(an_at_sign_means_the_abstract_space)
{
	struct sockaddr_un sun;

	ck_assert_uint_eq(notify_addr("@abc", &sun), HEAD + 4);
	ck_assert_mem_eq(sun.sun_path, "\0abc", 4);
}
END_TEST

START_TEST(anything_else_is_no_address)
{
	struct sockaddr_un sun;

	ck_assert_uint_eq(notify_addr("", &sun), 0);
	ck_assert_uint_eq(notify_addr("/", &sun), 0);
	ck_assert_uint_eq(notify_addr("@", &sun), 0);
	ck_assert_uint_eq(notify_addr("run/n", &sun), 0);
	ck_assert_uint_eq(notify_addr("vsock:2:1234", &sun), 0);
}
END_TEST

START_TEST(a_name_must_leave_room_for_the_nul)
{
	struct sockaddr_un sun;
	char		   name[sizeof(sun.sun_path) + 1];

	memset(name, 'a', sizeof(name));
	name[0] = '/';
	name[sizeof(sun.sun_path)] = '\0';
	ck_assert_uint_eq(notify_addr(name, &sun), 0);
	name[sizeof(sun.sun_path) - 1] = '\0';
	ck_assert_uint_eq(notify_addr(name, &sun), sizeof(sun));
}
END_TEST

START_TEST(what_is_said_arrives_as_it_is)
{
	struct sockaddr_un	sun;
	char			name[32], buf[64];
	int			fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ssize_t			n;

	snprintf(name, sizeof(name), "@bastide-test-%d", getpid());
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun,
	    notify_addr(name, &sun)), 0);
	notify("READY=1");		/* nobody is there yet: nothing happens */
	notify_open(NULL);
	notify("READY=1");
	notify_open(name);
	notify("READY=1\nSTATUS=Serving");
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	ck_assert_int_eq(n, 22);
	ck_assert_mem_eq(buf, "READY=1\nSTATUS=Serving", 22);
	ck_assert_int_eq(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), -1);
	close(fd);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_path_is_an_address_with_its_nul);
	tcase_add_test(t, an_at_sign_means_the_abstract_space);
	tcase_add_test(t, anything_else_is_no_address);
	tcase_add_test(t, a_name_must_leave_room_for_the_nul);
	tcase_add_test(t, what_is_said_arrives_as_it_is);
}
