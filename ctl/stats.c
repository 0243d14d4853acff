/* stats.c -- the history of one metric, as a line that people can see. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define WIDTH	60		/* columns of the line */

int
stats_is_window(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n < 7 && s[n] != '\0' && strchr("smh", s[n]) != NULL &&
	    s[n + 1] == '\0';
}

/* A sample a second is kept for an hour, one a minute for a day. */
const char *
stats_step(const char *window)
{
	unsigned long n = strtoul(window, NULL, 10);
	char unit = window[strlen(window) - 1];

	n *= unit == 'h' ? 3600 : unit == 'm' ? 60 : 1;
	return n > 3600 ? "1m" : "1s";
}

static double
value(const json_t *list, size_t i)
{
	const json_t *v = json_array_get(list, i);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* The mean of those of [from, to) that are known. */
static double
mean(const json_t *list, size_t from, size_t to)
{
	double sum = 0, v;
	unsigned n = 0;

	for (; from < to; from++) {
		v = value(list, from);
		if (isnan(v))
			continue;
		sum += v;
		n++;
	}
	return n > 0 ? sum / n : NAN;
}

static void
bounds(const json_t *list, double *lo, double *hi)
{
	size_t i;
	double v;

	*lo = *hi = NAN;
	for (i = 0; i < json_array_size(list); i++) {
		v = value(list, i);
		if (isnan(v))
			continue;
		if (isnan(*lo) || v < *lo)
			*lo = v;
		if (isnan(*hi) || v > *hi)
			*hi = v;
	}
}

/* Eight heights from 0 to the highest; nothing where nothing is known. */
static void
line(const json_t *list, double hi)
{
	static const char *const bar[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	size_t i, n = json_array_size(list), cols = n < WIDTH ? n : WIDTH;
	double v;
	int h;

	for (i = 0; i < cols; i++) {
		v = mean(list, i * n / cols, (i + 1) * n / cols);
		h = hi > 0 ? (int)(v / hi * 7.999) : 0;
		fputs(isnan(v) ? " " : bar[h < 0 ? 0 : h > 7 ? 7 : h], stdout);
	}
	putchar('\n');
}

void
stats_print(const char *window, const json_t *data)
{
	const json_t *list = json_object_get(data, "values");
	const char *name = json_string_value(json_object_get(data, "metric"));
	const char *unit = json_string_value(json_object_get(data, "unit"));
	size_t n = json_array_size(list);
	double lo, hi, now = value(list, n - 1);

	bounds(list, &lo, &hi);
	text_say(stdout, name != NULL ? name : "?");
	printf(", the last %s\n", window);
	if (isnan(lo)) {
		puts("(nothing was measured)");
		return;
	}
	line(list, hi);
	printf(isnan(now) ? "now -" : "now %g", now);
	printf(", lowest %g, mean %g, highest %g ", lo, mean(list, 0, n), hi);
	text_say(stdout, unit != NULL ? unit : "");
	putchar('\n');
}
