// SPDX-License-Identifier: GPL-2.0
/* roundwatch list: processes that left round-to-nearest, worst first */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
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

/* The default columns for each argument of --by. */
static const char *const defaults[][20] = {
	[BY_PROCESS] = {
		"VERDICT", "EVIDENCE", "PID", "THREADS", "COMMAND", "USER", "WHERE", "SINCE",
		COUNTS },
	[BY_CONTAINER] = {
		"VERDICT", "EVIDENCE", "CONTAINER", "RUNTIME", "PROCESSES", "PID", "COMMAND",
		"SINCE", COUNTS },
	[BY_POD] = {
		"VERDICT", "EVIDENCE", "NAMESPACE", "POD", "PROCESSES", "PID", "COMMAND", "SINCE",
		COUNTS },
	[BY_UNIT] = {
		"VERDICT", "EVIDENCE", "UNIT", "PROCESSES", "PID", "COMMAND", "SINCE", COUNTS },
	[BY_USER] = {
		"VERDICT", "EVIDENCE", "USER", "PROCESSES", "PID", "COMMAND", "SINCE", COUNTS },
	[BY_VM] = {
		"VERDICT", "EVIDENCE", "VM", "PROCESSES", "PID", "COMMAND", "SINCE", COUNTS },
};

static void help(void)
{
	fputs("Usage: roundwatch [list] [options] [<pid>...]\n"
	      "List the processes that left round-to-nearest, worst first.\n"
	      "     --by <what>       a line for each process, container, pod, unit, user or vm\n"
	      "     --verdict <list>  only randomx, suspect, rounding, clear or ended\n"
	      "     --since <time>    only changes since this time: 10m, 2h, 22:00, 2026-01-31\n"
	      "     --live            only living processes\n"
	      " -a, --all             also processes that never left it\n"
	      " -t, --threads         a line for each thread, not for each process\n"
	      "     --sort <column>   largest first, instead of worst first\n"
	      "     --time <format>   age, or iso for absolute times\n"
	      "     --allow <file>    allow list instead of " ALLOW_FILE "\n"
	      " -o, --output <list>   show these columns; +<list>: after the default ones\n"
	      " -J, --json; -r, --raw      print JSON; print words, with blanks as \\x20\n"
	      " -n, --noheadings; --color  no headings; auto, always or never\n"
	      COMMON_HELP
	      "Columns (described in roundwatch(8)):\n", stdout);
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

/* Words of --verdict, as present_word() has them. */
static const char *const words[] = { "clear", "rounding", "suspect", "randomx", "ended" };

/**
 * struct list_options - what to list
 * @pid: PIDs, or TIDs of their threads, @pids of them; none: all
 * @verdicts: bits, by the order of @words; 0: all
 * @since: text; NULL: all
 */
struct list_options {
	struct source_options from;
	const char *allow;
	enum subject_by by;
	bool threads, all, live;
	uint32_t *pid;
	size_t pids;
	unsigned int verdicts;
	const char *since;
};

static bool find_verdicts(struct list_options *o, const char *list)
{
	for (size_t n; ; list += n + 1) {
		size_t i;

		n = strcspn(list, ",");
		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (strlen(words[i]) == n && !strncmp(words[i], list, n))
				break;
		if (i == ARRAY_SIZE(words)) {
			error("list: --verdict '%.*s' is none of clear, rounding, suspect, randomx and "
			      "ended", (int)n, list);
			return false;
		}
		o->verdicts |= 1U << i;
		if (!list[n])
			return true;
	}
}

/* The PID of the process that has a thread of that number; @number itself if none has. */
static uint32_t pid_of(const struct snapshot *snap, uint32_t number)
{
	uint32_t pid = number;

	for (size_t i = 0; i < snap->tallies; i++) {
		if (snap->tally[i].tgid == number)
			return number;
		if (snap->tally[i].pid == number)
			pid = snap->tally[i].tgid;
	}
	return pid;
}

/* Leave only the tallies of the processes that were asked for; false if one has none. */
static bool keep_asked(struct snapshot *snap, const struct list_options *o)
{
	struct roundwatch_tally *kept = xrealloc(NULL, snap->tallies, sizeof(*kept));
	bool *known = xrealloc(NULL, o->pids, sizeof(*known)), all = true;
	size_t n = 0;

	for (size_t j = 0; j < o->pids; j++)
		o->pid[j] = pid_of(snap, o->pid[j]);
	memset(known, 0, o->pids * sizeof(*known));
	for (size_t i = 0; i < snap->tallies; i++) {
		bool keep = false;

		for (size_t j = 0; j < o->pids; j++) {
			bool is = snap->tally[i].tgid == o->pid[j];

			known[j] |= is;
			keep |= is;
		}
		if (keep)
			kept[n++] = snap->tally[i];
	}
	for (size_t j = 0; j < o->pids; j++) {
		if (!known[j])
			error("%u: no tally; \"roundwatch explain %u\" may know why", o->pid[j],
			      o->pid[j]);
		all &= known[j];
	}
	free(snap->tally);
	free(known);
	snap->tally = kept;
	snap->tallies = n;
	return all;
}

static bool is_asked(const struct list_options *o, const struct roundwatch_tally *t,
		     uint64_t since_ns)
{
	unsigned int word = tally_ended(t) ? ARRAY_SIZE(words) - 1 : present_verdict(t);

	if (o->verdicts && !(o->verdicts >> word & 1))
		return false;
	if (o->live && tally_ended(t))
		return false;
	if ((tally_ended(t) ? t->last_ns : t->verdict_ns) < since_ns)
		return false;
	return o->all || o->pids || o->verdicts || worst_verdict(t) != ROUNDWATCH_CLEAR;
}

static size_t add_rows(struct table *t, const struct subjects *s, const struct host *host,
		       const struct allow *allow, const struct list_options *o, uint64_t since_ns)
{
	size_t rows = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct row row = { &s->subject[i], host, allow, t };
		const struct roundwatch_tally *of = &row.subject->tally;

		if (!is_asked(o, of, since_ns))
			continue;
		table_add(t, &row, tally_ended(of) ? DIM : NULL);
		rows++;
	}
	return rows;
}

