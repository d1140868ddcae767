// SPDX-License-Identifier: GPL-2.0
/* roundwatch history: who was accused, when, and for how long, from what monitor reported */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "base/moment.h"
#include "base/util.h"
#include "command.h"
#include "output/table.h"
#include "past/past.h"

#define DIM	"\033[2m"
#define RED	"\033[31m"
#define YELLOW	"\033[33m"

#define GAPS_TOLD	5	/* on standard error; JSON has all */

/* Ages beyond which ls(1) shows the year, too. */
#define HALF_YEAR	((int64_t)(182 * 24 * 60 * 60 * NSEC))

static const char *const defaults[] = {
	"VERDICT", "HOST", "PID", "COMMAND", "USER", "WHERE", "FROM", "FOR", "END", NULL
};

/**
 * struct history - the answer
 * @since_ns, @until_ns: the time that was asked about
 * @now_ns: CLOCK_REALTIME
 * @ages: show times as ages
 */
struct history {
	struct past past;
	struct spans spans, gaps;
	struct episodes episodes;
	int64_t since_ns, until_ns, now_ns;
	bool ages;
	struct table table;
};

/* A line of the table. */
struct line {
	const struct episode *of;
	const struct history *in;
};

static const struct episode *episode(const void *row)
{
	const struct line *line = row;

	return line->of;
}

static const struct history *history(const void *row)
{
	const struct line *line = row;

	return line->in;
}

static const char *get_text(const void *row, enum entry_field which)
{
	return episode(row)->last->field[which];
}

/**
 * struct field - a field of the event that a column shows unchanged
 */
struct field {
	enum entry_field which;
	enum value_type type;
};

static struct value get_field(const void *row, const struct field *f)
{
	const char *text = get_text(row, f->which);
	uint64_t number;

	if (f->type == VALUE_ID)
		return value_id(text);
	if (f->type == VALUE_LIST)
		return value_list(xasprintf("%s", text ? text : ""));
	if (f->type != VALUE_NUMBER)
		return value_copy(text);
	if (!text || !parse_number(text, UINT64_MAX, &number))
		return value_none();
	return value_number(VALUE_NUMBER, number);
}

/* "Nov 26 23:12", or with the year if that is not clear. */
static char *short_time(int64_t ns, int64_t now_ns)
{
	time_t s = ns / (int64_t)NSEC;
	char text[32];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(text, sizeof(text), ns > now_ns || now_ns - ns > HALF_YEAR ? "%b %d  %Y" :
		 "%b %d %H:%M", &tm);
	return xasprintf("%s", text);
}

static struct value time_value(const struct history *h, int64_t ns)
{
	struct value v;

	if (ns <= 0)
		return value_none();
	if (h->ages || h->table.iso)
		return value_number(VALUE_TIME, ns);
	v = value_text(short_time(ns, h->now_ns));
	v.number = ns;
	return v;
}

static struct value get_verdict(const void *row)
{
	const struct episode *one = episode(row);
	struct value v = value_copy(verdict_name(one->highest));

	v.number = one->highest;
	if (!one->last->field[E_ALLOWED_BY])
		v.color = one->highest >= ROUNDWATCH_RANDOMX ? RED : YELLOW;
	return v;
}

static size_t hosts(const struct past *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->boots; i++) {
		bool known = false;

		for (size_t j = 0; j < i; j++)
			known |= !strcmp(p->boot[i].host, p->boot[j].host);
		n += !known;
	}
	return n;
}

static struct value get_host(const void *row)
{
	const struct history *h = history(row);
	const char *name = h->past.boot[episode(row)->last->boot].name;

	/* In a table of one host it says nothing. */
	if (!*name || (h->table.format == TABLE_HUMAN && !h->table.fixed && hosts(&h->past) < 2))
		return value_none();
	return value_copy(name);
}

static struct value get_user(const void *row)
{
	const char *name = get_text(row, E_USER);

	return value_copy(name ? name : get_text(row, E_UID));
}

static struct value get_where(const void *row)
{
	struct identity id;

	entry_identity(episode(row)->last, &id);
	return value_text(identity_place(&id));
}

static struct value get_from(const void *row)
{
	const struct episode *one = episode(row);

