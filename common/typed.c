/* typed.c -- the rows of objects.def, and what a string in them may be. Pure. */
#include <arpa/inet.h>
#include <string.h>

#include "typed.h"

static const char *const names[OBJ_MAX] = {
#define OBJ(NAME, Name, right)	[OBJ_##NAME] = #Name,
#include "objects.def"
};

#define OBJ(NAME, Name, right)	static const struct field fields_##NAME[] = {
#define FIELD(field, kind, lo, hi, words, optional) \
	{ #field, FIELD_##kind, lo, hi, words, optional },
#define END(NAME)		{ NULL, FIELD_TEXT, 0, 0, NULL, 0 } };
#include "objects.def"

static const struct field *const fields[OBJ_MAX] = {
#define OBJ(NAME, Name, right)	[OBJ_##NAME] = fields_##NAME,
#include "objects.def"
};

const char *
object_name(enum object t)
{
	return (unsigned)t < OBJ_MAX ? names[t] : NULL;
}

int
object_type(const char *name, size_t len)
{
	int i;

	for (i = 0; i < OBJ_MAX; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return i;
	return -1;
}

const struct field *
object_fields(enum object t)
{
	return fields[t];
}

int
is_printable(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~')
			return 0;
	return 1;
}

size_t
make_printable(char *out, size_t cap, const void *s, size_t len)
{
	const char *p = s;
	size_t i;

	for (i = 0; i < len && i < cap - 1; i++)
		out[i] = is_printable(p + i, 1) ? p[i] : '?';
	out[i] = '\0';
	return i;
}

int
is_hex(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!((s[i] >= '0' && s[i] <= '9') ||
		    (s[i] >= 'a' && s[i] <= 'f')))
			return 0;
	return 1;
}

int
is_did(const char *s, size_t len)
{
	return len == DID_LEN && memcmp(s, "did:plc:", 8) == 0 &&
	    is_hex(s + 8, len - 8);
}

/* Digits at s, or -1. */
static int
digits(const char *s, int n)
{
	int v = 0;

	for (; n > 0; n--, s++) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (*s - '0');
	}
	return v;
}

/* Days from 1970-01-01 to a day of the civil calendar. */
static int64_t
days(int y, int m, int d)
{
	int era, yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return (int64_t)era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy -
	    719468;
}

static int
month_days(int y, int m)
{
	static const int n[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return n[m - 1] + (m == 2 && leap);
}

int64_t
time_parse(const char *s, size_t len)
{
	int y, mo, d, h, mi, sec;

	if (len != 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
	    s[13] != ':' || s[16] != ':' || s[19] != 'Z')
		return -1;
	y = digits(s, 4);
	mo = digits(s + 5, 2);
	d = digits(s + 8, 2);
	h = digits(s + 11, 2);
	mi = digits(s + 14, 2);
	sec = digits(s + 17, 2);
	if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo) ||
	    h < 0 || h > 23 || mi < 0 || mi > 59 || sec < 0 || sec > 59)
		return -1;
	return days(y, mo, d) * 86400 + h * 3600 + mi * 60 + sec;
}

static void
put_digits(char *out, int n, int64_t v)
{
	for (; n > 0; n--, v /= 10)
		out[n - 1] = (char)('0' + v % 10);
}

/* The C library's own would read the machine's time zone, and take memory. */
void
time_write(int64_t t, char out[21])
{
	int64_t day, year, s;
	int m = 1;

	memcpy(out, "9999-12-31T23:59:59Z", 21);
	if (t < 0 || t > INT64_C(253402300799))
		return;
	day = t / 86400;
	s = t % 86400;
	year = 1970 + day / 366;
	while (days((int)year + 1, 1, 1) <= day)
		year++;
	while (m < 12 && days((int)year, m + 1, 1) <= day)
		m++;
	put_digits(out, 4, year);
	put_digits(out + 5, 2, m);
	put_digits(out + 8, 2, day - days((int)year, m, 1) + 1);
	put_digits(out + 11, 2, s / 3600);
	put_digits(out + 14, 2, s / 60 % 60);
	put_digits(out + 17, 2, s % 60);
}

