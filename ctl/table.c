/*
 * table.c -- replies for people. A list becomes columns as the table below
 * says, several lists one after the other; anything else is printed as names
 * and values, all of it. For programs it is JSON.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl.h"

#define COLUMNS_MAX	11
#define CELL		80
#define NAME_WIDTH	32

enum kind { TEXT, AGO, BYTES, SHARE, YES };

struct column {
	const char	*head, *path;	/* "stats.bytes_sent" */
	enum kind	 kind;
};

struct sheet {
	const char	*what, *command, *list;	/* list NULL: names and values */
	struct column	 column[COLUMNS_MAX];
};

static const struct sheet sheet[] = {
	{ "status", "show_status", NULL, {{ 0 }} },
	{ "peers", "show_peers", "peers", {
	    { "NAME", "display_name", TEXT }, { "STATE", "connectivity", TEXT },
	    { "DIRECTION", "direction", TEXT },
	    { "ADDRESS", "transport_addr", TEXT },
	    { "SINCE", "authenticated_at_ms", AGO },
	    { "HEARD", "last_seen_ms", AGO },
	    { "SENT", "stats.bytes_sent", BYTES },
	    { "RECEIVED", "stats.bytes_recv", BYTES },
	    { "REFUSED", "refused_messages", TEXT },
	    { "UNOPENED", "unopened_frames", TEXT },
	    { "NPUB", "npub", TEXT } } },
	{ "links", "show_links", "links", {
	    { "LINK", "link_id", TEXT }, { "TRANSPORT", "transport_id", TEXT },
	    { "STATE", "state", TEXT }, { "DIRECTION", "direction", TEXT },
	    { "ADDRESS", "remote_addr", TEXT },
	    { "SINCE", "created_at_ms", AGO },
	    { "SENT", "stats.packets_sent", TEXT },
	    { "RECEIVED", "stats.packets_recv", TEXT } } },
	{ "sessions", "show_sessions", "sessions", {
	    { "NAME", "display_name", TEXT }, { "STATE", "state", TEXT },
	    { "INITIATOR", "is_initiator", YES },
	    { "KEYS SINCE", "session_start_ms", AGO },
	    { "ACTIVE", "last_activity_ms", AGO },
	    { "SENT", "stats.bytes_sent", BYTES },
	    { "RECEIVED", "stats.bytes_recv", BYTES },
	    { "NPUB", "npub", TEXT } } },
	{ "transports", "show_transports", "transports", {
	    { "ID", "transport_id", TEXT }, { "TYPE", "type", TEXT },
	    { "NAME", "name", TEXT }, { "STATE", "state", TEXT },
	    { "ADDRESS", "local_addr", TEXT }, { "MTU", "mtu", TEXT },
	    { "SENT", "stats.packets_sent", TEXT },
	    { "RECEIVED", "stats.packets_recv", TEXT },
	    { "ERRORS", "stats.send_errors", TEXT } } },
	{ "connections", "show_connections", "connections", {
	    { "LINK", "link_id", TEXT }, { "DIRECTION", "direction", TEXT },
	    { "STATE", "handshake_state", TEXT },
	    { "STARTED", "started_at_ms", AGO },
	    { "RESENDS", "resend_count", TEXT },
	    { "PEER", "expected_peer", TEXT } } },
	{ "identity-cache", "show_identity_cache", "entries", {
	    { "NAME", "display_name", TEXT }, { "ADDRESS", "ipv6_addr", TEXT },
	    { "SEEN", "last_seen_ms", AGO }, { "NPUB", "npub", TEXT } } },
	{ "acl", "show_acl", NULL, {{ 0 }} },
	{ "routing", "show_routing", NULL, {{ 0 }} },
	{ "tree", "show_tree", NULL, {{ 0 }} },
	{ "bloom", "show_bloom", NULL, {{ 0 }} },
	{ "cache", "show_cache", "entries", {
	    { "NAME", "display_name", TEXT }, { "ADDRESS", "ipv6_addr", TEXT },
	    { "DEPTH", "depth", TEXT }, { "USED", "last_used_ms", AGO },
	    { "MTU", "path_mtu", TEXT }, { "PROVEN", "proven", YES } } },
	{ "mmp", "show_mmp", "peers", {
	    { "LINK TO", "display_name", TEXT },
	    { "RTT ms", "link_layer.srtt_ms", TEXT },
	    { "TREND", "link_layer.rtt_trend", TEXT },
	    { "LOSS", "link_layer.loss_rate", SHARE },
	    { "MEAN", "link_layer.smoothed_loss", SHARE },
	    { "ETX", "link_layer.etx", TEXT },
	    { "QUALITY", "link_layer.lqi", TEXT },
	    { "GOODPUT/s", "link_layer.goodput_bps", BYTES },
	    { "CE", "link_layer.ecn_ce_count", TEXT } } },
	{ "mmp", "show_mmp", "sessions", {
	    { "SESSION WITH", "display_name", TEXT },
	    { "RTT ms", "session_layer.srtt_ms", TEXT },
	    { "TREND", "session_layer.rtt_trend", TEXT },
	    { "LOSS", "session_layer.loss_rate", SHARE },
	    { "MEAN", "session_layer.smoothed_loss", SHARE },
	    { "ETX", "session_layer.etx", TEXT },
	    { "QUALITY", "session_layer.sqi", TEXT },
	    { "PATH MTU", "session_layer.path_mtu", TEXT } } },
	{ "stats", "show_stats_list", "metrics", {
	    { "METRIC", "name", TEXT }, { "UNIT", "unit", TEXT },
	    { "OF", "scope", TEXT } } },
	{ "stats-peers", "show_stats_peers", "peers", {
	    { "NAME", "display_name", TEXT }, { "ACTIVE", "is_active", YES },
	    { "FIRST SEEN", "first_seen_secs_ago", TEXT },
	    { "LAST SEEN", "last_contact_secs_ago", TEXT },
	    { "NPUB", "npub", TEXT } } },
	{ "listening", "show_listening_sockets", "sockets", {
	    { "PROTOCOL", "proto", TEXT }, { "PORT", "port", TEXT },
	    { "ADDRESS", "local_addr", TEXT } } },
	{ "metrics", "show_metrics", NULL, {{ 0 }} },
	/* Of `bastidectl dir`; nothing to show by these names. */
	{ "dir services", NULL, "services", {
	    { "NAME", "name", TEXT }, { "KIND", "kind", TEXT },
	    { "APPROVAL", "approval", TEXT }, { "OURS", "own", YES },
	    { "SUBSCRIBED", "subscription", TEXT },
	    { "ACTIVE", "active", YES }, { "ENDPOINT", "endpoint", TEXT },
	    { "PROVIDER", "author", TEXT },
	    { "SERVICE", "service_id", TEXT } } },
	{ "dir subscriptions", NULL, "subscriptions", {
	    { "SUBSCRIPTION", "subscription_id", TEXT },
	    { "STATE", "state", TEXT }, { "OURS", "own", YES },
	    { "FOR US", "for_us", YES }, { "SERVICE", "service_id", TEXT },
	    { "SUBSCRIBER", "author", TEXT } } },
	{ "dir nodes", NULL, "nodes", {
	    { "NAME", "name", TEXT }, { "SELF", "self", YES },
	    { "MEMBER", "member", YES },
	    { "EMANCIPATED", "emancipated", YES },
	    { "ADDRESS", "mesh_address", TEXT }, { "DID", "author", TEXT },
	    { "NPUB", "npub", TEXT } } },
	{ "dir configs", NULL, "configs", {
	    { "SCOPE", "scope", TEXT }, { "VERSION", "version", TEXT },
	    { "IN FORCE", "current", YES }, { "FROM", "valid_from", TEXT },
	    { "UNTIL", "valid_until", TEXT }, { "PUBLISHER", "author", TEXT },
	    { "ID", "id", TEXT } } },
	{ "dir apply", NULL, "configs", {
	    { "SCOPE", "scope", TEXT }, { "VERSION", "version", TEXT },
	    { "STATE", "state", TEXT }, { "WHY", "why", TEXT } } },
	{ "dir log", NULL, "entries", {
	    { "ENTRY", "entry", TEXT }, { "WHEN", "created_at", TEXT },
	    { "TYPE", "type", TEXT }, { "AUTHOR", "author", TEXT },
	    { "SEQ", "seq", TEXT }, { "ID", "id", TEXT } } },
	{ "grants", NULL, "grants", {
	    { "KIND", "kind", TEXT }, { "PORT", "allow", TEXT },
	    { "SOURCE", "src", TEXT }, { "LEFT", "left_s", TEXT },
	    { "SUBSCRIBER", "subscriber", TEXT },
	    { "SERVICE", "service_id", TEXT } } },
	{ "audit", NULL, "records", {
	    { "SEQ", "seq", TEXT }, { "WHEN", "at", TEXT },
	    { "WHAT", "what", TEXT }, { "WHO", "who", TEXT },
	    { "TEXT", "text", TEXT } } },
	{ "dir witness", NULL, "cosignatures", {
	    { "LOG", "body.log", TEXT }, { "SIZE", "size", TEXT },
	    { "WHEN", "created_at", TEXT }, { "WITNESS", "author", TEXT },
	    { "ENTRY", "entry", TEXT } } },
};