	return one->cut ? value_none() : time_value(history(row), one->from_ns);
}

static bool has_end(const struct episode *one)
{
	return one->end == END_ENDED || one->end == END_FELL;
}

static struct value get_until(const void *row)
{
	const struct episode *one = episode(row);

	return has_end(one) ? time_value(history(row), one->until_ns) : value_none();
}

static struct value get_last(const void *row)
{
	return time_value(history(row), episode(row)->until_ns);
}

static struct value get_for(const void *row)
{
	const struct episode *one = episode(row);
	bool longer = one->cut || one->end == END_UNKNOWN || one->end == END_RESTARTED;
	char buf[NUMBER_MAX];
	struct value v;

	if (history(row)->table.format != TABLE_HUMAN)
		return value_number(VALUE_DURATION, one->length_ns);
	v = value_text(xasprintf("%s%s", longer ? ">" : "", format_duration(buf, one->length_ns)));
	v.number = one->length_ns;
	return v;
}

/* What was done about it: "kill done", "stop refused". */
static char *response(const struct episode *one)
{
	const char *action = one->response ? one->response->field[E_RESPONSE] : NULL;
	const char *outcome = one->response ? one->response->field[E_OUTCOME] : NULL;

	return action ? xasprintf("%s %s", action, outcome ? outcome : "tried") : NULL;
}

static struct value get_end(const void *row)
{
	static const char *const word[] = {
		[END_UNKNOWN] = "unknown",
		[END_ENDED] = "ended",
		[END_FELL] = "fell",
		[END_RUNNING] = "running",
		[END_RESTARTED] = "host restarted",
	};
	const struct episode *one = episode(row);
	const char *allowed = one->last->field[E_ALLOWED_BY];
	struct value v = value_copy(word[one->end]);
	char *what = response(one);

	/* In words, what else matters about it; in other formats, columns have that. */
	if (history(row)->table.format == TABLE_HUMAN && (allowed || what)) {
		char *longer = xasprintf("%s, %s", v.text, allowed ? "allowed" : what);

		free(v.text);
		v.text = longer;
	}
	if (one->end == END_RUNNING && !allowed)
		v.color = RED;
	free(what);
	return v;
}

static struct value get_response(const void *row)
{
	return value_text(response(episode(row)));
}

static struct value get_start(const void *row)
{
	const char *text = get_text(row, E_START);
	int64_t ns;

	return text && parse_iso(text, &ns) ? time_value(history(row), ns) : value_none();
}

static struct value get_boot(const void *row)
{
	const char *id = history(row)->past.boot[episode(row)->last->boot].id;

	return *id ? value_copy(id) : value_none();
}

#define FIELD(type, which)	.field = &(const struct field) { which, VALUE_##type }

