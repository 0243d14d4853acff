/*
 * doors.h -- gives one room its doors, from msg.def.
 *
 * Include it after  #define ME_<ROOM>  in every file of a room that sends or
 * takes messages; it gives
 *   - an on_<name>() prototype for every row that comes in: leaving one
 *     unwritten is a link error that names it;
 *   - a <name>_send() for every row that goes out, and for no other;
 *   - room_dispatch(), which calls the right on_<name>(). Only the file that
 *     defines ROOM_DISPATCH gets it.
 * fds in a handler belong to the handler.
 */
#ifndef DOORS_H
#define DOORS_H

#include "chan.h"

#ifdef ME_PRIVD
#define IN_PRIVD(...)		__VA_ARGS__
#define OUT_PRIVD(...)		__VA_ARGS__
#else
#define IN_PRIVD(...)
#define OUT_PRIVD(...)
#endif
#ifdef ME_NETD
#define IN_NETD(...)		__VA_ARGS__
#define OUT_NETD(...)		__VA_ARGS__
#else
#define IN_NETD(...)
#define OUT_NETD(...)
#endif
#ifdef ME_CRYPTOD
#define IN_CRYPTOD(...)		__VA_ARGS__
#define OUT_CRYPTOD(...)	__VA_ARGS__
#else
#define IN_CRYPTOD(...)
#define OUT_CRYPTOD(...)
#endif
#ifdef ME_DIRD
#define IN_DIRD(...)		__VA_ARGS__
#define OUT_DIRD(...)		__VA_ARGS__
#else
#define IN_DIRD(...)
#define OUT_DIRD(...)
#endif
#ifdef ME_MACROCTL
#define IN_MACROCTL(...)	__VA_ARGS__
#define OUT_MACROCTL(...)	__VA_ARGS__
#else
#define IN_MACROCTL(...)
#define OUT_MACROCTL(...)
#endif

#define MSG(NAME, name, FROM, TO, nfd, when, doc)				\
	IN_##TO(void on_##name(struct chan *, const struct msg_##name *, int *);)	\
	OUT_##FROM(__attribute__((unused)) static inline int			\
	name##_send(struct chan *c, const struct msg_##name *m, const int *fds)	\
	{ return chan_send(c, MSG_##NAME, m, fds); })
#include "msg.def"

#ifdef ROOM_DISPATCH
static inline void
room_dispatch(struct chan *c, enum msg_type type, const union msg_any *m,
    int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	switch (type) {
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
	IN_##TO(case MSG_##NAME: on_##name(c, &m->name, fds); break;)
#include "msg.def"
	default:
		break;		/* msg_permit() has refused every other row */
	}
}
#endif

#endif
