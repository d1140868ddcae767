// SPDX-License-Identifier: GPL-2.0
/* roundwatch list: who left round-to-nearest, worst first */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "command.h"
#include "output/table.h"
#include "records/snapshot.h"
#include "records/subject.h"
#include "who/identity.h"

#define RED	"\033[31m"
#define YELLOW	"\033[33m"
#define DIM	"\033[2m"

static struct host host;

static bool is_thread(const struct subject *s)
{
	return s->tally.pid;
}

static const struct roundwatch_tally *tally(const void *row)
{
	return &((const struct subject *)row)->tally;
}

static struct value get_verdict(const void *row)
{
	uint8_t verdict = tally(row)->verdict;
	struct value v = value_text(xasprintf("%s", verdict_name(verdict)));

	if (verdict >= ROUNDWATCH_SUSPECT)
		v.color = verdict == ROUNDWATCH_SUSPECT ? YELLOW : RED;
	return v;
}

static struct value get_highest(const void *row)
{
	return value_text(xasprintf("%s", verdict_name(tally(row)->highest)));
}

static struct value get_evidence(const void *row)
{
	return value_number(VALUE_NUMBER, tally(row)->evidence);
}

static struct value get_pid(const void *row)
{
	return value_number(VALUE_NUMBER, tally(row)->tgid);
}

static struct value get_tid(const void *row)
{
	return is_thread(row) ? value_number(VALUE_NUMBER, tally(row)->pid) : value_none();
}

static struct value get_threads(const void *row)
{
	return value_number(VALUE_NUMBER, ((const struct subject *)row)->threads);
}

static struct value get_command(const void *row)
{
	return value_text(xstrndup(tally(row)->comm, sizeof(tally(row)->comm)));
}

static struct value get_uid(const void *row)
{
	return value_number(VALUE_NUMBER, tally(row)->uid);
}

static struct value get_rn(const void *row)
{
	return value_number(VALUE_COUNT, tally(row)->count[ROUNDWATCH_RN]);
}

static struct value get_rd(const void *row)
{
	return value_number(VALUE_COUNT, tally(row)->count[ROUNDWATCH_RD]);
}

static struct value get_ru(const void *row)
{
	return value_number(VALUE_COUNT, tally(row)->count[ROUNDWATCH_RU]);
}

static struct value get_rz(const void *row)
{
	return value_number(VALUE_COUNT, tally(row)->count[ROUNDWATCH_RZ]);
}

static struct value get_changes(const void *row)
{
	return value_number(VALUE_COUNT, tally(row)->changes);
}

static struct value get_samples(const void *row)
{
	return value_number(VALUE_COUNT, tally(row)->samples);
}

static struct value get_mode(const void *row)
{
	return value_text(xasprintf("%s", mode_name(tally(row)->mode)));
}

static struct value get_mxcsr(const void *row)
{
	return value_number(VALUE_HEX, tally(row)->mxcsr);
}

static struct value get_fcw(const void *row)
{
	return value_number(VALUE_HEX, tally(row)->fcw);
}

static struct value get_first(const void *row)
{
	return value_number(VALUE_TIME, tally(row)->first_ns);
}

static struct value get_last(const void *row)
{
	return value_number(VALUE_TIME, tally(row)->last_ns);
}

static struct value get_since(const void *row)
{
	return value_number(VALUE_TIME, tally(row)->verdict_ns);
}

static struct value get_start(const void *row)
{
	return value_number(VALUE_TIME, tally(row)->start_ns);
}

static struct value get_cpu(const void *row)
{
	return value_number(VALUE_DURATION, tally(row)->cpu_ns);
}

static struct value get_state(const void *row)
{
	return value_text(xasprintf(tally(row)->flags & ROUNDWATCH_EXITED ? "exited" : "live"));
}

static const struct identity *identify(const void *row)
{
	return process_identity(((const struct subject *)row)->process, &host);
}