static const struct column columns[] = {
	{ "VERDICT", 0, 0, .get = get_verdict },
	{ "HOST", COLUMN_TRUNC | COLUMN_SPARSE, 0, .get = get_host },
	{ "PID", COLUMN_RIGHT, 0, FIELD(NUMBER, E_PID) },
	{ "COMMAND", COLUMN_TRUNC, 0, FIELD(TEXT, E_COMM) },
	{ "USER", COLUMN_TRUNC, 0, .get = get_user },
	{ "WHERE", COLUMN_TRUNC | COLUMN_SPARSE, 0, .get = get_where },
	{ "FROM", COLUMN_RIGHT, 0, .get = get_from },
	{ "UNTIL", COLUMN_RIGHT, 0, .get = get_until },
	{ "FOR", COLUMN_RIGHT, 0, .get = get_for },
	{ "END", 0, 0, .get = get_end },
	{ "LAST", COLUMN_RIGHT, 0, .get = get_last },
	{ "ALLOWED", COLUMN_TRUNC, 0, FIELD(TEXT, E_ALLOWED_BY) },
	{ "RESPONSE", COLUMN_TRUNC, 0, .get = get_response },
	{ "EVIDENCE", COLUMN_RIGHT, 0, FIELD(NUMBER, E_EVIDENCE) },
	{ "UID", COLUMN_RIGHT, 0, FIELD(NUMBER, E_UID) },
	{ "START", COLUMN_RIGHT, 0, .get = get_start },
	{ "FLAGS", 0, 0, FIELD(LIST, E_FLAGS) },
	{ "EXE", COLUMN_TRUNC, 0, FIELD(TEXT, E_EXE) },
	{ "CMDLINE", COLUMN_TRUNC, 0, FIELD(TEXT, E_CMDLINE) },
	{ "PPID", COLUMN_RIGHT, 0, FIELD(NUMBER, E_PPID) },
	{ "PARENT", COLUMN_TRUNC, 0, FIELD(TEXT, E_PARENT) },
	{ "UNIT", COLUMN_TRUNC, 0, FIELD(TEXT, E_UNIT) },
	{ "RUNTIME", 0, 0, FIELD(TEXT, E_RUNTIME) },
	{ "CONTAINER", COLUMN_TRUNC, 0, FIELD(ID, E_CONTAINER) },
	{ "CONTAINER_NAME", COLUMN_TRUNC, 0, FIELD(TEXT, E_CONTAINER_NAME) },
	{ "IMAGE", COLUMN_TRUNC, 0, FIELD(TEXT, E_IMAGE) },
	{ "POD", COLUMN_TRUNC, 0, FIELD(TEXT, E_POD) },
	{ "NAMESPACE", COLUMN_TRUNC, 0, FIELD(TEXT, E_NAMESPACE) },
	{ "POD_UID", COLUMN_TRUNC, 0, FIELD(ID, E_POD_UID) },
	{ "VM", COLUMN_TRUNC, 0, FIELD(TEXT, E_VM) },
	{ "CGROUP", COLUMN_TRUNC, 0, FIELD(TEXT, E_CGROUP) },
	{ "BOOT", 0, 0, .get = get_boot },
	{ "ENTITY", COLUMN_TRUNC, 0, FIELD(TEXT, E_ENTITY) },
};

static void help(void)
{
	fputs("Usage: roundwatch history [options]\n"
	      "List who was accused, when and for how long, from what monitor reported to the\n"
	      "journal.\n"
	      "     --since <time>    only what went on since: 2h, 22:00, yesterday, 2026-01-31\n"
	      "     --until <time>    only what began until this time\n"
	      " -i, --input <file>    read events as JSON instead; \"-\" is standard input\n"
	      "     --directory <dir> read the files of a journal in this directory\n"
	      "     --sysroot <dir>   read journal and /proc in this copy of a host's files\n"
	      "     --untrusted       also entries that any user may have written\n"
	      "     --sort <column>   largest first, instead of oldest first\n"
	      "     --time <format>   date, age, or iso for complete times\n"
	      " -o, --output <list>   show these columns; +<list>: after the default ones\n"
	      " -J, --json; -r, --raw      print JSON; print words, with blanks as \\x20\n"
	      " -n, --noheadings; --color  no headings; auto, always or never\n"
	      " -h, --help; -V, --version  show this help; show the version\n"
	      "Columns (described in roundwatch(8)):\n", stdout);
	columns_list(stdout, "", columns, ARRAY_SIZE(columns));
}

static bool is_asked(const struct history *h, const struct episode *one)
{
	int64_t until_ns = one->until_ns;

	if (one->from_ns > h->until_ns)
		return false;
	if (one->end == END_RUNNING)
		return true;
	/* It may have gone on, but not longer than its host. */
	if (one->end == END_UNKNOWN || one->end == END_RESTARTED)
		until_ns = h->past.boot[one->last->boot].last_ns;
	return until_ns >= h->since_ns;
}

static size_t add_lines(struct history *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->episodes.n; i++) {
		const struct line line = { .of = &h->episodes.episode[i], .in = h };

		if (!is_asked(h, line.of))
			continue;
		table_add(&h->table, &line, line.of->last->field[E_ALLOWED_BY] ? DIM : NULL);
		n++;
	}
	return n;
}

/* Without --since, from the first that is known of the monitor; without --until, to the end. */
static void find_window(struct history *h)
{
	const struct past *p = &h->past;
	int64_t last_ns = h->since_ns;

	if (!h->since_ns)
		h->since_ns = p->n ? p->entry[0].time_ns : p->boots ? p->boot[0].first_ns : 0;
	if (h->until_ns != INT64_MAX)
		return;
	for (size_t i = 0; i < p->boots; i++)
		if (p->boot[i].last_ns > last_ns)
			last_ns = p->boot[i].last_ns;
	h->until_ns = p->present && p->now_ns ? p->now_ns : last_ns;
}

