/*
 * room: common, with: conf_world -- every key keeps its bounds, and what is
 * wrong is named with its place.
 */
#include "conf_world.h"

START_TEST(an_empty_file_is_every_default)
{
	static const char *const empty[] = {
		"", "\n", "# nothing\n", "---\n", "--- \n...\n", "{}\n", "~\n",
		"\xef\xbb\xbf# mark\n"
	};
	struct conf *cf;
	unsigned i, k;

	for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		cf = load(empty[i]);
		for (k = 0; k < CONF_NUM_MAX; k++)
			ck_assert_uint_eq(cf->num[k], conf_default[k]);
		ck_assert_str_eq(cf->txt[CONF_TUN_NAME], "fips0");
		ck_assert_str_eq(cf->txt[CONF_CONTROL_PATH], "");
		ck_assert_uint_eq(cf->nudp, 0);
		ck_assert_uint_eq(cf->npeer, 0);
		ck_assert_uint_eq(cf->nattempt, 4);
		ck_assert_uint_eq(cf->attempt_s[3], 8);
		conf_free(cf);
	}
}
END_TEST

START_TEST(empty_and_null_sections_are_empty_maps)
{
	struct conf *cf;

	cf = load("node:\n  identity:\n  discovery: ~\n  limits: {}\n"
	    "tun: null\ndns:\ntransports:\n  udp: {}\n  tcp: {}\npeers: []\n"
	    "gateway:\nbastide:\n");
	ck_assert_uint_eq(cf->nudp, 1);
	ck_assert_str_eq(cf->udp[0].bind_addr, "0.0.0.0:2121");
	ck_assert_uint_eq(nwarn, 0);
	conf_free(cf);
	taken("peers:\ntransports:\nnode:\n");
	cf = load("transports:\n  udp:\n");
	ck_assert_uint_eq(cf->nudp, 1);
	conf_free(cf);
	cf = load("node:\n  identity:\n    nsec: null\n    persistent:\n");
	ck_assert_uint_eq(cf->has_nsec, 0);
	conf_free(cf);
}
END_TEST

/* The reference's configuration document, key by key. */
static const char reference_all[] =
"node:\n"
"  identity:\n    nsec: null\n    persistent: false\n"
"  leaf_only: false\n  tick_interval_secs: 1\n  base_rtt_ms: 100\n"
"  heartbeat_interval_secs: 10\n  link_dead_timeout_secs: 30\n"
"  log_level: info\n"
"  limits:\n    max_connections: 256\n    max_peers: 128\n"
"    max_links: 256\n    max_pending_inbound: 1000\n"
"  rate_limit:\n    handshake_burst: 100\n    handshake_rate: 10.0\n"
"    handshake_timeout_secs: 30\n    handshake_resend_interval_ms: 1000\n"
"    handshake_resend_backoff: 2.0\n    handshake_max_resends: 5\n"
"  retry:\n    max_retries: 5\n    base_interval_secs: 5\n"
"    max_backoff_secs: 300\n"
"  cache:\n    coord_size: 50000\n    coord_ttl_secs: 300\n"
"    identity_size: 10000\n"
"  discovery:\n    ttl: 64\n    attempt_timeouts_secs: [1, 2, 4, 8]\n"
"    recent_expiry_secs: 10\n    backoff_base_secs: 0\n"
"    backoff_max_secs: 0\n    forward_min_interval_secs: 2\n"
"    nostr:\n      enabled: false\n      policy: configured_only\n"
"      advert_relays: [\"wss://a.example\"]\n"
"    lan:\n      enabled: true\n      scope: my-mesh\n"
"  tree:\n    announce_min_interval_ms: 500\n    parent_hysteresis: 0.2\n"
"    hold_down_secs: 30\n    reeval_interval_secs: 60\n"
"    flap_threshold: 4\n    flap_window_secs: 60\n"
"    flap_dampening_secs: 120\n"
"  bloom:\n    update_debounce_ms: 500\n    max_inbound_fpr: 0.20\n"
"  session:\n    default_ttl: 64\n    pending_packets_per_dest: 16\n"
"    pending_max_destinations: 256\n    idle_timeout_secs: 90\n"
"    coords_warmup_packets: 5\n    coords_response_interval_ms: 2000\n"
"  mmp:\n    mode: full\n    log_interval_secs: 30\n"
"    owd_window_size: 32\n"
"  session_mmp:\n    mode: full\n    log_interval_secs: 30\n"
"    owd_window_size: 32\n"
"  ecn:\n    enabled: true\n    loss_threshold: 0.05\n"
"    etx_threshold: 3.0\n"
"  rekey:\n    enabled: true\n    after_secs: 120\n"
"    after_messages: 65536\n"
"  control:\n    enabled: true\n    socket_path: null\n"
"  buffers:\n    packet_channel: 1024\n    tun_channel: 1024\n"
"    dns_channel: 64\n"
"tun:\n  enabled: false\n  name: \"fips0\"\n  mtu: 1280\n"
"dns:\n  enabled: true\n  bind_addr: \"::1\"\n  port: 5354\n  ttl: 300\n"
"transports:\n"
"  udp:\n    bind_addr: \"0.0.0.0:2121\"\n    mtu: 1280\n"
"    recv_buf_size: 2097152\n    send_buf_size: 2097152\n"
"    advertise_on_nostr: false\n    public: false\n"
"    external_addr: null\n    outbound_only: false\n"
"    accept_connections: true\n"
"  ethernet:\n    interface: eth0\n    ethertype: 0x2121\n"
"  tcp:\n    bind_addr: \"0.0.0.0:8443\"\n"
"  tor:\n    mode: socks5\n    directory_service:\n"
"      hostname_file: /var/lib/tor/x\n"
"  nym:\n    socks5_addr: \"127.0.0.1:1080\"\n"
"  ble:\n    adapter: hci0\n    psm: 0x0085\n"
"peers:\n"
"  - npub: \"" NPUB_A "\"\n    alias: node-b\n"
"    addresses:\n"
"      - transport: udp\n        addr: \"10.0.0.2:2121\"\n"
"        priority: 100\n"
"    connect_policy: auto_connect\n    auto_reconnect: true\n"
"    via_nostr: false\n"
"gateway:\n  enabled: true\n  pool: \"fd01::/112\"\n  lan_interface: lan0\n"
"  dns: { listen: \"[::1]:5353\", upstream: \"[::1]:5354\", ttl: 60 }\n"
"  pool_grace_period: 60\n  conntrack: { tcp_established: 432000 }\n"
"  port_forwards:\n    - { listen_port: 8080, proto: tcp, "
"target: \"[fd12::10]:80\" }\n";

