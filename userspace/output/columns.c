// SPDX-License-Identifier: GPL-2.0
/* The columns that describe a process, a thread or a group of processes. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/columns.h"
#include "output/standing.h"

#define RED	"\033[31m"
#define YELLOW	"\033[33m"

static const struct subject *subject(const void *row)
{
	return ((const struct row *)row)->subject;
}

static const struct host *host(const void *row)
{
	return ((const struct row *)row)->host;
}

static const struct roundwatch_tally *tally(const void *row)
{
	return &subject(row)->tally;
}

static const struct identity *identify(const void *row)
{
	return process_identity(subject(row)->process, host(row));
}

/**
 * struct field - a member that a column shows unchanged
 * @of: the structure that contains it
 */
struct field {
	enum { OF_TALLY, OF_SUBJECT, OF_IDENTITY } of;
	enum value_type type;
	size_t offset, size;
};

struct value row_get_field(const void *row, const struct field *f)
{
	const void *from = f->of == OF_TALLY ? (const void *)tally(row) :
			   f->of == OF_SUBJECT ? (const void *)subject(row) : identify(row);
	const char *at = (const char *)from + f->offset;
	uint64_t number = 0;

	if (f->of == OF_TALLY && f->type == VALUE_TEXT)
		return value_text(xstrndup(at, f->size));
	if (f->type == VALUE_TEXT)
		return value_copy(*(char *const *)at);
	if (f->type == VALUE_ID)
		return value_id(*(char *const *)at);
	/* All machines that run the module are little-endian. */
	memcpy(&number, at, f->size);
	return value_number(f->type, number);
}

static struct value optional(uint64_t number)
{
	return number ? value_number(VALUE_NUMBER, number) : value_none();
}

static struct value get_tid(const void *row)
{
	return optional(tally(row)->pid);
}

static struct value get_ppid(const void *row)
{
	return optional(identify(row)->ppid);
}

static const char *allowed(const void *row)
{
	return subject_allowed(subject(row), host(row), ((const struct row *)row)->allow);
}

static struct value get_verdict(const void *row)
{
	uint8_t verdict = present_verdict(tally(row));
	struct value v = value_copy(present_word(tally(row)));

	/* Ended processes sort below living ones. */
	v.number = tally_ended(tally(row)) ? 0 : verdict + 1;
	if (verdict >= ROUNDWATCH_SUSPECT && !allowed(row))
		v.color = verdict == ROUNDWATCH_SUSPECT ? YELLOW : RED;
	return v;
}

static char *doubt(const void *row)
{
	return subject_doubt(subject(row), host(row), ((const struct row *)row)->allow);
}

static struct value get_not_looked_up(const void *row)
{
	return value_text(doubt(row));
}

static struct value get_note(const void *row)
{
	char *why = doubt(row);
	struct value v = value_text(standing_note(subject(row), host(row), allowed(row), why,
						  ((const struct row *)row)->clock));

	free(why);
	return v;
}

static struct value get_ended(const void *row)
{
	return tally_ended(tally(row)) ? value_number(VALUE_TIME, tally(row)->last_ns) :
	       value_none();
}

static struct value get_allowed(const void *row)
{
	return value_copy(allowed(row));
}

static struct value get_highest(const void *row)
{
	struct value v = value_copy(verdict_name(worst_verdict(tally(row))));

	v.number = worst_verdict(tally(row));
	return v;
}

static struct value get_mode(const void *row)
{
	return value_copy(mode_name(tally(row)->mode));
}

static struct value get_state(const void *row)
{
	return value_copy(tally_ended(tally(row)) ? "exited" : "live");
}

/* Flags about the identity of a process, as bits in the order of their names. */
enum {
	HIDDEN = 1 << 0,
	COVERED = 1 << 1,
	RENAMED = 1 << 2,
	DELETED = 1 << 3,
	MEMFD = 1 << 4,
};

static unsigned int oddities(const struct identity *id)
{
	return (id->hidden ? HIDDEN : 0) | (id->covered ? COVERED : 0) |
	       (id->renamed ? RENAMED : 0) | (id->deleted ? DELETED : 0) |
	       (id->memfd ? MEMFD : 0);
}

static void add_flag(char **text, const char *name)
{
	char *all = xasprintf("%s%s%s", *text, **text ? "," : "", name);

	free(*text);
	*text = all;
}

static struct value get_flags(const void *row)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} odd[] = {
		{ HIDDEN, "hidden" },
		{ COVERED, "covered" },
		{ RENAMED, "renamed" },
		{ DELETED, "deleted" },
		{ MEMFD, "memfd" },
	};
	const struct subject *s = subject(row);
	unsigned int is = 0;
	struct value v = value_list(xasprintf("%s", ""));

	for (unsigned int i = 0; i < FLAGS; i++)
		if (flag_name(s->tally.flags, i))
			add_flag(&v.text, flag_name(s->tally.flags, i));
	if (s->member)
		for (size_t i = 0; i < s->processes; i++)
			is |= oddities(process_identity(s->member[i], host(row)));
	else
		is = oddities(identify(row));
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		if (is & odd[i].flag)
			add_flag(&v.text, odd[i].name);
	if (is & (HIDDEN | COVERED))
		v.color = RED;
	return v;
}

static struct value get_exe(const void *row)
{
	const struct identity *id = identify(row);

