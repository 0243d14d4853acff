/*
 * log.h -- one line to stderr: text on a terminal, a JSON object otherwise.
 *
 * No allocation, no file, no time zone: usable in every sandbox. A file names
 * its target before the include:
 *	#define LOG_TARGET "fips::node::handlers::rekey"
 * Targets are those of the reference daemon, so RUST_LOG directives such as
 * "info,fips::node::handlers::rekey=debug" mean the same. Secrets never go in.
 */
#ifndef LOG_H
#define LOG_H

enum log_level { LVL_OFF, LVL_ERROR, LVL_WARN, LVL_INFO, LVL_DEBUG, LVL_TRACE };

/* directives: a RUST_LOG value, or NULL. room is kept, not copied. */
void	log_init(const char *room, const char *directives);
/* The level where there are no directives that mean anything. */
void	log_set_level(enum log_level);
/* The first of the directives that means nothing, cut; NULL: all have a meaning. */
const char *log_strange(void);
int	log_is_on(enum log_level, const char *target);
void	log_write(enum log_level, const char *target, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* LVL_* of "info" and so on in any case, or -1. */
int	log_parse_level(const char *);

/* Log at ERROR and exit 1. fatal() appends strerror(errno). */
void	fatal(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2), noreturn));
void	fatalx(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2), noreturn));
/* Runs once before fatal() ends the process: the last chance to clean up. */
void	fatal_hook(void (*)(void));

#ifndef LOG_TARGET
#define LOG_TARGET "bastide"
#endif
/* For a line whose target is not that of its file. */
#define log_as(lvl, target, ...) do {					\
	if (log_is_on(lvl, target))					\
		log_write(lvl, target, __VA_ARGS__);			\
} while (0)
#define log_at(lvl, ...) log_as(lvl, LOG_TARGET, __VA_ARGS__)
#define log_error(...)	log_at(LVL_ERROR, __VA_ARGS__)
#define log_warn(...)	log_at(LVL_WARN, __VA_ARGS__)
#define log_info(...)	log_at(LVL_INFO, __VA_ARGS__)
#define log_debug(...)	log_at(LVL_DEBUG, __VA_ARGS__)
#define log_trace(...)	log_at(LVL_TRACE, __VA_ARGS__)

#endif