static const struct sheet *
find(const char *what)
{
	size_t i;

	for (i = 0; i < sizeof(sheet) / sizeof(sheet[0]); i++)
		if (strcmp(sheet[i].what, what) == 0)
			return &sheet[i];
	return NULL;
}

const char *
table_command(const char *what)
{
	const struct sheet *s = find(what);

	return s != NULL ? s->command : NULL;
}

static void
ago(json_int_t at_ms, char out[CELL])
{
	struct timespec now;
	long long s;

	clock_gettime(CLOCK_REALTIME, &now);
	s = (long long)now.tv_sec - at_ms / 1000;
	if (at_ms == 0)
		snprintf(out, CELL, "-");
	else if (s < 120)
		snprintf(out, CELL, "%llds", s > 0 ? s : 0);
	else if (s < 7200)
		snprintf(out, CELL, "%lldm", s / 60);
	else if (s < 172800)
		snprintf(out, CELL, "%lldh", s / 3600);
	else
		snprintf(out, CELL, "%lldd", s / 86400);
}

static void
bytes(double n, char out[CELL])
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t i = 0;

	for (; n >= 1024 && i < 4; i++)
		n /= 1024;
	snprintf(out, CELL, i == 0 ? "%.0f %s" : "%.1f %s", n, unit[i]);
}

