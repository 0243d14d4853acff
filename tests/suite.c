/* suite.c -- runs one file of tests and prints TAP. */
#include "suite.h"

static Suite *suite;

TCase *
suite_case(void (*setup)(void))
{
	TCase *t = tcase_create("all");

	suite_add_tcase(suite, t);
	/* The library's 4 s are too few for a slow machine; what hangs ends with the
	 * program, which has its limit in run.sh. */
	tcase_set_timeout(t, 280);
	if (setup != NULL)
		tcase_add_checked_fixture(t, setup, NULL);
	return t;
}

int
main(void)
{
	SRunner	*r;
	int	 failed;

	suite = suite_create("bastide");
	tests(suite_case(NULL));
	r = srunner_create(suite);
	srunner_set_tap(r, "-");
	srunner_run_all(r, CK_SILENT);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