/* What is odd about a process, as bits of the same order as the names of flags. */
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
	const struct subject *s = row;
	unsigned int is = 0;
	struct value v = value_list(xasprintf("%s", ""));

	for (unsigned int i = 0; i < FLAGS; i++)
		if (flag_name(s->tally.flags, i))
			add_flag(&v.text, flag_name(s->tally.flags, i));
	if (s->member)
		for (size_t i = 0; i < s->processes; i++)
			is |= oddities(process_identity(s->member[i], &host));
	else
		is = oddities(identify(row));
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		if (is & odd[i].flag)
			add_flag(&v.text, odd[i].name);
	if (is & (HIDDEN | COVERED))
		v.color = RED;
	return v;
}

static struct value get_processes(const void *row)
{
	return value_number(VALUE_NUMBER, ((const struct subject *)row)->processes);
}

static struct value get_exe(const void *row)
{
	const struct identity *id = identify(row);

	if (!id->exe)
		return value_none();
	return value_text(xasprintf("%s%s", id->exe, id->deleted ? " (deleted)" : ""));
}

static struct value get_user(const void *row)
{
	return value_copy(identify(row)->user);
}

static struct value get_cmdline(const void *row)
{
	return value_copy(identify(row)->cmdline);
}

static struct value get_ppid(const void *row)
{
	uint32_t ppid = identify(row)->ppid;

	return ppid ? value_number(VALUE_NUMBER, ppid) : value_none();
}

static struct value get_parent(const void *row)
{
	return value_copy(identify(row)->parent);
}

static struct value get_where(const void *row)
{
	return value_text(identity_place(identify(row)));
}

static struct value get_unit(const void *row)
{
	return value_copy(identify(row)->unit);
}

static struct value get_runtime(const void *row)
{
	return value_copy(identify(row)->runtime);
}

static struct value get_container(const void *row)
{
	return value_id(identify(row)->container);
}

static struct value get_inner(const void *row)
{
	return value_id(identify(row)->inner);
}

static struct value get_container_name(const void *row)
{
	return value_copy(identify(row)->container_name);
}

static struct value get_pod(const void *row)
{
	return value_copy(identify(row)->pod);
}

static struct value get_namespace(const void *row)
{
	return value_copy(identify(row)->pod_namespace);
}

static struct value get_pod_uid(const void *row)
{
	return value_id(identify(row)->pod_uid);
}

static struct value get_vm(const void *row)
{
	return value_copy(identify(row)->vm);
}

static const struct column columns[] = {
	{ "VERDICT", 0, 0, get_verdict },
	{ "EVIDENCE", COLUMN_RIGHT, 0, get_evidence },
	{ "PID", COLUMN_RIGHT, 0, get_pid },
	{ "TID", COLUMN_RIGHT, 0, get_tid },
	{ "THREADS", COLUMN_RIGHT, 3, get_threads },
	{ "COMMAND", COLUMN_TRUNC, 0, get_command },
	{ "USER", COLUMN_TRUNC, 5, get_user },
	{ "WHERE", COLUMN_TRUNC | COLUMN_SPARSE, 6, get_where },
	{ "RN", COLUMN_RIGHT, 4, get_rn },
	{ "RD", COLUMN_RIGHT, 0, get_rd },
	{ "RU", COLUMN_RIGHT, 0, get_ru },
	{ "RZ", COLUMN_RIGHT, 0, get_rz },
	{ "CHANGES", COLUMN_RIGHT, 2, get_changes },
	{ "FIRST", COLUMN_RIGHT, 1, get_first },
	{ "LAST", COLUMN_RIGHT, 0, get_last },
	{ "FLAGS", 0, 0, get_flags },
	{ "HIGHEST", 0, 0, get_highest },
	{ "SINCE", COLUMN_RIGHT, 0, get_since },
	{ "STATE", 0, 0, get_state },
	{ "UID", COLUMN_RIGHT, 0, get_uid },
	{ "START", COLUMN_RIGHT, 0, get_start },
	{ "CPU", COLUMN_RIGHT, 0, get_cpu },
	{ "SAMPLES", COLUMN_RIGHT, 0, get_samples },
	{ "MODE", 0, 0, get_mode },
	{ "MXCSR", COLUMN_RIGHT, 0, get_mxcsr },
	{ "FCW", COLUMN_RIGHT, 0, get_fcw },
	{ "EXE", COLUMN_TRUNC, 0, get_exe },
	{ "CMDLINE", COLUMN_TRUNC, 0, get_cmdline },
	{ "PROCESSES", COLUMN_RIGHT, 0, get_processes },
	{ "PPID", COLUMN_RIGHT, 0, get_ppid },
	{ "PARENT", COLUMN_TRUNC, 0, get_parent },
	{ "UNIT", COLUMN_TRUNC, 0, get_unit },
	{ "RUNTIME", 0, 0, get_runtime },
	{ "CONTAINER", COLUMN_TRUNC, 0, get_container },
	{ "CONTAINER_NAME", COLUMN_TRUNC, 0, get_container_name },
	{ "INNER", COLUMN_TRUNC, 0, get_inner },
	{ "POD", COLUMN_TRUNC, 0, get_pod },
	{ "NAMESPACE", COLUMN_TRUNC, 0, get_namespace },
	{ "POD_UID", COLUMN_TRUNC, 0, get_pod_uid },
	{ "VM", COLUMN_TRUNC, 0, get_vm },
};

