/*
 * room: common, with: conf_world -- the secret in the file: found, and never
 * copied, shown or misplaced.
 */
#include "conf_world.h"

static void
find(const char *text, const char *secret)
{
	size_t at, len;
	int persistent;

	ck_assert_msg(conf_find_secret("f", text, strlen(text), &at, &len,
	    &persistent, err) == 0, "%s", err);
	ck_assert_uint_eq(len, strlen(secret));
	ck_assert(memcmp(text + at, secret, len) == 0);
	taken(text);
}

START_TEST(the_secret_is_found_byte_for_byte)
{
	find("node:\n  identity:\n    nsec: " NSEC "\n", NSEC);
	find("node:\n  identity:\n    nsec: \"" HEX "\"  # mine\n", HEX);
	find("node:\n  identity:\n    nsec: '" NSEC "'\n", NSEC);
	find("node: {identity: {nsec: " NSEC "}}\n", NSEC);
	find("node: {identity: {\"nsec\":\"" NSEC "\",persistent: true}}", NSEC);
	find("{\"node\":{\"identity\":{\"nsec\":\"" NSEC "\"}}}", NSEC);
	find("# \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\r\nnode:\r\n  identity:\r\n"
	    "    nsec: " NSEC "\r\n", NSEC);
	find("\xef\xbb\xbf# \xc3\xa4\nnode:\n  identity:\n    nsec: " NSEC, NSEC);
	find("node:\n  ? identity\n  : ? nsec\n    : " NSEC "\n", NSEC);
	find("node:\n  identity: &id\n    nsec: " NSEC "\n", NSEC);
	find("gateway: &g { nsec: " NSEC " }\nnode: { identity: *g }\n", NSEC);
	find("node:\n  identity:\n    nsec: short\n", "short");
	find("node:\n  identity:\n    persistent: true\n", "");
	find("node:\n  identity:\n    nsec:\n", "");
}
END_TEST

static char secret_file[256], secret_piece[17];
static size_t secret_len;

/* No memcmp() here: the sanitizer guards it, and we look behind its fences. */
static int __attribute__((no_sanitize_address))
is_piece(const volatile char *p)
{
	size_t i;

	for (i = 0; i < 16; i++)
		if (p[i] != secret_piece[i])
			return 0;
	return 1;
}

/* Times that the piece stands in one mapping, our own buffers apart. */
static unsigned __attribute__((no_sanitize_address))
count_in(const volatile char *p, const volatile char *end)
{
	unsigned n = 0;

	for (; p + 16 <= end; p++)
		if (*p == secret_piece[0] && p != secret_piece &&
		    !(p >= secret_file && p < secret_file +
		    sizeof(secret_file)) && is_piece(p))
			n++;
	return n;
}

/* In every page that can be written, but for the sanitizer's shadow. */
static unsigned
count_everywhere(void)
{
	static char line[512];
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	char mode[5];
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3 &&
		    strncmp(mode, "rw", 2) == 0 && to - from < 64UL << 20 &&
		    strstr(line, "[stack]") == NULL)
			n += count_in((const char *)from, (const char *)to);
	fclose(f);
	return n;
}

START_TEST(no_copy_of_the_secret_stays_in_memory)
{
	size_t i, at, len;
	unsigned before;
	int persistent;

	/* Made here, so that it is in no page of the program. */
	for (i = 0; i < 16; i++)
		secret_piece[i] = (char)('a' + (i * 7 + 3) % 23);
	secret_len = (size_t)snprintf(secret_file, sizeof(secret_file),
	    "node:\n  identity:\n    nsec: \"nsec1%s%s%s\"\n", secret_piece,
	    secret_piece, secret_piece);
	before = count_everywhere();
	ck_assert_int_eq(conf_find_secret("f", secret_file, secret_len, &at,
	    &len, &persistent, err), 0);
	ck_assert_uint_eq(len, 5 + 48);
	ck_assert_uint_eq(count_everywhere(), before);
}
END_TEST

