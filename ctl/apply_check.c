/*
 * apply_check.c -- is a text what its scope wants? Its form, by the scope's
 * ending, and then what the operator's own command says of it. Commands are
 * root's: nothing that came over the mesh names one.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <yaml.h>

#include "apply.h"

#define PATIENCE_MS	30000
#define LOOK_MS		20

static int
no(char why[APPLY_REASON], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, APPLY_REASON, fmt, ap);
	va_end(ap);
	return -1;
}

/* Nobody said no: it is asked again when there is another look. */
static int
unasked(char why[APPLY_REASON], const char *reason)
{
	no(why, "its command cannot be asked: %s", reason);
	return -2;
}

/* -- form ------------------------------------------------------------------ */

static int
json_form(const char *text, size_t len, char why[APPLY_REASON])
{
	json_error_t err;
	json_t *v = json_loadb(text, len, JSON_DECODE_ANY |
	    JSON_REJECT_DUPLICATES, &err);

	if (v == NULL)
		return no(why, "line %d: %s", err.line, err.text);
	json_decref(v);
	return 0;
}

static int
yaml_form(const char *text, size_t len, char why[APPLY_REASON])
{
	yaml_parser_t p;
	yaml_event_t e;
	int end = 0, ret = 0;

	if (!yaml_parser_initialize(&p))
		return no(why, "no memory");
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	while (!end) {
		if (!yaml_parser_parse(&p, &e)) {
			ret = no(why, "line %zu: %s", p.problem_mark.line + 1,
			    p.problem != NULL ? p.problem : "no YAML");
			break;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	return ret;
}

static int
ends(const char *scope, const char *with)
{
	size_t n = strlen(scope), m = strlen(with);

	return n > m && strcmp(scope + n - m, with) == 0;
}

int
apply_syntax(const char *scope, const char *text, size_t len,
    char why[APPLY_REASON])
{
	size_t i, line = 1;

	for (i = 0; i < len; i++) {
		line += text[i] == '\n';
		if (((unsigned char)text[i] < ' ' && text[i] != '\n' &&
		    text[i] != '\t' && text[i] != '\r') || text[i] == 0x7f)
			return no(why, "line %zu: a control character", line);
	}
	if (ends(scope, ".json"))
		return json_form(text, len, why);
	if (ends(scope, ".yaml") || ends(scope, ".yml"))
		return yaml_form(text, len, why);
	return 0;
}

/* -- the operator's command ------------------------------------------------ */

/* Root's, and nobody else writes it. */
static int
is_roots(int fd, mode_t kind)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind &&
	    st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int
apply_checks(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT)
		return -1;
	if (fd != -1 && is_roots(fd, S_IFDIR))
		return fd;
	fprintf(stderr, "bastidectl: %s: %s\n", path, fd == -1 ?
	    strerror(errno) : "must be root's, and nobody else may write it");
	if (fd != -1)
		close(fd);
	return -2;
}

/*
 * What it says is for the log; stdout is the caller's answer. Whatever keeps
 * it from running goes into told, which a command that runs does not hold.
 */
static void
become(int fd, int told, const char *scope, const char *what, const char *file)
{
	char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	char name[64], verb[8], path[4096];
	char *const argv[] = { name, verb, path, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	snprintf(name, sizeof(name), "%s", scope);
	snprintf(verb, sizeof(verb), "%s", what);
	snprintf(path, sizeof(path), "%s", file);
	/* A script is read through its descriptor: that one stays open. */
	if (setsid() != -1 && prctl(PR_SET_PDEATHSIG, SIGKILL) != -1 &&
	    null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    dup2(STDERR_FILENO, STDOUT_FILENO) != -1 && chdir("/") != -1 &&
	    fcntl(fd, F_SETFD, 0) != -1)
		fexecve(fd, argv, env);
	if (write(told, &errno, sizeof(errno)) == -1)
		_exit(126);
	_exit(127);
}

/* A child that runs the command: its id, or -1 with errno. */
static pid_t
start(int fd, const char *scope, const char *what, const char *file)
{
	int told[2], err = 0;
	pid_t pid;

	if (pipe2(told, O_CLOEXEC) == -1)
		return -1;
	if ((pid = fork()) == 0)
		become(fd, told[1], scope, what, file);
	if (pid == -1)
		err = errno;
	close(told[1]);
	if (pid != -1 && read(told[0], &err, sizeof(err)) > 0) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(told[0]);
	errno = err;
	return pid;
}

/* Its status, or -1 when it was out of patience: all of it is ended then. */
static int
wait_for(pid_t pid)
{
	const struct timespec look = { 0, LOOK_MS * 1000000L };
	int status, ms;

	for (ms = 0; ms < PATIENCE_MS; ms += LOOK_MS) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		nanosleep(&look, NULL);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

int
apply_command(int checks, const char *scope, const char *what,
    const char *file, char why[APPLY_REASON])
{
	int fd, status, err;
	pid_t pid;

	if (checks == -1)
		return 0;
	fd = openat(checks, scope, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1)
		return unasked(why, strerror(errno));
	if (!is_roots(fd, S_IFREG)) {
		close(fd);
		return unasked(why, "it must be root's own file, and nobody "
		    "else may write it");
	}
	if ((pid = start(fd, scope, what, file)) == -1) {
		err = errno;
		close(fd);
		return unasked(why, strerror(err));
	}
	close(fd);
	if ((status = wait_for(pid)) == -1)
		return no(why, "its command (%s) took more than %d s", what,
		    PATIENCE_MS / 1000);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return no(why, "its command (%s) said no: %s %d", what,
	    WIFEXITED(status) ? "status" : "signal", WIFEXITED(status) ?
	    WEXITSTATUS(status) : WTERMSIG(status));
}
