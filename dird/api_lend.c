/* api_lend.c -- what is lent from this box now. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "dird.h"
#include "lend_run.h"

struct listing {
	struct ask	*ask;
	json_t		*list;
	uint8_t		 after[LEND_KEY_LEN];
	uint16_t	 after_len;
};

static void	next_page(struct listing *);

static void
on_row(void *arg, const struct lend_row *r)
{
	struct listing *l = arg;
	char ip[INET6_ADDRSTRLEN], port[16];
	json_t *v;

	lend_source_text(r->src, ip);
	snprintf(port, sizeof(port), "%s/%u", lend_proto(r->port.proto),
	    r->port.port);
	v = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "kind", r->kind,
	    "subscriber", r->sub, "src", ip, "allow", port, "until",
	    (json_int_t)dird_now() + r->left_s, "left_s",
	    (json_int_t)r->left_s);
	if (r->service[0] != '\0')
		json_object_set_new(v, "service_id", json_string(r->service));
	json_array_append_new(l->list, v);
}

static void
on_page(void *arg, const struct msg_macro_listed *m)
{
	struct listing *l = arg;

	l->after_len = lend_rows(m->rows, m->rows_len, l->after, on_row, l);
	if (l->after_len > 0 && m->more) {
		next_page(l);
		return;
	}
	http_reply(l->ask, 200, json_pack("{s:O}", "grants", l->list));
	json_decref(l->list);
	free(l);
}

static void
give_up(struct listing *l, enum lend_why why)
{
	http_error(l->ask, 503, lend_code(why), NULL, "%s", lend_text(why));
	json_decref(l->list);
	free(l);
}

static void
on_no_page(void *arg, const struct msg_macro_done *m)
{
	give_up(arg, m->why);
}

static void
next_page(struct listing *l)
{
	if (lend_list(LEND_ASKED, l->after, l->after_len, on_page, on_no_page,
	    l) == -1)
		give_up(l, LEND_BUSY);
}

void
api_grants(struct ask *a, json_t *body)
{
	struct listing *l;

	(void)body;
	if (!lend_is_on()) {
		http_reply(a, 200, json_pack("{s:[], s:b}", "grants", "lends",
		    0));
		return;
	}
	l = calloc(1, sizeof(*l));
	if (l == NULL || (l->list = json_array()) == NULL) {
		free(l);
		http_error(a, 503, why_name(WHY_FULL), NULL, "no memory");
		return;
	}
	l->ask = a;
	next_page(l);
}
