/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct field;
struct json_object;

/* The type of a value decides its format in a table, in raw words and in JSON. */
enum value_type {
	VALUE_NONE,
	VALUE_TEXT,	/* untrusted: escaped when printed */
	VALUE_ID,	/* text that a table may shorten */
	VALUE_LIST,	/* words separated by commas; an array in JSON */
	VALUE_NUMBER,
	VALUE_HEX,
	VALUE_COUNT,	/* a number that a table may show as 56.7k */
	VALUE_TIME,	/* CLOCK_BOOTTIME nanoseconds */
	VALUE_DURATION,	/* nanoseconds */
};

/* Text that has a number, as a verdict has, is sorted by it. */
struct value {
	enum value_type type;
	uint64_t number;
	char *text;
	const char *color;
};

/*
 * Each makes a value. A NULL text and a time of 0 mean no value.
 * value_copy() and value_id() copy the text.
 */
struct value value_none(void);
struct value value_text(char *allocated);
struct value value_copy(const char *text);
struct value value_list(char *allocated);
struct value value_id(const char *text);
struct value value_number(enum value_type type, uint64_t number);

enum {
	COLUMN_RIGHT = 1 << 0,
	COLUMN_TRUNC = 1 << 1,	/* may be truncated to fit the terminal */
	COLUMN_SPARSE = 1 << 2,	/* omitted from the default table if no row has a value */
};

/**
 * struct column - a column
 * @name: in upper case; JSON uses lower case
 * @flags: COLUMN_*
 * @leave: if the default table is too wide for the terminal, columns with the
 *	lowest number are omitted first, all of one number together; 0: never omitted
 * @get: returns its value for a row; NULL: @get_field of struct table with @field
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
 * struct table - rows to print
 * @format: output format
 * @headings: print them, if @format has any
 * @sort: order the rows by this column; NULL: keep them as they were added
 * @get_field: see struct column
 * @fixed: the columns were given by name: omit none
 * @iso: a table, too, shows times in ISO 8601 format, not ages
 * @now_ns: CLOCK_BOOTTIME to which ages are relative
 * @realtime_offset_ns: offset from CLOCK_BOOTTIME to CLOCK_REALTIME
 */
struct table {
	enum table_format format;
	bool headings;
	const struct column *sort;
	struct value (*get_field)(const void *row, const struct field *field);
	bool fixed;
	bool iso;
	uint64_t now_ns;
	int64_t realtime_offset_ns;

	const struct column **column;
	size_t columns;
	struct table_row *row;
	size_t rows;
};

/*
 * Choose the columns named in @spec, separated by commas. If @spec is NULL or starts
 * with '+', start with @defaults, which ends in NULL. On error, prints the allowed
 * columns and returns false.
 */
bool table_choose(struct table *t, const struct column *known, size_t n,
		  const char *const *defaults, const char *spec);

/* Sort by the column of that name: numbers and times with the largest first, text by letter. */
bool table_sort_by(struct table *t, const struct column *known, size_t n, const char *name);

/* Print the names of columns, separated by spaces and wrapped for a terminal. */
void columns_list(FILE *f, const char *indent, const struct column *known, size_t n);

void table_add(struct table *t, const void *row, const char *color);

/* Print the table; in JSON as the array @name of an object. */
void table_print(struct table *t, const char *name);
void table_free(struct table *t);

/* What table_print() prints in JSON. */
struct json_object *table_to_json(struct table *t, const char *name);

/* Format a value as in a table; allocated, NULL if there is no value. */
char *value_to_text(const struct table *t, const struct value *v);

/* For JSON that is not a table: format values in the same way. */
struct json_object *value_to_json(const struct table *t, const struct value *v);
void json_put(struct json_object *object);

#endif
