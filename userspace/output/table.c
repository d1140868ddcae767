// SPDX-License-Identifier: GPL-2.0
/* Prints rows and columns: as a table with libsmartcols, as words, or as JSON. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <json-c/json.h>
#include <libsmartcols/libsmartcols.h>

#include "base/util.h"
#include "output/table.h"

/* A column is truncated to this width before other columns are left out. */
#define TRUNC_WIDTH	20

struct value value_none(void)
{
	return (struct value){ .type = VALUE_NONE };
}

struct value value_text(char *allocated)
{
	return (struct value){ .type = allocated ? VALUE_TEXT : VALUE_NONE, .text = allocated };
}

struct value value_copy(const char *text)
{
	return value_text(text ? xasprintf("%s", text) : NULL);
}

struct value value_list(char *allocated)
{
	return (struct value){ .type = VALUE_LIST, .text = allocated };
}

struct value value_id(const char *text)
{
	struct value v = value_copy(text);

	if (text)
		v.type = VALUE_ID;
	return v;
}

struct value value_number(enum value_type type, uint64_t number)
{
	if (type == VALUE_TIME && !number)
		return value_none();
	return (struct value){ .type = type, .number = number };
}

static const struct column *find_column(const struct column *known, size_t n,
					const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(known[i].name) == len && !strncasecmp(known[i].name, name, len))
			return &known[i];
	return NULL;
}

static void choose(struct table *t, const struct column *c)
{
	for (size_t i = 0; i < t->columns; i++)
		if (t->column[i] == c)
			return;
	t->column = xrealloc(t->column, t->columns + 1, sizeof(*t->column));
	t->column[t->columns++] = c;
}

void columns_list(FILE *f, const char *indent, const struct column *known, size_t n)
{
	size_t pos = fprintf(f, "%s", indent);

	for (size_t i = 0; i < n; i++) {
		if (pos + strlen(known[i].name) > 78)
			pos = fprintf(f, "\n%s", indent) - 1;
		pos += fprintf(f, " %s", known[i].name);
	}
	fputc('\n', f);
}

/**
 * struct table_row - a row
 * @number: in the order in which they were added
 * @key: what it is sorted by
 */
struct table_row {
	size_t number;
	const char *color;
	struct value key;
	struct value *cell;
};

/* Find a column, or print the allowed ones. */
static const struct column *ask_column(const struct column *known, size_t n, const char *name,
				       size_t len)
{
	const struct column *c = find_column(known, n, name, len);

	if (c)
		return c;
	error("unknown column '%.*s'; the columns are:", (int)len, name);
	columns_list(stderr, "   ", known, n);
	return NULL;
}

bool table_sort_by(struct table *t, const struct column *known, size_t n, const char *name)
{
	t->sort = ask_column(known, n, name, strlen(name));
	return t->sort;
}

bool table_choose(struct table *t, const struct column *known, size_t n,
		  const char *const *defaults, const char *spec)
{
	t->fixed = spec && *spec != '+';
	if (!t->fixed)
		for (; *defaults; defaults++)
			choose(t, find_column(known, n, *defaults, strlen(*defaults)));
	if (!spec)
		return true;
	if (*spec == '+')
		spec++;

	for (;;) {
		size_t len = strcspn(spec, ",");
		const struct column *c = ask_column(known, n, spec, len);

		if (!c)
			return false;
		choose(t, c);
		if (!spec[len])
			return true;
		spec += len + 1;
	}
}

static struct value get(const struct table *t, const void *row, const struct column *c)
{
	return c->get ? c->get(row) : t->get_field(row, c->field);
}

void table_add(struct table *t, const void *row, const char *color)
{
	struct table_row *to;

	t->row = xrealloc(t->row, t->rows + 1, sizeof(*t->row));
	to = &t->row[t->rows];
	to->number = t->rows++;
	to->color = color;
	to->key = t->sort ? get(t, row, t->sort) : value_none();
	to->cell = xrealloc(NULL, t->columns, sizeof(*to->cell));
	for (size_t i = 0; i < t->columns; i++)
		to->cell[i] = get(t, row, t->column[i]);
}

static int compare_row(const void *a, const void *b)
{
	const struct table_row *x = a, *y = b;
	const struct value *v = &x->key, *w = &y->key;
	int d = (v->type == VALUE_NONE) - (w->type == VALUE_NONE);

	if (!d)
		d = (w->number > v->number) - (w->number < v->number);
	if (!d && v->text && w->text)
		d = strcmp(v->text, w->text);
	return d ? d : (x->number > y->number) - (x->number < y->number);
}

