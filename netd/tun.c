/*
 * tun.c -- packets from and to the kernel, one a system call.
 *
 * privd made the device and handed it over; here it is only read and written.
 */
#include <event2/event.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netd.h"

#define LOG_TARGET "fips::upper::tun"
#include "log.h"
#include "session.h"
#include "tun.h"

enum { BATCH = 64 };		/* packets in one turn of the loop */

struct tun_stats	 tun_stats;

static int		 tun_fd = -1;
static char		 name[16];
static uint16_t		 mtu;
static struct event	*ev;

void
tun_add(int fd, const char *ifname, uint16_t ifmtu)
{
	tun_fd = fd;
	snprintf(name, sizeof(name), "%s", ifname);
	mtu = ifmtu;
}

int
tun_is_up(void)
{
	return tun_fd != -1;
}

const char *
tun_name(void)
{
	return name;
}

/* 1 read, 0 nothing there now. */
static int
read_one(void)
{
	struct work	*w;
	ssize_t		 n;

	if (pipe_free() <= PIPE_SPARE || (w = pipe_get()) == NULL)
		return 0;		/* the kernel queues, or drops, meanwhile */
	n = read(tun_fd, w->buf + w->off, pipe_room(w));
	if (n <= 0) {
		pipe_put(w);
		/* It would be ready to read for ever. The next start makes a new one. */
		if (n == -1 && errno == EBADFD)
			fatalx("the TUN device %s was taken away", name);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			log_debug("reading from %s: %s", name, strerror(errno));
		return 0;
	}
	w->len = (uint32_t)n;
	w->at_ms = netd.now_ms;
	tun_stats.packets_in++;
	tun_stats.bytes_in += (uint64_t)n;
	session_output(w);
	return 1;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	int i;

	(void)fd;
	(void)what;
	(void)arg;
	netd_clock();
	for (i = 0; i < BATCH && read_one(); i++)
		continue;
}

void
tun_start(struct event_base *base)
{
	if (tun_fd == -1)
		return;
	ev = event_new(base, tun_fd, EV_READ | EV_PERSIST, on_read, NULL);
	if (ev == NULL || event_add(ev, NULL) == -1)
		fatalx("cannot watch %s", name);
	log_debug("%s is watched, MTU %u", name, mtu);
}

void
tun_pause(int on)
{
	if (ev != NULL && (on ? event_del(ev) : event_add(ev, NULL)) == -1)
		fatalx("cannot watch %s", name);
}

int
tun_write(const void *pkt, size_t len)
{
	ssize_t n;

	if (tun_fd == -1) {
		refuse(REFUSE_TUN_WRITE);
		return -1;
	}
	do
		n = write(tun_fd, pkt, len);
	while (n == -1 && errno == EINTR);
	if (n != (ssize_t)len) {
		refuse(REFUSE_TUN_WRITE);
		return -1;
	}
	tun_stats.packets_out++;
	tun_stats.bytes_out += len;
	return 0;
}