static const char *const odd[] = {
	"node:\n  identity:\n    nsec: |\n      %s\n",
	"node:\n  identity:\n    nsec: >-\n      %s\n",
	"node:\n  identity:\n    nsec: &a %s\n",
	"node:\n  identity:\n    nsec: !!str %s\n",
	"node:\n  identity:\n    nsec: !x \"%s\"\n",
	"node:\n  identity:\n    nsec: \"%s\\\n      \"\n",
	"node:\n  identity:\n    nsec: \"\\x6e%s\"\n",
	"node:\n  identity:\n    nsec: '%s''s'\n",
	"node:\n  identity:\n    nsec: %s\n      more\n",
	"node:\n  identity:\n    nsec: [%s]\n",
	"node:\n  identity:\n    nsec: {%s: 1}\n",
	"node:\n  identity:\n    nsec: \"%s\n",
	"node:\n  identity:\n    nsec: %s: %s\n",
	"node:\n  identity:\n    nsec: %s\n   nsec: x\n",
	"node:\n  identity:\n    nsec: %s\n    nsec: %s\n",
	"node:\n  identity:\n    nsec: a\nnode:\n  identity:\n    nsec: %s\n",
	"node:\n  identity:\n    nsec:%s\n",
	"node:\n  identity: %s\n",
	"node: %s\n",
	"node:\n  identity:\n    nsce: %s\n",
	"node:\n  identity:\n    %s: nsec\n",
	"node:\n  identity:\n    %s\n",
	"node:\n  identity:\n    persistent: %s\n",
	"node:\n  identity:\n  nsec: %s\n",
	"node:\n  nsec: %s\n",
	"nsec: %s\n",
	"identity:\n  nsec: %s\n",
	"%s\n",
	"%s: {}\n",
	"- %s\n",
	"&%s a: 1\n",
	"*%s\n",
	"a: *%s\n",
	"!%s a: 1\n",
	"%%%s\n---\na: 1\n",
	"x: &k %s\nnode:\n  identity:\n    nsec: *k\n",
	"tun: { name: &k %s }\nnode:\n  identity:\n    nsec: *k\n",
	"gateway: &k %s\nnode:\n  identity:\n    nsec: *k\n",
	"gateway: &g\n  nsec: %s\nnode:\n  identity:\n    <<: *g\n",
	"node:\n  identity:\n    <<: { nsec: %s }\n",
	"node:\n  <<: { identity: { nsec: %s } }\n",
	"<<: { node: { identity: { nsec: %s } } }\n",
	"tun:\n  name: %s\n",
	"tun:\n  mtu: %s\n",
	"tun:\n  enabled: %s\n",
	"tun:\n  %s: 1\n",
	"dns:\n  bind_addr: %s\n",
	"node:\n  log_level: %s\n",
	"node:\n  control: { socket_path: \"%s\\n\" }\n",
	"node:\n  rate_limit: { handshake_rate: %s }\n",
	"transports:\n  udp: { bind_addr: %s }\n",
	"transports:\n  udp: { %s: {} }\n",
	"transports:\n  %s: {}\n",
	"peers:\n  - npub: %s\n",
	"peers:\n  - %s\n",
	"peers:\n  - npub: " NPUB_A "\n    alias: %s.x\n"
	    "    addresses: [{ transport: %s, addr: a:1 }]\n",
	"peers:\n  - npub: " NPUB_A "\n    connect_policy: %s\n",
	"peers:\n  - npub: " NPUB_A "\n"
	    "    addresses: [{ transport: udp, addr: %s }]\n",
};

/* One template with one key: works, or is refused, and never tells. */
static void
try_odd(const char *template, const char *key)
{
	char text[1024];
	struct conf *cf;

	snprintf(text, sizeof(text), template, key, key);
	err[0] = '\0';
	cf = load_n(text, strlen(text));
	ck_assert_msg(!leaks(err), "%s", err);
	ck_assert_msg(!leaks(warned), "%s", warned);
	ck_assert(cf != NULL || err[0] != '\0');
	conf_free(cf);
	/* And when nobody has blanked anything. */
	warned[0] = '\0';
	cf = conf_parse("f", text, strlen(text), 0, 0, on_warn, err);
	ck_assert_msg(cf == NULL || !cf->has_nsec, "unseen key: %s", template);
	ck_assert_msg(!leaks(err) && !leaks(warned), "%s%s", err, warned);
	conf_free(cf);
}

START_TEST(no_message_ever_holds_a_secret)
{
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		try_odd(odd[i], NSEC);
		try_odd(odd[i], HEX);
		try_odd(odd[i], "NSEC1QYQSQYPQXQSZQG9QYQSQYPQXQSZQG9QYQ");
	}
}
END_TEST

START_TEST(a_secret_out_of_place_is_refused_by_the_key_room)
{
	static const char *const bad[] = {
		"nsec: a\n", "node: { nsec: a }\n", "identity: { nsec: a }\n",
		"node: { identity: { <<: { nsec: a } } }\n",
		"gateway: { nsec: a }\n", "peers:\n  - { nsec: a }\n",
		"node: { identity: { nsec: [a] } }\n",
		"node: { identity: { nsec: \"\" } }\n",
		"node: { identity: a }\n", "node: a\n",
		"node: { identity: { persistent: \"true\" } }\n",
		"node: { identity: { nsec: a, nsec: b } }\n",
	};
	size_t i, at, len;
	int persistent;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(conf_find_secret("f", bad[i], strlen(bad[i]),
		    &at, &len, &persistent, err) == -1, "%s", bad[i]);
}
END_TEST

START_TEST(a_file_changed_behind_our_back_is_refused)
{
	const char *text = "node: { identity: { nsec: xxxx } }\n";

	ck_assert_ptr_null(conf_parse("f", text, strlen(text), 25, 5, NULL,
	    err));
	ck_assert_ptr_null(conf_parse("f", text, strlen(text), 0, 0, NULL,
	    err));
	ck_assert_ptr_null(conf_parse("f", text, 10, 25, 4, NULL, err));
	ck_assert_ptr_null(conf_parse("f", text, 10, 5, SIZE_MAX, NULL, err));
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, the_secret_is_found_byte_for_byte);
	tcase_add_test(t, no_copy_of_the_secret_stays_in_memory);
	tcase_add_test(t, no_message_ever_holds_a_secret);
	tcase_add_test(t, a_secret_out_of_place_is_refused_by_the_key_room);
	tcase_add_test(t, a_file_changed_behind_our_back_is_refused);
}
