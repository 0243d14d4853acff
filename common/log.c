/* log.c -- lines to stderr. No allocation, no file, no time zone. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "typed.h"

#define MAX_DIRECTIVES	32
#define MAX_LINE	2048

static struct directive {
	char		target[96];
	enum log_level	level;
} directive[MAX_DIRECTIVES];
static unsigned		ndirective;
static enum log_level	default_level = LVL_INFO;
static int		is_tty, is_socket;
static char		strange[64];	/* first directive that means nothing */
static unsigned		lost;		/* lines that nobody took, since the last that went */
static const char	*room = "bastide";
static void		(*hook)(void);

static const char *const level_name[] = {
	"OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"
};

int
log_parse_level(const char *s)
{
	int i;

	for (i = LVL_OFF; i <= LVL_TRACE; i++)
		if (strcasecmp(s, level_name[i]) == 0)
			return i;
	return -1;
}

/* A name or a number. */
static int
directive_level(const char *s)
{
	if (s[0] >= '0' && s[0] <= '5' && s[1] == '\0')
		return s[0] - '0';
	return log_parse_level(s);
}

/* A target is a prefix, "" of all. The same one again: the last counts. */
static int
put_directive(const char *target, int level)
{
	if (level == -1 || ndirective == MAX_DIRECTIVES ||
	    strlen(target) >= sizeof(directive[0].target))
		return -1;
	strcpy(directive[ndirective].target, target);
	directive[ndirective++].level = level;
	return 0;
}

/*
 * "level", "target" or "target=" (everything of it), "target=level". 0, or -1 when
 * it is none of them; nor do we have what the reference's filter calls spans.
 */
static int
add_directive(char *s)
{
	char	*eq = strchr(s, '=');
	int	 level = directive_level(s);

	if (strchr(s, '[') != NULL || (!isalnum((unsigned char)s[0]) &&
	    strchr("-:_", s[0]) == NULL))
		return -1;
	if (eq == NULL)
		return level != -1 ? put_directive("", level) :
		    put_directive(s, LVL_TRACE);
	*eq++ = '\0';
	return put_directive(s, *eq == '\0' ? LVL_TRACE : directive_level(eq));
}

static void
add_directives(const char *all)
{
	char buf[1024], word[sizeof(strange)], *s, *save = NULL;

	if (strlen(all) >= sizeof(buf)) {
		snprintf(strange, sizeof(strange), "more than %zu characters",
		    sizeof(buf) - 1);
		return;
	}
	strcpy(buf, all);
	for (s = strtok_r(buf, ", ", &save); s != NULL;
	    s = strtok_r(NULL, ", ", &save)) {
		snprintf(word, sizeof(word), "%s", s);
		if (add_directive(s) == -1 && strange[0] == '\0')
			strcpy(strange, word);
	}
}

const char *
log_strange(void)
{
	return strange[0] == '\0' ? NULL : strange;
}

void
log_init(const char *name, const char *directives)
{
	struct stat	 st;

	room = name;
	is_tty = isatty(STDERR_FILENO);
	is_socket = fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode);
	lost = 0;
	ndirective = 0;
	default_level = LVL_INFO;
	strange[0] = '\0';
	if (directives != NULL)
		add_directives(directives);
}

void
log_set_level(enum log_level level)
{
	default_level = level;
}

/* "fips" is the whole program there, and so here. */
static int
is_of(const char *target, const char *prefix, size_t n)
{
	return strncmp(target, prefix, n) == 0 ||
	    (strcmp(prefix, "fips") == 0 && strncmp(target, "bastide", 7) == 0);
}

/*
 * The longest matching directive decides, as in the reference's filter; and as
 * there, what none of them matches is off.
 */
int
log_is_on(enum log_level level, const char *target)
{
	enum log_level	limit = ndirective == 0 ? default_level : LVL_OFF;
	size_t		best = 0, n;
	unsigned	i;

	for (i = 0; i < ndirective; i++) {
		n = strlen(directive[i].target);
		if (n >= best && is_of(target, directive[i].target, n)) {
			best = n;
			limit = directive[i].level;
		}
	}
	return level <= limit;
}

/* As 2026-01-31T12:00:00.123Z. */
static void
stamp(char out[25])
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	time_write(ts.tv_sec, out);
	snprintf(out + 19, 6, ".%03uZ", (unsigned)ts.tv_nsec / 1000000 % 1000);
}

/*
 * Bytes that could forge a line, break JSON or command a terminal (above 0x7f,
 * too) become escapes or '?'.
 */
static size_t
escape(char *out, size_t cap, const char *s)
{
	size_t n = 0;

	for (; *s != '\0' && n + 2 < cap; s++) {
		if (!is_tty && (*s == '"' || *s == '\\'))
			out[n++] = '\\';
		out[n++] = *s < 0x20 || *s > 0x7e ? '?' : *s;
	}
	out[n] = '\0';
	return n;
}

/*
 * One line out, or -1: a reader that is slow must not stop a room. privd sees
 * to it that pipes and terminals do not block; a socket is asked here.
 */
static int
put(char *line, size_t len)
{
	struct iovec	iov = { line, len };
	struct msghdr	mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	return (is_socket ? sendmsg(STDERR_FILENO, &mh, MSG_DONTWAIT |
	    MSG_NOSIGNAL) : write(STDERR_FILENO, line, len)) == -1 ? -1 : 0;
}

static int
emit(enum log_level level, const char *target, const char *raw)
{
	char	msg[MAX_LINE], line[MAX_LINE + 256], when[25];
	int	n;

	escape(msg, sizeof(msg), raw);
	stamp(when);
	if (is_tty)
		n = snprintf(line, sizeof(line), "%s %5s %s %s: %s\n", when,
		    level_name[level], room, target, msg);
	else
		n = snprintf(line, sizeof(line),
		    "{\"time\":\"%s\",\"level\":\"%s\",\"room\":\"%s\","
		    "\"target\":\"%s\",\"msg\":\"%s\"}\n",
		    when, level_name[level], room, target, msg);
	return n > 0 ? put(line, (size_t)n) : -1;
}

static void
vwrite(enum log_level level, const char *target, const char *fmt, va_list ap)
{
	char	raw[MAX_LINE / 2], note[64];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	if (lost > 0) {
		snprintf(note, sizeof(note), "%u log lines are lost: nobody "
		    "read them", lost);
		if (emit(LVL_WARN, "bastide", note) == 0)
			lost = 0;
	}
	if (emit(level, target, raw) == -1)
		lost++;
}

void
log_write(enum log_level level, const char *target, const char *fmt, ...)
{
	va_list	ap;
	int	saved = errno;

	va_start(ap, fmt);
	vwrite(level, target, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
fatal_hook(void (*f)(void))
{
	hook = f;
}

/* The hook may itself end in fatal(); it does not run again then. */
static void __attribute__((noreturn))
end(void)
{
	void (*f)(void) = hook;

	hook = NULL;
	if (f != NULL)
		f();
	_exit(1);
}

void
fatal(const char *fmt, ...)
{
	char	buf[MAX_LINE / 2];
	int	saved = errno;
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	log_write(LVL_ERROR, "bastide", "%s: %s", buf, strerrordesc_np(saved));
	end();
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwrite(LVL_ERROR, "bastide", fmt, ap);
	va_end(ap);
	end();
}