static const char *const thread_defaults[] = {
	"VERDICT", "EVIDENCE", "PID", "TID", "COMMAND", "USER", "WHERE", "RN", "RD", "RU", "RZ",
	"CHANGES", "FIRST", "LAST", "FLAGS", NULL
};

#define MODES "RN", "RD", "RU", "RZ", "CHANGES", "FIRST", "LAST", "FLAGS", NULL

/* What --by takes, and what is shown then. */
static const struct {
	const char *name;
	const char *defaults[16];
} groups[] = {
	[BY_PROCESS] = { "process", {
		"VERDICT", "EVIDENCE", "PID", "THREADS", "COMMAND", "USER", "WHERE", MODES } },
	[BY_CONTAINER] = { "container", {
		"VERDICT", "EVIDENCE", "CONTAINER", "RUNTIME", "PROCESSES", "PID", "COMMAND",
		MODES } },
	[BY_POD] = { "pod", {
		"VERDICT", "EVIDENCE", "NAMESPACE", "POD", "PROCESSES", "PID", "COMMAND", MODES } },
	[BY_UNIT] = { "unit", {
		"VERDICT", "EVIDENCE", "UNIT", "PROCESSES", "PID", "COMMAND", MODES } },
	[BY_USER] = { "user", {
		"VERDICT", "EVIDENCE", "USER", "PROCESSES", "PID", "COMMAND", MODES } },
	[BY_VM] = { "vm", {
		"VERDICT", "EVIDENCE", "VM", "PROCESSES", "PID", "COMMAND", MODES } },
};

static bool find_group(const char *name, enum subject_by *by)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!strcmp(groups[i].name, name)) {
			*by = i;
			return true;
		}
	}
	error("list: --by '%s': unknown; process, container, pod, unit, user and vm are known",
	      name);
	return false;
}

static void help(void)
{
	fputs("Usage: roundwatch [list] [options]\n"
	      "\n"
	      "List the processes that left round-to-nearest, worst first.\n"
	      "\n"
	      "     --by <what>       a line for each process, container, pod, unit, user or vm\n"
	      " -t, --threads         a line for each thread, not for each process\n"
	      " -a, --all             those that never left it too\n"
	      " -o, --output <list>   show these columns; +<list>: after the default ones\n"
	      " -J, --json            print JSON\n"
	      " -r, --raw             print words, with blanks in them as \\x20\n"
	      " -n, --noheadings      print no headings\n"
	      COMMON_HELP
	      "\n"
	      "Columns (roundwatch(8) says what is in them):\n", stdout);
	columns_list(stdout, "", columns, ARRAY_SIZE(columns));
}