char *value_to_text(const struct table *t, const struct value *v)
{
	char buf[NUMBER_MAX];

	switch (v->type) {
	case VALUE_NONE:
		return NULL;
	case VALUE_TEXT:
	case VALUE_LIST:
		return text_for_terminal(v->text);
	case VALUE_ID:
		if ((size_t)short_id(v->text) < strlen(v->text))
			return xstrndup(v->text, short_id(v->text));
		return text_for_terminal(v->text);
	case VALUE_NUMBER:
		return xasprintf("%" PRIu64, v->number);
	case VALUE_HEX:
		return xasprintf("0x%" PRIx64, v->number);
	case VALUE_COUNT:
		return xasprintf("%s", format_count(buf, v->number));
	case VALUE_TIME:
		if (t->iso)
			return xasprintf("%s", format_iso(buf, v->number, t->realtime_offset_ns));
		/* A task may run while its record is printed. Do not show a time in the future. */
		return xasprintf("%s ago", format_duration(buf, t->now_ns > v->number ?
							   t->now_ns - v->number : 0));
	case VALUE_DURATION:
		return xasprintf("%s", format_duration(buf, v->number));
	}
	return NULL;
}

/* An empty word would shift the words after it. */
static void put_raw(const struct table *t, const struct value *v)
{
	char buf[NUMBER_MAX];

	switch (v->type) {
	case VALUE_TEXT:
	case VALUE_ID:
	case VALUE_LIST:
		if (!*v->text)
			break;
		put_word(stdout, v->text);
		return;
	case VALUE_NUMBER:
	case VALUE_COUNT:
		printf("%" PRIu64, v->number);
		return;
	case VALUE_HEX:
		printf("0x%" PRIx64, v->number);
		return;
	case VALUE_TIME:
		fputs(format_iso(buf, v->number, t->realtime_offset_ns), stdout);
		return;
	case VALUE_DURATION:
		printf("%" PRIu64 ".%03" PRIu64, v->number / NSEC, v->number % NSEC / 1000000);
		return;
	case VALUE_NONE:
		break;
	}
	putchar('-');
}