/* A line of text: no control characters, C1 and line separators included. */
int
is_line(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] == 0x7f)
			return 0;
		if (p[i] == 0xc2 && p[i + 1] < 0xa0)
			return 0;
		if (p[i] == 0xe2 && p[i + 1] == 0x80 &&
		    (p[i + 2] == 0xa8 || p[i + 2] == 0xa9))
			return 0;
	}
	return 1;
}

int
is_label(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= '0' && s[i] <= '9') ||
		    (i > 0 && strchr("-_.", s[i]) != NULL)))
			return 0;
	return len > 0;
}

int
is_kind(const char *s, size_t len)
{
	size_t i;

	if (len < 2 || len > KIND_LEN || s[0] < 'a' || s[0] > 'z')
		return 0;
	for (i = 1; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
			return 0;
	return 1;
}

static int
is_one_of(const char *words, const char *s, size_t len)
{
	const char *end;

	for (;; words = end + 1) {
		end = strchrnul(words, '|');
		if ((size_t)(end - words) == len && memcmp(words, s, len) == 0)
			return 1;
		if (*end == '\0')
			return 0;
	}
}

/* Written as inet_ntop would write it, so that one address is one text. */
static int
is_addr(int family, const char *s, uint8_t addr[16])
{
	char again[INET6_ADDRSTRLEN];

	return inet_pton(family, s, addr) == 1 &&
	    inet_ntop(family, addr, again, sizeof(again)) != NULL &&
	    strcmp(again, s) == 0;
}

static int
is_cidr(const char *s, size_t len)
{
	char text[INET6_ADDRSTRLEN + 4], *slash;
	uint8_t addr[16] = { 0 };
	int bits, max, n;

	if (len >= sizeof(text))
		return 0;
	memcpy(text, s, len);
	text[len] = '\0';
	slash = strchr(text, '/');
	if (slash == NULL)
		return 0;
	*slash++ = '\0';
	n = (int)strlen(slash);
	bits = n >= 1 && n <= 3 && !(n > 1 && *slash == '0') ?
	    digits(slash, n) : -1;
	max = is_addr(AF_INET, text, addr) ? 32 :
	    is_addr(AF_INET6, text, addr) ? 128 : -1;
	if (bits < 0 || bits > max)
		return 0;
	for (; bits < max; bits++)
		if ((addr[bits / 8] >> (7 - bits % 8) & 1) != 0)
			return 0;
	return 1;
}

static int
is_form(enum field_kind kind, const char *words, const char *s, size_t len)
{
	uint8_t addr[16];

	switch (kind) {
	case FIELD_TEXT:
		return is_line(s, len);
	case FIELD_WORD:
		return is_label(s, len);
	case FIELD_KIND:
		return is_kind(s, len);
	case FIELD_HEX:
		return is_hex(s, len);
	case FIELD_DID:
		return is_did(s, len);
	case FIELD_TIME:
		return time_parse(s, len) != -1;
	case FIELD_ENUM:
		return is_one_of(words, s, len);
	case FIELD_CIDRS:
		return is_cidr(s, len);
	case FIELD_IP6:
		return is_addr(AF_INET6, s, addr);
	default:
		return 1;
	}
}

/* Bytes that a string of this kind may have. */
static void
bounds(const struct field *f, size_t *lo, size_t *hi)
{
	*lo = (size_t)f->lo;
	*hi = (size_t)f->hi;
	switch (f->kind) {
	case FIELD_HEX:
		*lo *= 2;
		*hi *= 2;
		break;
	case FIELD_DID:
	case FIELD_TIME:
	case FIELD_ENUM:
	case FIELD_IP6:
	case FIELD_CIDRS:
		*lo = 0;
		*hi = 64;
		break;
	case FIELD_LINES:
		*lo = 1;
		break;
	default:
		break;
	}
}

enum form
form_of(const struct field *f, const char *s, size_t len)
{
	size_t lo, hi;

	bounds(f, &lo, &hi);
	if (len < lo || len > hi)
		return FORM_RANGE;
	return is_form(f->kind == FIELD_LINES ? FIELD_TEXT : f->kind, f->words,
	    s, len) ? FORM_GOOD : FORM_BAD;
}