/* In the time of the records, 0 for all; or print an error. */
static bool find_since(const struct list_options *o, const struct snapshot *snap,
		       uint64_t *since_ns)
{
	int64_t offset = snap->info.realtime_offset_ns, moment;

	*since_ns = 0;
	if (!o->since)
		return true;
	if (!parse_moment(o->since, snap->now_ns + (uint64_t)offset, &moment)) {
		error("list: --since '%s' is not a time: " MOMENT_FORMS, o->since);
		return false;
	}
	*since_ns = moment > offset ? moment - offset : 0;
	return true;
}

static enum status list(struct table *t, const struct list_options *o)
{
	struct allow allow = { 0 };
	struct snapshot snap;
	struct subjects subjects;
	struct host host;
	uint64_t since_ns;
	bool known;
	enum status status = snapshot_read(&o->from, &snap);

	if (status)
		return status;
	status = find_since(o, &snap, &since_ns) ? host_open(&host, o->from.sysroot, snap.live) :
		 STATUS_USAGE;
	if (status) {
		snapshot_free(&snap);
		return status;
	}
	/* Prints what is wrong with it; then nothing is shown as allowed that is not. */
	allow_read(&allow, o->allow);
	t->now_ns = snap.now_ns;
	t->realtime_offset_ns = snap.info.realtime_offset_ns;
	known = !o->pids || keep_asked(&snap, o);

	if (o->threads)
		subjects_by_thread(&snap, &subjects);
	else
		subjects_by_process(&snap, &subjects);
	if (o->by != BY_PROCESS)
		subjects_group(&subjects, &host, o->by);

	status = snapshot_warn(&snap);
	if (add_rows(t, &subjects, &host, &allow, o, since_ns) || t->format != TABLE_HUMAN)
		table_print(t, "roundwatch");
	else if (subjects.n)
		error("none of %zu lines is as asked for", subjects.n);
	else if (!status && known)
		explain_nothing(&snap);
	if (!status && !known)
		status = STATUS_FAILURE;

	subjects_free(&subjects);
	allow_free(&allow);
	snapshot_free(&snap);
	host_close(&host);
	return status;
}

/* The PIDs after the options; the caller frees them. */
static bool take_pids(struct list_options *o, char **argv, int n)
{
	o->pid = xrealloc(NULL, n, sizeof(*o->pid));
	for (; *argv; argv++) {
		uint64_t number;

		if (!parse_number(*argv, INT32_MAX, &number) || !number) {
			error("list: '%s' is not a PID; a subcommand comes before all options",
			      *argv);
			return false;
		}
		o->pid[o->pids++] = number;
	}
	return true;
}

static bool check_options(const struct list_options *o)
{
	if (!o->threads || o->by == BY_PROCESS)
		return true;
	error("list: --threads and --by exclude each other; use one of them");
	return false;
}

static enum status run(int argc, char **argv)
{
	enum { OPT_BY = OPT_OWN, OPT_ALLOW, OPT_VERDICT, OPT_SINCE, OPT_LIVE };
	static const struct option options[] = {
		{ "by",		required_argument,	NULL, OPT_BY },
		{ "verdict",	required_argument,	NULL, OPT_VERDICT },
		{ "since",	required_argument,	NULL, OPT_SINCE },
		{ "live",	no_argument,		NULL, OPT_LIVE },
		{ "all",	no_argument,		NULL, 'a' },
		{ "threads",	no_argument,		NULL, 't' },
		{ "allow",	required_argument,	NULL, OPT_ALLOW },
		TABLE_LONG,
		COMMON_LONG,
		{ 0 }
	};
	struct table table = { .headings = true, .get_field = row_get_field };
	struct table_options shown = {
		.command = &cmd_list, .table = &table, .known = row_columns, .n = row_columns_n,
	};
	struct list_options o = { .by = BY_PROCESS };
	enum status status;
	bool bad = false;
	int opt;

	while (!bad && (opt = getopt_long(argc, argv, ":ta" TABLE_SHORT COMMON_SHORT, options,
					  NULL)) != -1) {
		switch (opt) {
		case OPT_BY:
			bad = !option_by(&cmd_list, &o.by);
			break;
		case OPT_VERDICT:
			bad = !find_verdicts(&o, optarg);
			break;
		case OPT_SINCE:
			o.since = optarg;
			break;
		case OPT_LIVE:
			o.live = true;
			break;
		case OPT_ALLOW:
			o.allow = optarg;
			break;
		case 't':
			o.threads = true;
			break;
		case 'a':
			o.all = true;
			break;
		default:
			if (!table_option(&shown, opt, &bad) &&
			    !common_option(&cmd_list, opt, argv, options, &o.from, &status))
				return status;
		}
	}
	status = STATUS_USAGE;
	if (!bad && check_options(&o) && take_pids(&o, argv + optind, argc - optind) &&
	    table_options_end(&shown, o.threads ? thread_defaults : defaults[o.by]))
		status = list(&table, &o);
	table_free(&table);
	free(o.pid);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "the processes that left round-to-nearest, worst first (default)",
	.help = help,
	.run = run,
};