START_TEST(every_key_of_the_reference_is_known)
{
	static const char *const later[] = {
#define LATER(path, doc) path,
#include "conf.def"
	};
	char want[96];
	struct conf *cf = load(reference_all);
	unsigned i, k;

	/* But for the TUN's MTU its defaults are ours. */
	for (k = 0; k < CONF_NUM_MAX; k++)
		ck_assert_uint_eq(cf->num[k],
		    k == CONF_TUN_MTU ? 1280 : conf_default[k]);
	ck_assert_uint_eq(cf->npeer, 1);
	ck_assert_uint_eq(nwarn, sizeof(later) / sizeof(later[0]));
	for (i = 0; i < nwarn; i++) {
		snprintf(want, sizeof(want), " %s: this part is not built yet",
		    later[i]);
		ck_assert_ptr_nonnull(strstr(warned, want));
	}
	conf_free(cf);
}
END_TEST

START_TEST(an_unknown_key_names_its_place_and_its_neighbour)
{
	refused("peerz: []\n",
	    "f:1:1: unknown key 'peerz'; did you mean 'peers'?");
	refused("node:\n  limits:\n    max_peer: 3\n", "f:3:5: unknown key "
	    "'node.limits.max_peer'; did you mean 'node.limits.max_peers'?");
	refused("tun:\n  zzzzzzzzzzzz: 3\n",
	    "f:2:3: unknown key 'tun.zzzzzzzzzzzz'");
	refused("transports:\n  upd: {}\n", "did you mean 'transports.udp'?");
	refused("transports:\n  udp:\n    bind_adr: x\n",
	    "did you mean 'transports.udp.bind_addr'?");
	refused("transports:\n  udp:\n    a: { mtuu: 1 }\n",
	    "did you mean 'transports.udp.a.mtu'?");
	refused(PEER("    adresses: []\n"),
	    "did you mean 'peers[0].addresses'?");
	refused(PEER("    addresses: [{ transport: udp, adr: x }]\n"),
	    "did you mean 'peers[0].addresses[0].addr'?");
	refused("bastide:\n  rings: {}\n", "did you mean 'bastide.ring'?");
	refused("node:\n  identity:\n    persist: true\n",
	    "unknown key 'node.identity.persist'");
	refused("? [a]\n: 1\n", "a key must be a word");
	ck_assert_ptr_null(strstr(err, "did you mean"));
}
END_TEST