static void
scalar(const json_t *v, char out[CELL])
{
	switch (v != NULL ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING:
		snprintf(out, CELL, "%s", json_string_value(v));
		text_clean(out);
		break;
	case JSON_INTEGER:
		snprintf(out, CELL, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(v));
		break;
	case JSON_REAL:
		snprintf(out, CELL, "%.4g", json_real_value(v));
		break;
	case JSON_TRUE:
		snprintf(out, CELL, "yes");
		break;
	case JSON_FALSE:
		snprintf(out, CELL, "no");
		break;
	default:
		snprintf(out, CELL, "-");
	}
}

static void
cell(const json_t *row, const struct column *c, char out[CELL])
{
	const char *dot = strchr(c->path, '.');
	char key[32];
	const json_t *v;

	if (dot != NULL) {
		snprintf(key, sizeof(key), "%.*s", (int)(dot - c->path), c->path);
		v = json_object_get(json_object_get(row, key), dot + 1);
	} else
		v = json_object_get(row, c->path);
	if (c->kind == SHARE && json_is_real(v))
		snprintf(out, CELL, "%.1f%%", json_real_value(v) * 100);
	else if (c->kind == AGO && json_is_integer(v))
		ago(json_integer_value(v), out);
	else if (c->kind == BYTES && json_is_number(v))
		bytes(json_number_value(v), out);
	else
		scalar(v, out);
}