static json_object *json_number(uint64_t n)
{
	return json_object_new_int64(n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

static json_object *json_seconds(uint64_t ns)
{
	char *text = xasprintf("%" PRIu64 ".%03" PRIu64, ns / NSEC, ns % NSEC / 1000000);
	json_object *number = json_object_new_double_s(ns / 1e9, text);

	free(text);
	return number;
}

static json_object *json_array_of_words(const char *list)
{
	json_object *array = json_object_new_array();

	while (*list) {
		size_t len = strcspn(list, ",");

		json_object_array_add(array, json_object_new_string_len(list, len));
		list += len + (list[len] == ',');
	}
	return array;
}

json_object *value_to_json(const struct table *t, const struct value *v)
{
	char buf[NUMBER_MAX];

	switch (v->type) {
	case VALUE_NONE:
		return NULL;
	case VALUE_TEXT:
	case VALUE_ID:
		return json_object_new_string(v->text);
	case VALUE_LIST:
		return json_array_of_words(v->text);
	case VALUE_NUMBER:
	case VALUE_HEX:
	case VALUE_COUNT:
		return json_number(v->number);
	case VALUE_TIME:
		return json_object_new_string(format_iso(buf, v->number, t->realtime_offset_ns));
	case VALUE_DURATION:
		return json_seconds(v->number);
	}
	return NULL;
}

void json_put(json_object *object)
{
	put_json(stdout, json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							 JSON_C_TO_STRING_SPACED |
							 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static void sort(struct table *t)
{
	if (t->rows)
		qsort(t->row, t->rows, sizeof(*t->row), compare_row);
}

json_object *table_to_json(struct table *t, const char *name)
{
	json_object *object = json_object_new_object();
	json_object *array = json_object_new_array();

	sort(t);
	for (size_t i = 0; i < t->rows; i++) {
		json_object *row = json_object_new_object();

		for (size_t j = 0; j < t->columns; j++) {
			char key[32];
			size_t k = 0;

			for (const char *c = t->column[j]->name; *c && k < sizeof(key) - 1; c++)
				key[k++] = tolower(*c);
			key[k] = '\0';
			json_object_object_add(row, key, value_to_json(t, &t->row[i].cell[j]));
		}
		json_object_array_add(array, row);
	}
	json_object_object_add(object, name, array);
	return object;
}

static void print_raw(const struct table *t)
{
	for (size_t j = 0; t->headings && j < t->columns; j++)
		printf("%s%c", t->column[j]->name, j + 1 < t->columns ? ' ' : '\n');
	for (size_t i = 0; i < t->rows; i++) {
		for (size_t j = 0; j < t->columns; j++) {
			put_raw(t, &t->row[i].cell[j]);
			putchar(j + 1 < t->columns ? ' ' : '\n');
		}
	}
}

static size_t text_width(const char *s)
{
	size_t width = 0;
	wchar_t wc;
	int n;

	mbtowc(NULL, NULL, 0);
	for (; (n = mbtowc(&wc, s, MB_CUR_MAX)) > 0; s += n)
		width += wcwidth(wc) > 0 ? wcwidth(wc) : 0;
	return width;
}

/* Mark the columns that the default table omits because they are empty. */
static void leave_out_empty(const struct table *t, char *const *text, bool *out)
{
	for (size_t j = 0; j < t->columns; j++) {
		bool empty = t->column[j]->flags & COLUMN_SPARSE;

		for (size_t i = 0; empty && i < t->rows; i++)
			empty = !text[i * t->columns + j];
		out[j] |= empty;
	}
}

/* Mark the columns that the default table omits to fit into @width. */
static void leave_out(const struct table *t, char *const *text, unsigned int width, bool *out)
{
	size_t *wide = xrealloc(NULL, t->columns, sizeof(*wide)), total = 0;

	for (size_t j = 0; j < t->columns; j++) {
		wide[j] = t->headings ? strlen(t->column[j]->name) : 0;
		for (size_t i = 0; i < t->rows; i++) {
			const char *s = text[i * t->columns + j];
			size_t w = s ? text_width(s) : 0;

			if (t->column[j]->flags & COLUMN_TRUNC && w > TRUNC_WIDTH)
				w = TRUNC_WIDTH;
			if (w > wide[j])
				wide[j] = w;
		}
		if (!out[j])
			total += wide[j] + 1;
	}
	for (;;) {
		size_t next = t->columns;

		for (size_t j = 0; j < t->columns; j++)
			if (!out[j] && t->column[j]->leave &&
			    (next == t->columns || t->column[j]->leave < t->column[next]->leave))
				next = j;
		if (total <= width + 1 || next == t->columns)
			break;
		for (size_t j = 0, leave = t->column[next]->leave; j < t->columns; j++) {
			if (out[j] || t->column[j]->leave != leave)
				continue;
			out[j] = true;
			total -= wide[j] + 1;
		}
	}
	free(wide);
}

static void check_scols(int err)
{
	/* Only an allocation can fail here. */
	if (err) {
		error("libsmartcols: %s", strerror(-err));
		exit(EXIT_FAILURE);
	}
}

static void fill_line(const struct table *t, struct libscols_table *tb, size_t row,
		      char **text, const bool *out)
{
	struct libscols_line *line = scols_table_new_line(tb, NULL);
	size_t n = 0;

	if (!line)
		check_scols(-ENOMEM);
	if (t->row[row].color)
		scols_line_set_color(line, t->row[row].color);
	for (size_t j = 0; j < t->columns; j++) {
		const char *color = t->row[row].cell[j].color;

		if (out[j])
			continue;
		if (text[j])
			check_scols(scols_line_set_data(line, n, text[j]));
		if (color)
			scols_cell_set_color(scols_line_get_cell(line, n), color);
		n++;
	}
}

static void print_human(const struct table *t)
{
	struct libscols_table *tb = scols_new_table();
	unsigned int width = terminal_width();
	bool *out = xrealloc(NULL, t->columns, sizeof(*out));
	char **text = xrealloc(NULL, t->rows * t->columns, sizeof(*text));

	if (!tb)
		check_scols(-ENOMEM);
	memset(out, 0, t->columns * sizeof(*out));
	for (size_t i = 0; i < t->rows * t->columns; i++)
		text[i] = value_to_text(t, &t->row[i / t->columns].cell[i % t->columns]);
	if (!t->fixed)
		leave_out_empty(t, text, out);
	if (width && !t->fixed)
		leave_out(t, text, width, out);

	scols_table_enable_noencoding(tb, 1);	/* value_to_text() has already escaped the text */
	scols_table_enable_noheadings(tb, !t->headings);
	scols_table_enable_colors(tb, want_colors());
	if (width)
		scols_table_set_termwidth(tb, width);
	for (size_t j = 0; j < t->columns; j++) {
		unsigned int flags = t->column[j]->flags;

		if (!out[j] &&
		    !scols_table_new_column(tb, t->column[j]->name, 0,
					    (flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0) |
					    (flags & COLUMN_TRUNC ? SCOLS_FL_TRUNC : 0)))
			check_scols(-ENOMEM);
	}
	for (size_t i = 0; i < t->rows; i++)
		fill_line(t, tb, i, &text[i * t->columns], out);
	check_scols(scols_print_table(tb));

	scols_unref_table(tb);
	for (size_t i = 0; i < t->rows * t->columns; i++)
		free(text[i]);
	free(text);
	free(out);
}

void table_print(struct table *t, const char *name)
{
	switch (t->format) {
	case TABLE_HUMAN:
		sort(t);
		print_human(t);
		break;
	case TABLE_RAW:
		sort(t);
		print_raw(t);
		break;
	case TABLE_JSON:
		json_put(table_to_json(t, name));
		break;
	}
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->rows; i++) {
		for (size_t j = 0; j < t->columns; j++)
			free(t->row[i].cell[j].text);
		free(t->row[i].cell);
		free(t->row[i].key.text);
	}
	free(t->row);
	free(t->column);
}