START_TEST(a_key_twice_and_a_second_document_are_refused)
{
	refused("tun: {}\ntun: {}\n", "f:2:1: 'tun' is given twice; first in "
	    "line 1");
	refused("dns:\n  port: 1\n  port: 2\n", "'dns.port' is given twice");
	refused("node: {}\nnode: {}\n", "'node' is given twice");
	refused("transports:\n  udp:\n    a: {}\n    a: {}\n", "twice");
	refused(PEER("    alias: a\n    alias: b\n"), "twice");
	refused("---\ntun: {}\n---\ndns: {}\n", "a second YAML document");
}
END_TEST

START_TEST(broken_yaml_is_refused_with_its_place)
{
	refused("tun: {\n", "f:2:1: not valid YAML");
	refused("tun:\n\tenabled: true\n", "f:2:1: not valid YAML");
	refused("a: &x [*x\n", "not valid YAML");
	refused("a: *nowhere\n", "not valid YAML");
	refused("a: \x01\n", "not valid YAML");
	refused("a: \xff\xfe\n", "not valid YAML");
	refused("- a\n", "keys and values expected");
	refused("tun: 3\n", "tun must hold keys and values");
}
END_TEST

START_TEST(anchors_work_and_cycles_end)
{
	struct conf *cf;

	cf = load("node:\n  mmp: &m { mode: minimal }\n  session_mmp: *m\n");
	ck_assert_uint_eq(cf->num[CONF_MMP_MODE], 2);
	ck_assert_uint_eq(cf->num[CONF_SMMP_MODE], 2);
	conf_free(cf);
	refused("node: &n\n  node: *n\n", "unknown key");
	refused("peers: &p\n  - *p\n", "peers[0]");
	refused("transports: &t\n  udp: *t\n", "unknown key");
	refused("tun:\n  <<: { enabled: true }\n", "merge keys");
}
END_TEST

START_TEST(udp_is_one_map_or_named_maps)
{
	struct conf *cf;

	cf = load("transports:\n  udp:\n    bind_addr: \"[::]:9\"\n"
	    "    mtu: 1400\n    recv_buf_size: 4096\n"
	    "    accept_connections: false\n");
	ck_assert_uint_eq(cf->nudp, 1);
	ck_assert_str_eq(cf->udp[0].name, "");
	ck_assert_str_eq(cf->udp[0].bind_addr, "[::]:9");
	ck_assert_uint_eq(cf->udp[0].mtu, 1400);
	ck_assert_uint_eq(cf->udp[0].recv_buf, 4096);
	ck_assert_uint_eq(cf->udp[0].send_buf, 2097152);
	ck_assert_uint_eq(cf->udp[0].accept, 0);
	conf_free(cf);
	cf = load("transports:\n  udp:\n    main: {}\n    backup:\n"
	    "      bind_addr: 10.0.0.1:2122\n      outbound_only: true\n");
	ck_assert_uint_eq(cf->nudp, 2);
	ck_assert_str_eq(cf->udp[1].name, "backup");
	ck_assert_uint_eq(cf->udp[1].outbound_only, 1);
	ck_assert_uint_eq(cf->udp[1].accept, 0);
	ck_assert_uint_eq(cf->udp[0].accept, 1);
	conf_free(cf);
	refused("transports:\n  udp: { bind_addr: localhost:1 }\n",
	    "transports.udp.bind_addr: 'localhost:1'");
	refused("transports:\n  udp: { bind_addr: \"::1:5\" }\n", "bind_addr");
	refused("transports:\n  udp: { bind_addr: 1.2.3.4:70000 }\n", "bind");
	refused("transports:\n  udp: { mtu: 70000 }\n", "576 to 65507");
	refused("transports:\n  udp: []\n", "must hold keys and values");
}
END_TEST

