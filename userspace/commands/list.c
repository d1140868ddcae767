// SPDX-License-Identifier: GPL-2.0
/* roundwatch list: processes that left round-to-nearest, worst first */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "command.h"
#include "output/columns.h"
#include "records/snapshot.h"
#include "records/subject.h"

#define DIM	"\033[2m"

#define COUNTS "RN", "RD", "RU", "RZ", "CHANGES", "FIRST", "LAST", "FLAGS", "NOTE", NULL

static const char *const thread_defaults[] = {
	"VERDICT", "EVIDENCE", "PID", "TID", "COMMAND", "USER", "WHERE", "SINCE", COUNTS
};

/* Arguments of --by, and the default columns for each. */
static const struct {
	const char *name;
	const char *defaults[20];
} groups[] = {
	[BY_PROCESS] = { "process", {
		"VERDICT", "EVIDENCE", "PID", "THREADS", "COMMAND", "USER", "WHERE", "SINCE",
		COUNTS } },
	[BY_CONTAINER] = { "container", {
		"VERDICT", "EVIDENCE", "CONTAINER", "RUNTIME", "PROCESSES", "PID", "COMMAND",
		"SINCE", COUNTS } },
	[BY_POD] = { "pod", {
		"VERDICT", "EVIDENCE", "NAMESPACE", "POD", "PROCESSES", "PID", "COMMAND", "SINCE",
		COUNTS } },
	[BY_UNIT] = { "unit", {
		"VERDICT", "EVIDENCE", "UNIT", "PROCESSES", "PID", "COMMAND", "SINCE", COUNTS } },
	[BY_USER] = { "user", {
		"VERDICT", "EVIDENCE", "USER", "PROCESSES", "PID", "COMMAND", "SINCE", COUNTS } },
	[BY_VM] = { "vm", {
		"VERDICT", "EVIDENCE", "VM", "PROCESSES", "PID", "COMMAND", "SINCE", COUNTS } },
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
	      "     --allow <file>    mark those that may mine, not by " ALLOW_FILE "\n"
	      " -t, --threads         a line for each thread, not for each process\n"
	      " -a, --all             those that never left it too\n"
	      " -o, --output <list>   show these columns; +<list>: after the default ones\n"
	      " -J, --json            print JSON\n"
	      " -r, --raw             print words, with blanks in them as \\x20\n"
	      " -n, --noheadings      print no headings\n"
	      COMMON_HELP
	      "\n"
	      "Columns (roundwatch(8) says what is in them):\n", stdout);
	columns_list(stdout, "", row_columns, row_columns_n);
}

/* Say why the list is empty: it does not always mean that the host is clean. */
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

static size_t add_rows(struct table *t, const struct subjects *s, const struct host *host,
		       const struct allow *allow, bool all)
{
	size_t rows = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct row row = { &s->subject[i], host, allow, t };
		const struct roundwatch_tally *of = &row.subject->tally;

		if (!all && worst_verdict(of) == ROUNDWATCH_CLEAR)
			continue;
		table_add(t, &row, tally_ended(of) ? DIM : NULL);
		rows++;
	}
	return rows;
}

static enum status list(const struct source_options *from, struct table *t, bool threads, bool all,
			enum subject_by by, const char *allow_path)
{
	struct allow allow = { 0 };
	struct snapshot snap;
	struct subjects subjects;
	struct host host;
	enum status status = snapshot_read(from, &snap);

	if (status)
		return status;
	status = host_open(&host, from->sysroot, snap.live);
	if (status) {
		snapshot_free(&snap);
		return status;
	}
	/* Prints what is wrong with it; then nothing is shown as allowed that is not. */
	allow_read(&allow, allow_path);
	t->now_ns = snap.now_ns;
	t->realtime_offset_ns = snap.info.realtime_offset_ns;

	if (threads)
		subjects_by_thread(&snap, &subjects);
	else
		subjects_by_process(&snap, &subjects);
	if (by != BY_PROCESS)
		subjects_group(&subjects, &host, by);

	status = snapshot_warn(&snap);
	if (add_rows(t, &subjects, &host, &allow, all) || t->format != TABLE_HUMAN)
		table_print(t, "roundwatch");
	else if (!status)
		explain_nothing(&snap);

	subjects_free(&subjects);
	allow_free(&allow);
	snapshot_free(&snap);
	host_close(&host);
	return status;
}

static enum status run(int argc, char **argv)
{
	enum { OPT_BY = OPT_OWN, OPT_ALLOW };
	static const struct option options[] = {
		{ "by",		required_argument,	NULL, OPT_BY },
		{ "allow",	required_argument,	NULL, OPT_ALLOW },
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
	struct table table = { .headings = true, .get_field = row_get_field };
	bool threads = false, all = false, json = false, raw = false;
	enum subject_by by = BY_PROCESS;
	const char *spec = NULL, *allow_path = NULL;
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":tao:Jrn" COMMON_SHORT, options, NULL)) != -1) {
		switch (opt) {
		case OPT_BY:
			if (!find_group(optarg, &by))
				return STATUS_USAGE;
			break;
		case OPT_ALLOW:
			allow_path = optarg;
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
	table.iso = table.format != TABLE_HUMAN;

	status = STATUS_USAGE;
	if (table_choose(&table, row_columns, row_columns_n,
			 threads ? thread_defaults : groups[by].defaults, spec))
		status = list(&from, &table, threads, all, by, allow_path);
	table_free(&table);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "the processes that left round-to-nearest, worst first (default)",
	.help = help,
	.run = run,
};