	if (!id->exe)
		return value_none();
	return value_text(xasprintf("%s%s", id->exe, id->deleted ? " (deleted)" : ""));
}

static struct value get_where(const void *row)
{
	return value_text(identity_place(identify(row)));
}

#define FIELD(structure, of, type, member)					\
	.field = &(const struct field) {					\
		of, VALUE_##type, offsetof(struct structure, member),		\
		sizeof(((struct structure *)NULL)->member)			\
	}
#define TALLY(type, member)	FIELD(roundwatch_tally, OF_TALLY, type, member)
#define SUBJECT(type, member)	FIELD(subject, OF_SUBJECT, type, member)
#define IDENTITY(type, member)	FIELD(identity, OF_IDENTITY, type, member)

const struct column row_columns[] = {
	{ "VERDICT", 0, 0, .get = get_verdict },
	{ "EVIDENCE", COLUMN_RIGHT, 6, TALLY(NUMBER, evidence) },
	{ "PID", COLUMN_RIGHT, 0, TALLY(NUMBER, tgid) },
	{ "TID", COLUMN_RIGHT, 0, .get = get_tid },
	{ "THREADS", COLUMN_RIGHT, 5, SUBJECT(NUMBER, threads) },
	{ "COMMAND", COLUMN_TRUNC, 0, TALLY(TEXT, comm) },
	{ "USER", COLUMN_TRUNC, 0, IDENTITY(TEXT, user) },
	{ "WHERE", COLUMN_TRUNC | COLUMN_SPARSE, 0, .get = get_where },
	{ "SINCE", COLUMN_RIGHT, 0, TALLY(TIME, verdict_ns) },
	{ "RN", COLUMN_RIGHT, 1, TALLY(COUNT, count[ROUNDWATCH_RN]) },
	{ "RD", COLUMN_RIGHT, 1, TALLY(COUNT, count[ROUNDWATCH_RD]) },
	{ "RU", COLUMN_RIGHT, 1, TALLY(COUNT, count[ROUNDWATCH_RU]) },
	{ "RZ", COLUMN_RIGHT, 1, TALLY(COUNT, count[ROUNDWATCH_RZ]) },
	{ "CHANGES", COLUMN_RIGHT, 3, TALLY(COUNT, changes) },
	{ "FIRST", COLUMN_RIGHT, 2, TALLY(TIME, first_ns) },
	{ "LAST", COLUMN_RIGHT, 4, TALLY(TIME, last_ns) },
	{ "FLAGS", 0, 7, .get = get_flags },
	{ "NOTE", COLUMN_TRUNC | COLUMN_SPARSE, 0, .get = get_note },
	{ "HIGHEST", 0, 0, .get = get_highest },
	{ "ENDED", COLUMN_RIGHT, 0, .get = get_ended },
	{ "ALLOWED", COLUMN_TRUNC, 0, .get = get_allowed },
	{ "NOT_LOOKED_UP", COLUMN_TRUNC, 0, .get = get_not_looked_up },
	{ "STATE", 0, 0, .get = get_state },
	{ "UID", COLUMN_RIGHT, 0, TALLY(NUMBER, uid) },
	{ "START", COLUMN_RIGHT, 0, TALLY(TIME, start_ns) },
	{ "CPU", COLUMN_RIGHT, 0, TALLY(DURATION, cpu_ns) },
	{ "SAMPLES", COLUMN_RIGHT, 0, TALLY(COUNT, samples) },
	{ "MODE", 0, 0, .get = get_mode },
	{ "MXCSR", COLUMN_RIGHT, 0, TALLY(HEX, mxcsr) },
	{ "FCW", COLUMN_RIGHT, 0, TALLY(HEX, fcw) },
	{ "EXE", COLUMN_TRUNC, 0, .get = get_exe },
	{ "CMDLINE", COLUMN_TRUNC, 0, IDENTITY(TEXT, cmdline) },
	{ "PROCESSES", COLUMN_RIGHT, 0, SUBJECT(NUMBER, processes) },
	{ "PPID", COLUMN_RIGHT, 0, .get = get_ppid },
	{ "PARENT", COLUMN_TRUNC, 0, IDENTITY(TEXT, parent) },
	{ "UNIT", COLUMN_TRUNC, 0, IDENTITY(TEXT, unit) },
	{ "RUNTIME", 0, 0, IDENTITY(TEXT, runtime) },
	{ "CONTAINER", COLUMN_TRUNC, 0, IDENTITY(ID, container) },
	{ "CONTAINER_NAME", COLUMN_TRUNC, 0, IDENTITY(TEXT, container_name) },
	{ "IMAGE", COLUMN_TRUNC, 0, IDENTITY(TEXT, image) },
	{ "INNER", COLUMN_TRUNC, 0, IDENTITY(ID, inner) },
	{ "POD", COLUMN_TRUNC, 0, IDENTITY(TEXT, pod) },
	{ "NAMESPACE", COLUMN_TRUNC, 0, IDENTITY(TEXT, pod_namespace) },
	{ "POD_UID", COLUMN_TRUNC, 0, IDENTITY(ID, pod_uid) },
	{ "VM", COLUMN_TRUNC, 0, IDENTITY(TEXT, vm) },
	{ "CGROUP", COLUMN_TRUNC, 0, IDENTITY(TEXT, cgroup) },
};

const size_t row_columns_n = ARRAY_SIZE(row_columns);
