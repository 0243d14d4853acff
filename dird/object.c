/* object.c -- bodies against their table. Pure. */
#include <stdio.h>
#include <string.h>

#include "object.h"

static const enum right rights[OBJ_MAX] = {
#define OBJ(NAME, Name, right)	[OBJ_##NAME] = RIGHT_##right,
#include "objects.def"
};

static const struct {
	const char	*name;
	enum standing	 standing;
} right_rows[RIGHT_MAX] = {
#define RIGHT(NAME, name, standing)	[RIGHT_##NAME] = { name, standing },
#include "objects.def"
};

enum right
object_right(enum object t)
{
	return rights[t];
}

const char *
right_name(enum right r)
{
	return (unsigned)r < RIGHT_MAX ? right_rows[r].name : NULL;
}

enum standing
right_standing(enum right r)
{
	return right_rows[r].standing;
}

static int
check_string(const struct field *f, const json_t *v, struct because *b)
{
	size_t len = json_string_length(v);

	if (!json_is_string(v))
		return because(b, WHY_FIELD_KIND, "%s", f->name);
	switch (form_of(f, json_string_value(v), len)) {
	case FORM_RANGE:
		return because(b, WHY_FIELD_RANGE, "%s: %zu bytes", f->name, len);
	case FORM_BAD:
		return because(b, WHY_FIELD_FORM, "%s", f->name);
	default:
		return 0;
	}
}

static int
check_list(const struct field *f, const json_t *v, struct because *b)
{
	size_t i, max = (size_t)(f->kind == FIELD_LINES ? f->lo : f->hi);

	if (!json_is_array(v))
		return because(b, WHY_FIELD_KIND, "%s", f->name);
	if (json_array_size(v) > max)
		return because(b, WHY_FIELD_RANGE, "%s: %zu of them", f->name,
		    json_array_size(v));
	for (i = 0; i < json_array_size(v); i++)
		if (check_string(f, json_array_get(v, i), b) == -1)
			return -1;
	return 0;
}

/* Parameters are scalars with names like words: never code, never nested. */
static int
check_params(const struct field *f, const json_t *v, struct because *b)
{
	json_t *params = json_object_get(v, "params"), *p;
	const char *key;

	if (json_object_size(params) > (size_t)f->hi)
		return because(b, WHY_FIELD_RANGE, "%s.params", f->name);
	json_object_foreach(params, key, p) {
		if (!is_label(key, strlen(key)) || strlen(key) > OBJ_PARAM_NAME)
			return because(b, WHY_FIELD_FORM, "%s.params: a name",
			    f->name);
		if (json_is_object(p) || json_is_array(p))
			return because(b, WHY_FIELD_KIND, "%s.params.%s",
			    f->name, key);
		if (json_string_length(p) > OBJ_PARAM_TEXT ||
		    !is_line(json_string_value(p), json_string_length(p)))
			return because(b, WHY_FIELD_RANGE, "%s.params.%s",
			    f->name, key);
	}
	return 0;
}

static int
check_macro(const struct field *f, const json_t *v, struct because *b)
{
	const json_t *kind = json_object_get(v, "kind");

	if (!json_is_object(v) || json_object_size(v) != 2 ||
	    !json_is_string(kind) ||
	    !json_is_object(json_object_get(v, "params")))
		return because(b, WHY_FIELD_KIND, "%s", f->name);
	if (!is_kind(json_string_value(kind), json_string_length(kind)))
		return because(b, WHY_FIELD_FORM, "%s.kind", f->name);
	return check_params(f, v, b);
}

static int
check_int(const struct field *f, const json_t *v, struct because *b)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v))
		return because(b, WHY_FIELD_KIND, "%s", f->name);
	if (n < f->lo || n > f->hi)
		return because(b, WHY_FIELD_RANGE, "%s", f->name);
	return 0;
}

static int
check_field(const struct field *f, const json_t *v, struct because *b)
{
	switch (f->kind) {
	case FIELD_INT:
		return check_int(f, v, b);
	case FIELD_BOOL:
		return json_is_boolean(v) ? 0 :
		    because(b, WHY_FIELD_KIND, "%s", f->name);
	case FIELD_CIDRS:
	case FIELD_LINES:
		return check_list(f, v, b);
	case FIELD_MACRO:
		return check_macro(f, v, b);
	default:
		return check_string(f, v, b);
	}
}

static const char *
unknown_field(const struct field *row, const json_t *body)
{
	const struct field *f;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)body, key, v) {
		for (f = row; f->name != NULL && strcmp(f->name, key) != 0; f++)
			;
		if (f->name == NULL)
			return key;
	}
	return NULL;
}

int
object_check(enum object t, const json_t *body, struct because *b)
{
	const struct field *f;
	const json_t *v;
	size_t found = 0;

	if (!json_is_object(body))
		return because(b, WHY_FIELD_KIND, "body");
	for (f = object_fields(t); f->name != NULL; f++) {
		v = json_object_get(body, f->name);
		if (v == NULL && f->optional)
			continue;
		if (v == NULL)
			return because(b, WHY_FIELD_MISSING, "%s", f->name);
		if (check_field(f, v, b) == -1)
			return -1;
		found++;
	}
	if (found != json_object_size(body))
		return because(b, WHY_FIELD_UNKNOWN, "%.60s",
		    unknown_field(object_fields(t), body));
	return 0;
}