static json_object *json_time(int64_t ns)
{
	char text[NUMBER_MAX];

	return json_object_new_string(format_iso(text, ns, 0));
}

/* Nothing at all is a gap without limits. */
static json_object *json_gaps(const struct history *h)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < h->gaps.n || (!i && !h->past.n); i++) {
		const struct span *gap = i < h->gaps.n ? &h->gaps.span[i] : NULL;
		const char *why = watch_text(gap ? gap->watch : NO_RECORD);
		bool of_host = gap && gap->watch != NO_RECORD;
		json_object *o = json_object_new_object();

		json_object_object_add(o, "host", of_host && *h->past.boot[gap->boot].name ?
				       json_object_new_string(h->past.boot[gap->boot].name) : NULL);
		json_object_object_add(o, "from", gap ? json_time(gap->from_ns) : NULL);
		json_object_object_add(o, "until", gap ? json_time(gap->until_ns) : NULL);
		json_object_object_add(o, "why", json_object_new_string(why));
		json_object_array_add(array, o);
	}
	return array;
}

static void print(struct history *h)
{
	json_object *o;

	if (h->table.format != TABLE_JSON) {
		table_print(&h->table, "history");
		return;
	}
	o = table_to_json(&h->table, "history");
	json_object_object_add(o, "not_watched", json_gaps(h));
	json_put(o);
}

/* Say what makes the answer incomplete; silence must not look like health. */
static enum status tell_gaps(const struct history *h)
{
	const struct past *p = &h->past;
	enum status status = STATUS_OK;
	bool several = hosts(p) > 1;

	if (p->foreign)
		error("%s: %zu event%s left out, as user %s wrote it and not the monitor; "
		      "--untrusted shows it", p->name, p->foreign, p->foreign == 1 ? "" : "s",
		      p->foreign_uid);
	if (p->odd)
		error("%s: %zu of %zu lines are no JSON and were left out", p->name, p->odd,
		      p->lines);
	if (p->odd || p->damaged)
		status = STATUS_BLIND;
	for (size_t i = 0; i < h->gaps.n; i++) {
		const struct span *gap = &h->gaps.span[i];
		char *from = short_time(gap->from_ns, h->now_ns);
		char *until = short_time(gap->until_ns, h->now_ns);
		char *name = text_for_terminal(p->boot[gap->boot].name);

		status = STATUS_BLIND;
		if (!i)
			error("who mined at these times is not known:");
		if (i < GAPS_TOLD)
			error("%s%s%s to %s: %s", several && gap->watch != NO_RECORD ? name : "",
			      several && gap->watch != NO_RECORD ? ": " : "", from, until,
			      watch_text(gap->watch));
		free(from);
		free(until);
		free(name);
	}
	if (h->gaps.n > GAPS_TOLD)
		error("and so at %zu more times; --json has all", h->gaps.n - GAPS_TOLD);
	return status;
}

static enum status tell_nothing(const struct history *h)
{
	const struct past *p = &h->past;

	if (p->mute)
		error("%s: %zu lines of roundwatch, but none is an event: monitor wrote them with "
		      "--format text or syslog", p->name, p->mute);
	else if (p->journal)
		error("%s: nothing of the monitor: it has never run, or the journal does not go "
		      "back so far; systemctl enable --now roundwatch-monitor", p->name);
	else
		error("%s: no event of the monitor", p->name);
	return STATUS_BLIND;
}

static void tell_nobody(const struct history *h)
{
	char *from = short_time(h->since_ns, h->now_ns);
	char *until = short_time(h->until_ns, h->now_ns);

	error("nobody was accused from %s to %s%s", from, until,
	      h->gaps.n ? " while the monitor watched" : "");
	free(from);
	free(until);
}

static enum status answer(struct history *h, const struct host *host)
{
	enum status status;
	size_t n;

