/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct field;
struct json_object;

/* What a value is decides how it looks in a table, as raw words and in JSON. */
enum value_type {
	VALUE_NONE,
	VALUE_TEXT,	/* from anybody: made harmless when printed */
	VALUE_ID,	/* text that a table may cut to what is enough for people */
	VALUE_LIST,	/* words with commas between them; an array in JSON */
	VALUE_NUMBER,
	VALUE_HEX,
	VALUE_COUNT,	/* a number that a table may show as 56.7k */
	VALUE_TIME,	/* CLOCK_BOOTTIME nanoseconds */
	VALUE_DURATION,	/* nanoseconds */
};

struct value {
	enum value_type type;
	uint64_t number;
	char *text;
	const char *color;
};

/*
 * Each makes a value; no text is no value, and neither is a time of 0.
 * value_copy() and value_id() copy.
 */
struct value value_none(void);
struct value value_text(char *allocated);
struct value value_copy(const char *text);
struct value value_list(char *allocated);
struct value value_id(const char *text);
struct value value_number(enum value_type type, uint64_t number);

enum {
	COLUMN_RIGHT = 1 << 0,
	COLUMN_TRUNC = 1 << 1,	/* may be cut to fit the terminal */
	COLUMN_SPARSE = 1 << 2,	/* out of the default table if no row has a value */
};

/**
 * struct column - a column that can be asked for
 * @name: in upper case; in JSON in lower case
 * @flags: COLUMN_*
 * @leave: if the default table is too wide for the terminal, the columns with
 *	the lowest of these stay out first; 0 stays in
 * @get: its value for a row; NULL: struct table's @get_field of @field
 */
struct column {
	const char *name;
	unsigned int flags;
	unsigned int leave;
	struct value (*get)(const void *row);
	const struct field *field;
};

enum table_format {
	TABLE_HUMAN,
	TABLE_RAW,
	TABLE_JSON,
};

/**
 * struct table - rows to be printed
 * @format: how
 * @headings: print them, if @format has any
 * @get_field: see struct column
 * @fixed: the columns were asked for by name: leave none out
 * @now_ns: CLOCK_BOOTTIME against which ages are told
 * @realtime_offset_ns: to be added for CLOCK_REALTIME
 */
struct table {
	enum table_format format;
	bool headings;
	struct value (*get_field)(const void *row, const struct field *field);
	bool fixed;
	uint64_t now_ns;
	int64_t realtime_offset_ns;

	const struct column **column;
	size_t columns;
	struct value *cell;
	const char **row_color;
	size_t rows;
};

/*
 * Choose columns: those named in @spec with commas between them, or @defaults
 * (ends in NULL) and then those in @spec if it begins with '+' or is NULL.
 * Prints what is wrong, and what is allowed, and returns false.
 */
bool table_choose(struct table *t, const struct column *known, size_t n,
		  const char *const *defaults, const char *spec);

/* Names of columns, one space between them, broken into lines of a terminal. */
void columns_list(FILE *f, const char *indent, const struct column *known, size_t n);

void table_add(struct table *t, const void *row, const char *color);

/* Print it; in JSON as the array @name of an object. */
void table_print(struct table *t, const char *name);
void table_free(struct table *t);

/* For JSON that is no table: same values, same look. */
struct json_object *value_to_json(const struct table *t, const struct value *v);
void json_put(struct json_object *object);

#endif
