/* room: macroctl -- the folder of planners, as `macroctl list` shows it. */
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "macroctl.h"
#include "suite.h"

#define MANY	60		/* kinds; KINDS_MAX is 64 */
#define FEW	24		/* descriptors, those of the test included */

static char folder[] = "/tmp/bastide-kinds-XXXXXX", said[65536];

static void
put_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* A folder of kinds that take nothing and may ask for nothing. */
static int
make_folder(void)
{
	char name[32], text[64];
	int dir, i;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_ne(dir = open(folder, O_RDONLY | O_DIRECTORY), -1);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "kind-%02d", i);
		put_file(dir, name, "");
		snprintf(text, sizeof(text), "kind: %s\nabout: x\n", name);
		strcat(name, ".yaml");
		put_file(dir, name, text);
	}
	return dir;
}

static void
remove_folder(int dir)
{
	char name[32];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "kind-%02d", i);
		unlinkat(dir, name, 0);
		strcat(name, ".yaml");
		unlinkat(dir, name, 0);
	}
	close(dir);
	rmdir(folder);
}

/* What a call prints on stdout, in said. */
static int
call(int dir, int argc, char *argv[])
{
	static const uint8_t self[16];
	FILE *f = tmpfile();
	int was = dup(STDOUT_FILENO), ret;
	size_t n;

	ck_assert(f != NULL && was != -1);
	fflush(stdout);
	ck_assert_int_ne(dup2(fileno(f), STDOUT_FILENO), -1);
	ret = cli_main(dir, self, argc, argv);
	ck_assert_int_ne(dup2(was, STDOUT_FILENO), -1);
	close(was);
	rewind(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	fclose(f);
	return ret;
}

START_TEST(every_kind_of_a_full_folder_is_usable)
{
	char *argv[] = { "macroctl", "list" };
	struct rlimit few = { FEW, FEW };
	unsigned n = 0;
	const char *p;
	int dir;

	if (geteuid() != 0)
		return;		/* planners are root's */
	dir = make_folder();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_int_eq(call(dir, 2, argv), 0);
	for (p = said; (p = strstr(p, "\"usable\":true")) != NULL; p++)
		n++;
	remove_folder(dir);
	ck_assert_msg(n == MANY, "%u of %u: %.400s", n, MANY, said);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, every_kind_of_a_full_folder_is_usable);
}