START_TEST(parts_not_built_yet_warn_once_each)
{
	taken("transports:\n  udp:\n    advertise_on_nostr: true\n"
	    "    public: true\n    external_addr: 1.2.3.4\n");
	ck_assert_uint_eq(nwarn, 3);
	ck_assert_ptr_nonnull(strstr(warned, "f:3:25: transports.udp."
	    "advertise_on_nostr: this part is not built yet"));
	taken("transports:\n  tcp: { anything: [1, { b: 2 }] }\n");
	ck_assert_uint_eq(nwarn, 1);
	taken(PEER("    via_nostr: true\n"));
	ck_assert_uint_eq(nwarn, 1);
	taken(PEER_AT("nat"));
	ck_assert_uint_eq(nwarn, 1);
}
END_TEST

START_TEST(a_peer_is_read_whole)
{
	struct conf *cf;
	const struct conf_peer *p;

	cf = load(PEER("    alias: Bob\n    connect_policy: manual\n"
	    "    auto_reconnect: false\n    addresses:\n"
	    "      - { transport: udp, addr: \"[fe80::1%eth0]:7\" }\n"
	    "      - { transport: udp, addr: a.example:8, priority: 3 }\n"
	    "      - { transport: tor, addr: abc.onion:9 }\n"
	    "  - npub: " NPUB_B "\n    addresses: [{ transport: udp, "
	    "addr: 1.2.3.4:5 }]\n"));
	ck_assert_uint_eq(cf->npeer, 2);
	p = &cf->peer[0];
	ck_assert_str_eq(p->npub, NPUB_A);
	ck_assert_str_eq(p->alias, "Bob");
	ck_assert_uint_eq(p->auto_connect, 0);
	ck_assert_uint_eq(p->auto_reconnect, 0);
	ck_assert_uint_eq(p->naddr, 3);
	ck_assert_str_eq(p->addr[0].host, "fe80::1%eth0");
	ck_assert_uint_eq(p->addr[0].port, 7);
	ck_assert_uint_eq(p->addr[0].priority, 100);
	ck_assert_uint_eq(p->addr[1].priority, 3);
	ck_assert_str_eq(p->addr[2].transport, "tor");
	ck_assert_uint_eq(cf->peer[1].auto_connect, 1);
	ck_assert_uint_eq(cf->peer[1].auto_reconnect, 1);
	ck_assert_uint_eq(nwarn, 1);
	conf_free(cf);
}
END_TEST

START_TEST(a_bad_peer_is_refused)
{
	refused("peers:\n  - alias: x\n", "peers[0].npub is missing");
	refused("peers:\n  - npub: " HEX "\n", "a key in hex");
	refused("peers:\n  - npub: npub1xyz\n", "'npub1xyz' is not an npub");
	refused("peers:\n  - npub: null\n", "an npub expected");
	refused("peers:\n  - npub\n", "peers[0] must hold");
	refused("peers: 3\n", "peers: a list expected");
	refused(PEER(""), "addresses: at least one is needed");
	refused(PEER("    addresses: []\n    via_nostr: false\n"),
	    "at least one");
	refused(PEER("    connect_policy: always\n"), "not 'always'");
	refused(PEER("    addresses: [{ transport: udp }]\n"), "both needed");
	refused(PEER("    addresses: [{ transport: smoke, addr: a:1 }]\n"),
	    "'smoke' is none of");
	refused(PEER_AT("1.2.3.4"), "neither 'host:port'");
	refused(PEER_AT("1.2.3.4:0"), "neither");
	refused(PEER_AT("1.2.3.4:65536"), "neither");
	refused(PEER_AT("\"fe80::1:5\""), "neither");
	refused(PEER_AT("\"[::1]5\""), "neither");
	refused(PEER_AT("\"a b:5\""), "neither");
	refused(PEER_AT("\":5\""), "neither");
}
END_TEST

START_TEST(a_peer_listed_twice_counts_once)
{
	struct conf *cf = load("peers:\n"
	    "  - { npub: " NPUB_A ", addresses: [{ transport: udp, "
	    "addr: a:1 }] }\n"
	    "  - { npub: " NPUB_A ", addresses: [{ transport: udp, "
	    "addr: b:1 }] }\n");

	ck_assert_uint_eq(cf->npeer, 1);
	ck_assert_uint_eq(nwarn, 1);
	ck_assert_ptr_nonnull(strstr(warned, "f:3:5: a peer that is listed in "
	    "line 2 already; this entry is left out"));
	conf_free(cf);
}
END_TEST