	find_window(h);
	spans_find(&h->spans, &h->past);
	spans_gaps(&h->gaps, &h->spans, &h->past, h->since_ns, h->until_ns);
	episodes_find(&h->episodes, &h->past, &h->spans, host);
	n = add_lines(h);
	if (n || h->table.format != TABLE_HUMAN)
		print(h);
	if (!h->past.n) {
		tell_gaps(h);
		return tell_nothing(h);
	}
	status = tell_gaps(h);
	if (!n && h->table.format == TABLE_HUMAN)
		tell_nobody(h);
	return status;
}

static bool find_moment(const struct history *h, const char *option, const char *text, int64_t *to)
{
	if (parse_moment(text, h->now_ns, to))
		return true;
	error("history: --%s '%s' is not a time: " MOMENT_FORMS, option, text);
	return false;
}

static bool check_options(const struct history *h, const struct past_options *o)
{
	if (o->input && (o->directory || o->sysroot))
		error("history: --input excludes --directory and --sysroot; use one of them");
	else if (h->since_ns > h->until_ns)
		error("history: --since is later than --until");
	else
		return true;
	return false;
}

static enum status read_and_answer(struct history *h, const struct past_options *o)
{
	enum status status = past_read(&h->past, o);
	struct host host = { .root = -1, .proc = -1 };

	if (!status)
		status = host_open(&host, o->sysroot, h->past.present);
	if (!status)
		status = answer(h, &host);
	host_close(&host);
	free(h->spans.span);
	free(h->gaps.span);
	free(h->episodes.episode);
	past_free(&h->past);
	return status;
}

static enum status run(int argc, char **argv)
{
	enum { OPT_SINCE = OPT_OWN, OPT_UNTIL, OPT_DIRECTORY, OPT_UNTRUSTED };
	static const struct option options[] = {
		{ "since",	required_argument,	NULL, OPT_SINCE },
		{ "until",	required_argument,	NULL, OPT_UNTIL },
		{ "input",	required_argument,	NULL, 'i' },
		{ "directory",	required_argument,	NULL, OPT_DIRECTORY },
		{ "sysroot",	required_argument,	NULL, OPT_SYSROOT },
		{ "untrusted",	no_argument,		NULL, OPT_UNTRUSTED },
		TABLE_LONG,
		{ "help",	no_argument,		NULL, 'h' },
		{ "version",	no_argument,		NULL, 'V' },
		{ 0 }
	};
	struct history h = {
		.table = { .headings = true, .get_field = get_field }, .until_ns = INT64_MAX,
	};
	struct table_options shown = {
		.command = &cmd_history, .table = &h.table, .known = columns,
		.n = ARRAY_SIZE(columns), .dates = true,
	};
	struct past_options o = { 0 };
	struct source_options from = { 0 };
	enum status status;
	struct timespec now;
	bool bad = false;
	int opt;

	clock_gettime(CLOCK_REALTIME, &now);
	h.now_ns = now.tv_sec * (int64_t)NSEC + now.tv_nsec;
	while (!bad &&
	       (opt = getopt_long(argc, argv, ":i:hV" TABLE_SHORT, options, NULL)) != -1) {
		switch (opt) {
		case OPT_SINCE:
			bad = !find_moment(&h, "since", optarg, &h.since_ns);
			break;
		case OPT_UNTIL:
			bad = !find_moment(&h, "until", optarg, &h.until_ns);
			break;
		case OPT_DIRECTORY:
			o.directory = optarg;
			break;
		case OPT_UNTRUSTED:
			o.untrusted = true;
			break;
		default:
			if (!table_option(&shown, opt, &bad) &&
			    !common_option(&cmd_history, opt, argv, options, &from, &status))
				return status;
		}
	}
	h.ages = shown.ages;
	h.table.now_ns = h.now_ns;
	o.input = from.input;
	o.sysroot = from.sysroot;
	status = STATUS_USAGE;
	if (!bad && argv[optind])
		status = extra_argument(&cmd_history, argv[optind]);
	else if (!bad && check_options(&h, &o) && table_options_end(&shown, defaults))
		status = read_and_answer(&h, &o);
	table_free(&h.table);
	return status;
}

const struct command cmd_history = {
	.name = "history",
	.summary = "who was accused, when and for how long, from the journal",
	.help = help,
	.run = run,
};