static void
print_row(const struct sheet *s, const json_t *row, const size_t *width)
{
	char text[CELL];
	size_t i;

	for (i = 0; i < COLUMNS_MAX && s->column[i].head != NULL; i++) {
		if (row != NULL)
			cell(row, &s->column[i], text);
		else
			snprintf(text, sizeof(text), "%s", s->column[i].head);
		if (i + 1 < COLUMNS_MAX && s->column[i + 1].head != NULL)
			printf("%-*s  ", (int)width[i], text);
		else
			printf("%s\n", text);
	}
}

static void
print_list(const struct sheet *s, const json_t *list)
{
	size_t width[COLUMNS_MAX], i, k, n;
	char text[CELL];
	json_t *row;

	for (i = 0; i < COLUMNS_MAX && s->column[i].head != NULL; i++) {
		width[i] = strlen(s->column[i].head);
		json_array_foreach(list, k, row) {
			cell(row, &s->column[i], text);
			if ((n = strlen(text)) > width[i])
				width[i] = n;
		}
	}
	print_row(s, NULL, width);
	json_array_foreach(list, k, row)
		print_row(s, row, width);
}

static void	print_value(const char *, json_t *, int);

static void
print_name(const char *name, int depth)
{
	char text[CELL];

	snprintf(text, sizeof(text), "%s", name);
	text_clean(text);
	printf("%*s%-*s", depth * 2, "", NAME_WIDTH - depth * 2, text);
}

/* Of a group of counters, those that count something. */
static void
print_group(const char *name, json_t *group, int depth)
{
	const char *key;
	json_t *item;
	int shown = 0;

	printf("%*s", depth * 2, "");
	text_say(stdout, name);
	puts(":");
	json_object_foreach(group, key, item) {
		if (json_is_integer(item) && json_integer_value(item) == 0)
			continue;
		print_value(key, item, depth + 1);
		shown = 1;
	}
	if (!shown)
		printf("%*s(nothing counted)\n", depth * 2 + 2, "");
}

static void
print_array(const char *name, json_t *list, int depth)
{
	char text[CELL];
	json_t *item;
	size_t i;

	print_name(name, depth);
	json_array_foreach(list, i, item)
		if (!json_is_object(item)) {
			scalar(item, text);
			printf("%s%s", i > 0 ? " " : "", text);
		}
	puts(json_array_size(list) == 0 ? "-" : "");
	json_array_foreach(list, i, item)
		if (json_is_object(item))
			print_group("-", item, depth + 1);
}

/* Whole, however long: a key that is cut is none. */
static void
print_text(const char *name, const char *text, int depth)
{
	print_name(name, depth);
	text_say(stdout, text);
	putchar('\n');
}

static void
print_value(const char *name, json_t *v, int depth)
{
	char text[CELL];

	if (json_is_object(v))
		print_group(name, v, depth);
	else if (json_is_array(v))
		print_array(name, v, depth);
	else if (json_is_string(v))
		print_text(name, json_string_value(v), depth);
	else {
		scalar(v, text);
		print_name(name, depth);
		puts(text);
	}
}

static void
print(const char *what, json_t *data)
{
	const struct sheet *s = find(what);
	const struct sheet *end = sheet + sizeof(sheet) / sizeof(sheet[0]);
	const char *key;
	json_t *item;

	if (s != NULL && s->list != NULL) {
		print_list(s, json_object_get(data, s->list));
		while (++s < end && strcmp(s->what, what) == 0) {
			putchar('\n');
			print_list(s, json_object_get(data, s->list));
		}
		return;
	}
	json_object_foreach(data, key, item)
		if (strcmp(key, "sparklines") != 0)	/* for programs */
			print_value(key, item, 0);
}

void
table_reply(int json, const char *what, json_t *data)
{
	if (json) {
		json_dumpf(data, stdout, TEXT_JSON | JSON_ENCODE_ANY);
		putchar('\n');
	} else
		print(what, data);
	json_decref(data);
}