/* An empty list must not pass for a healthy host if it is not known to be one. */
static void explain_nothing(const struct snapshot *snap)
{
	const struct roundwatch_info *info = &snap->info;
	char age[NUMBER_MAX];

	format_duration(age, snapshot_uptime(snap));
	if (info->dropped)
		error("no task is on record, but %llu observations found no room "
		      "in the table;\nload the module with a larger max_tasks (now %u)",
		      info->dropped, info->max_tasks);
	else if (info->claimed)
		error("no task is on record now; since the module was loaded, %s ago, "
		      "%llu tallies\nwere claimed, and have ended", age, info->claimed);
	else
		error("no task has left round-to-nearest (%llu observations in %s)",
		      info->observations, age);
}

static size_t add_rows(struct table *t, const struct subjects *s, bool all)
{
	size_t rows = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct roundwatch_tally *of = tally(&s->subject[i]);

		if (!all && of->highest == ROUNDWATCH_CLEAR && of->verdict == ROUNDWATCH_CLEAR)
			continue;
		table_add(t, &s->subject[i], (of->flags & ROUNDWATCH_EXITED) ? DIM : NULL);
		rows++;
	}
	return rows;
}

static enum status list(const struct source_options *from, struct table *t, bool threads, bool all,
			enum subject_by by)
{
	struct snapshot snap;
	struct subjects subjects;
	enum status status = snapshot_read(from, &snap);

	if (status)
		return status;
	status = host_open(&host, from->sysroot, snap.live);
	if (status) {
		snapshot_free(&snap);
		return status;
	}
	t->now_ns = snap.now_ns;
	t->realtime_offset_ns = snap.info.realtime_offset_ns;

	if (threads)
		subjects_by_thread(&snap, &subjects);
	else
		subjects_by_process(&snap, &subjects);
	if (by != BY_PROCESS)
		subjects_group(&subjects, &host, by);

	status = snapshot_warn(&snap);
	if (add_rows(t, &subjects, all) || t->format != TABLE_HUMAN)
		table_print(t, "roundwatch");
	else if (!status)
		explain_nothing(&snap);

	subjects_free(&subjects);
	snapshot_free(&snap);
	host_close(&host);
	return status;
}

static enum status run(int argc, char **argv)
{
	enum { OPT_BY = OPT_OWN };
	static const struct option options[] = {
		{ "by",		required_argument,	NULL, OPT_BY },
		{ "threads",	no_argument,		NULL, 't' },
		{ "all",	no_argument,		NULL, 'a' },
		{ "output",	required_argument,	NULL, 'o' },
		{ "json",	no_argument,		NULL, 'J' },
		{ "raw",	no_argument,		NULL, 'r' },
		{ "noheadings",	no_argument,		NULL, 'n' },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	struct table table = { .headings = true };
	bool threads = false, all = false, json = false, raw = false;
	enum subject_by by = BY_PROCESS;
	const char *spec = NULL;
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":tao:Jrn" COMMON_SHORT, options, NULL)) != -1) {
		switch (opt) {
		case OPT_BY:
			if (!find_group(optarg, &by))
				return STATUS_USAGE;
			break;
		case 't':
			threads = true;
			break;
		case 'a':
			all = true;
			break;
		case 'o':
			spec = optarg;
			break;
		case 'J':
			json = true;
			break;
		case 'r':
			raw = true;
			break;
		case 'n':
			table.headings = false;
			break;
		default:
			if (!common_option(&cmd_list, opt, argv, options, &from, &status))
				return status;
		}
	}
	if (optind < argc)
		return extra_argument(&cmd_list, argv[optind]);
	if (json && raw) {
		error("list: --json and --raw exclude each other; use one of them");
		return STATUS_USAGE;
	}
	if (threads && by != BY_PROCESS) {
		error("list: --threads and --by %s exclude each other; use one of them",
		      groups[by].name);
		return STATUS_USAGE;
	}
	table.format = json ? TABLE_JSON : raw ? TABLE_RAW : TABLE_HUMAN;

	status = STATUS_USAGE;
	if (table_choose(&table, columns, ARRAY_SIZE(columns),
			 threads ? thread_defaults : groups[by].defaults, spec))
		status = list(&from, &table, threads, all, by);
	table_free(&table);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "the processes that left round-to-nearest, worst first (default)",
	.help = help,
	.run = run,
};
