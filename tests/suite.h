/* suite.h -- what a file of tests gives: its tests. suite.c has the main() that runs them. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>

/* Adds the file's tests and what they need before and after each. */
void	 tests(TCase *);
/* For those of the file that need something else before. */
TCase	*suite_case(void (*setup)(void));

#endif