START_TEST(a_loopback_socket_dials_nobody_outside)
{
#define LOOP	"transports:\n  udp: { bind_addr: \"127.0.0.1:2121\" "
	refused(LOOP "}\n" PEER_AT("9.9.9.9:1"), "loopback");
	refused("transports:\n  udp: { bind_addr: \"[::1]:2121\" }\n"
	    PEER_AT("a.example:1"), "outbound_only: true");
	taken(LOOP "}\n" PEER_AT("127.0.0.2:1"));
	taken(LOOP "}\n" PEER_AT("localhost:1"));
	taken(LOOP ", outbound_only: true }\n" PEER_AT("9.9.9.9:1"));
	taken(UDP PEER_AT("9.9.9.9:1"));
#undef LOOP
}
END_TEST

START_TEST(whole_file_checks_speak_up)
{
	refused("bastide: { ring: { slots: 100 } }\n", "power of two");
	refused("bastide: { cryptod: { aead: aes } }\n", "libsodium, libcrypto");
	refused("tun: { name: a/b }\n", "no interface name");
	refused("tun: { name: fips%d }\n", "no interface name");
	refused("tun: { name: \"unsecure net\" }\n", "'unsecure net' is no");
	refused("tun: { name: \"\" }\n", "no interface name");
	refused("tun: { name: abcdefghijklmnop }\n", "at most 15");
	refused("dns: { bind_addr: localhost }\n", "no IP address");
	refused("node: { rekey: { after_secs: 15 } }\n", "16 to");
	refused("node: { rekey: { after_messages: 0 } }\n", "1 to");
	refused("node: { discovery: { attempt_timeouts_secs: [] } }\n",
	    "1 to 16");
	refused("node: { discovery: { attempt_timeouts_secs: [0] } }\n",
	    "out of range");
	refused("node: { discovery: { attempt_timeouts_secs: [1, ~] } }\n",
	    "empty");
	taken("node: { discovery: { attempt_timeouts_secs: [3600] } }\n");
}
END_TEST

START_TEST(a_file_that_is_too_long_is_refused)
{
	size_t len = 1048577;
	char *s = malloc(len);

	memset(s, '#', len);
	ck_assert_ptr_null(load_n(s, len));
	ck_assert_ptr_nonnull(strstr(err, "longer than 1048576 bytes"));
	free(s);
}
END_TEST

static void
refuse_many(const char *head, const char *unit, unsigned times,
    const char *want)
{
	size_t len = strlen(head), n = strlen(unit);
	char *s = malloc(len + n * times + 1);

	strcpy(s, head);
	for (; times > 0; times--, len += n)
		memcpy(s + len, unit, n + 1);
	refused(s, want);
	free(s);
}

START_TEST(a_file_made_to_take_for_ever_is_refused_at_once)
{
	refuse_many("gateway: ", "[", 500000, "nested too deeply");
	refuse_many("gateway: ", "{a: ", 200000, "nested too deeply");
	refuse_many("gateway:\n", "- &a x\n", 50000, "too many anchors");
	refuse_many("gateway: [", "[],", 300000, "too many values");
}
END_TEST

/* Cut anywhere, the file works or is refused; it never does harm. */
START_TEST(every_cut_of_a_file_is_survived)
{
	size_t i, len = strlen(reference_all);

	for (i = 0; i < len; i += 3) {
		err[0] = '\0';
		conf_free(load_n(reference_all, i));
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, an_empty_file_is_every_default);
	tcase_add_test(t, empty_and_null_sections_are_empty_maps);
	tcase_add_test(t, every_key_of_the_reference_is_known);
	tcase_add_test(t, an_unknown_key_names_its_place_and_its_neighbour);
	tcase_add_test(t, a_key_twice_and_a_second_document_are_refused);
	tcase_add_test(t, broken_yaml_is_refused_with_its_place);
	tcase_add_test(t, anchors_work_and_cycles_end);
	tcase_add_test(t, udp_is_one_map_or_named_maps);
	tcase_add_test(t, parts_not_built_yet_warn_once_each);
	tcase_add_test(t, a_peer_is_read_whole);
	tcase_add_test(t, a_bad_peer_is_refused);
	tcase_add_test(t, a_peer_listed_twice_counts_once);
	tcase_add_test(t, a_loopback_socket_dials_nobody_outside);
	tcase_add_test(t, whole_file_checks_speak_up);
	tcase_add_test(t, a_file_that_is_too_long_is_refused);
	tcase_add_test(t, a_file_made_to_take_for_ever_is_refused_at_once);
	tcase_add_test(t, every_cut_of_a_file_is_survived);
}
