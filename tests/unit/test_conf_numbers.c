/* room: common, with: conf_world -- numbers of every key: bounds, spellings, defaults. */
#include "conf_world.h"

/* Writes v in the way that the kind of key is written. */
static void
one_key(char *out, size_t size, const char *path, const char *value)
{
	char word[96];
	unsigned depth = 0;
	size_t n, len = 0;

	for (;; path += n + 1) {
		n = strcspn(path, ".");
		memcpy(word, path, n);
		word[n] = '\0';
		len += (size_t)snprintf(out + len, size - len, "%*s%s:",
		    (int)(2 * depth++), "", word);
		if (path[n] == '\0')
			break;
		len += (size_t)snprintf(out + len, size - len, "\n");
	}
	snprintf(out + len, size - len, " %s\n", value);
}

enum { UINT, BOOL, MILLI, LEVEL, MMP, AEAD };

static void
write_value(char out[64], int kind, uint64_t v)
{
	static const char *const level[] = {
		"off", "error", "warn", "info", "debug", "trace"
	};
	static const char *const mmp[] = { "full", "lightweight", "minimal" };
	static const char *const aead[] = { "auto", "libsodium", "libcrypto",
	    "ipsec-mb" };

	if (kind == BOOL)
		strcpy(out, v != 0 ? "true" : "false");
	else if (kind == MILLI)
		snprintf(out, 64, "%llu.%03llu", (unsigned long long)v / 1000,
		    (unsigned long long)v % 1000);
	else if (kind == LEVEL || kind == MMP || kind == AEAD)
		strcpy(out, kind == LEVEL ? level[v] : kind == MMP ? mmp[v] : aead[v]);
	else
		snprintf(out, 64, "%llu", (unsigned long long)v);
}

static const struct {
	int		kind;
	uint64_t	lo, hi;
} range[CONF_NUM_MAX] = {
#define NUM(NAME, path, kind, def, lo, hi, doc)	{ kind, lo, hi },
#include "conf.def"
};

static void
expect_num(unsigned k, uint64_t v)
{
	char text[512], value[64];
	struct conf *cf;

	/* Not a power of two, so refused for that. */
	if (k == CONF_BASTIDE_SLOTS && (v & (v - 1)) != 0)
		return;
	write_value(value, range[k].kind, v);
	one_key(text, sizeof(text), conf_path[k], value);
	cf = load(text);
	ck_assert_uint_eq(cf->num[k], v);
	conf_free(cf);
}

static void
expect_refused(unsigned k, uint64_t v)
{
	char text[512], value[64], want[128];

	write_value(value, range[k].kind, v);
	one_key(text, sizeof(text), conf_path[k], value);
	snprintf(want, sizeof(want), "%s: ", conf_path[k]);
	refused(text, want);
	ck_assert_ptr_nonnull(strstr(err, "out of range"));
}

START_TEST(every_number_keeps_its_bounds)
{
	unsigned k;

	for (k = 0; k < CONF_NUM_MAX; k++) {
		ck_assert_uint_ge(conf_default[k], range[k].lo);
		ck_assert_uint_le(conf_default[k], range[k].hi);
		expect_num(k, range[k].lo);
		expect_num(k, range[k].hi);
		expect_num(k, conf_default[k]);
		if (range[k].kind != UINT && range[k].kind != MILLI)
			continue;
		if (range[k].lo > 0)
			expect_refused(k, range[k].lo - 1);
		if (range[k].hi < UINT64_MAX)
			expect_refused(k, range[k].hi + 1);
	}
}
END_TEST

START_TEST(null_leaves_the_default_of_every_key)
{
	char text[512];
	struct conf *cf;
	unsigned k;

	for (k = 0; k < CONF_NUM_MAX; k++) {
		one_key(text, sizeof(text), conf_path[k], "null");
		cf = load(text);
		ck_assert_uint_eq(cf->num[k], conf_default[k]);
		conf_free(cf);
	}
}
END_TEST

START_TEST(no_number_is_a_list_or_a_map_or_quoted)
{
	static const char *const bad[] = {
		"[]", "{}", "[1]", "{a: 1}", "\"1\"", "'true'", "-1", "1_000",
		"yes", "on", "010", "0x", "1s", "nan", ".inf", "\"\\0\"",
		"99999999999999999999999"
	};
	char text[512];
	unsigned k, i;
	int kind;

	for (k = 0; k < CONF_NUM_MAX; k++)
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			kind = range[k].kind;
			if (kind == MILLI && strcmp(bad[i], "010") == 0)
				continue;
			one_key(text, sizeof(text), conf_path[k], bad[i]);
			refused(text, conf_path[k]);
		}
}
END_TEST

START_TEST(numbers_are_what_serde_takes)
{
	struct conf *cf;

	cf = load("node:\n  base_rtt_ms: 0x64\n  tick_interval_secs: +7\n"
	    "  heartbeat_interval_secs: 0o17\n  link_dead_timeout_secs: 0b101\n"
	    "  leaf_only: TRUE\n  log_level: WARNING\n"
	    "  rate_limit: { handshake_rate: 3, handshake_resend_backoff: "
	    "1.5e0 }\n  ecn: { enabled: False, loss_threshold: .05 }\n");
	ck_assert_uint_eq(cf->num[CONF_NODE_BASE_RTT], 100);
	ck_assert_uint_eq(cf->num[CONF_NODE_TICK], 7);
	ck_assert_uint_eq(cf->num[CONF_NODE_HEARTBEAT], 15);
	ck_assert_uint_eq(cf->num[CONF_NODE_LINK_DEAD], 5);
	ck_assert_uint_eq(cf->num[CONF_NODE_LEAF_ONLY], 1);
	ck_assert_uint_eq(cf->num[CONF_NODE_LOG_LEVEL], 2);
	ck_assert_uint_eq(cf->num[CONF_RATE_PER_S], 3000);
	ck_assert_uint_eq(cf->num[CONF_HS_BACKOFF], 1500);
	ck_assert_uint_eq(cf->num[CONF_ECN_ENABLED], 0);
	ck_assert_uint_eq(cf->num[CONF_ECN_LOSS], 50);
	conf_free(cf);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, every_number_keeps_its_bounds);
	tcase_add_test(t, null_leaves_the_default_of_every_key);
	tcase_add_test(t, no_number_is_a_list_or_a_map_or_quoted);
	tcase_add_test(t, numbers_are_what_serde_takes);
}
