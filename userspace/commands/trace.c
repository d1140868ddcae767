// SPDX-License-Identifier: GPL-2.0
/* roundwatch trace: shows observations or verdicts as they happen */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "host/sandbox.h"
#include "host/trace-event.h"
#include "host/tracefs.h"
#include "output/table.h"
#include "records/snapshot.h"
#include "records/subject.h"

#define PIDS_MAX	64
#define ALL_MODES	((1U << ROUNDWATCH_MODES) - 1)

/* getopt_long values */
enum { OPT_VERDICTS = OPT_OWN };

/**
 * struct trace - the command line, and the progress
 * @pids: threads or processes to show; none: all
 * @comm: name of the thread; NULL: any
 * @modes: a bit for each mode
 * @count: number of events to show; 0: no limit
 * @seconds: time after which to stop; 0: no limit
 * @offset_ns: offset of an event's time to CLOCK_REALTIME; unknown: INT64_MIN
 * @shown: number of events shown
 * @lost: number of lost events
 * @bad: number of lines that are not events
 */
struct trace {
	uint32_t pid[PIDS_MAX];
	size_t pids;
	const char *comm;
	unsigned int modes;
	bool verdicts;
	bool json;
	uint64_t count;
	uint64_t seconds;

	int64_t offset_ns;
	uint64_t shown;
	uint64_t lost;
	uint64_t bad;
	char text[1 << 16];
	size_t have;
};

static void help(void)
{
	fputs("Usage: roundwatch trace [options]\n"
	      "\n"
	      "Show observations as they happen, until interrupted.\n"
	      "\n"
	      " -p, --pid <list>      only of these processes or threads\n"
	      " -c, --comm <name>     only of threads with this name\n"
	      " -m, --mode <list>     only in these modes, as in RD,RU,RZ\n"
	      "     --verdicts        show verdicts that rise or fall, not observations\n"
	      " -n, --count <n>       stop after this number of lines\n"
	      " -s, --seconds <n>     stop after this time\n"
	      " -J, --json            print one JSON object on each line\n"
	      "With --input, read text that was copied from the kernel's trace_pipe.\n"
	      COMMON_HELP, stdout);
}

static bool wanted(const struct trace *t, const struct trace_event *e)
{
	bool found = !t->pids;

	if (e->type == TRACE_LOST)
		return true;
	if (e->type != (t->verdicts ? TRACE_VERDICT : TRACE_OBSERVATION))
		return false;
	for (size_t i = 0; i < t->pids && !found; i++)
		found = e->pid == t->pid[i] || e->tgid == t->pid[i];
	return found && (!t->comm || !strcmp(e->comm, t->comm)) &&
	       (t->verdicts || t->modes & 1U << e->mode);
}

/* The kernel filters in the same way as far as it can, so that less is copied. */
static char *kernel_filter(const struct trace *t)
{
	const char *between = "(";
	char *filter;
	size_t size;
	FILE *f = open_memstream(&filter, &size);

	if (!f)
		return xasprintf("%s", "");
	/* Exclude this program: printing an event would cause another one. */
	if (!t->pids)
		fprintf(f, "(tgid != %d", getpid());
	for (size_t i = 0; i < t->pids; i++, between = " || ")
		fprintf(f, "%spid == %u || tgid == %u", between, t->pid[i], t->pid[i]);
	fputc(')', f);
	/* A quoted string in a filter has no escapes. */
	if (t->comm && *t->comm && !strpbrk(t->comm, "\"\\*?"))
		fprintf(f, " && comm == \"%s\"", t->comm);
	if (t->modes != ALL_MODES) {
		between = " && (";
		for (int i = 0; i < ROUNDWATCH_MODES; i++) {
			if (!(t->modes & 1U << i))
				continue;
			fprintf(f, "%smode == %d", between, i);
			between = " || ";
		}
		fputc(')', f);
	}
	fclose(f);
	return filter;
}

static void print_heading(const struct trace *t)
{
	if (t->json)
		return;
	if (t->verdicts)
		printf("%-15s %7s %7s %8s %-8s %-8s %s\n",
		       "TIME", "PID", "TID", "EVIDENCE", "FROM", "VERDICT", "COMMAND");
	else
		printf("%-15s %7s %7s %-4s %-7s %-6s %-10s %s\n",
		       "TIME", "PID", "TID", "MODE", "MXCSR", "FCW", "FLAGS", "COMMAND");
}

/* The time of day; if unknown, seconds since boot. */
static void print_time(const struct trace *t, uint64_t ns)
{
	char iso[NUMBER_MAX];

	if (t->offset_ns == INT64_MIN)
		printf("%8" PRIu64 ".%06" PRIu64 " ", ns / NSEC, ns % NSEC / 1000);
	else
		printf("%.15s ", format_iso(iso, ns, t->offset_ns) + strlen("2026-01-01T"));
}

static void print_text(const struct trace *t, const struct trace_event *e)
{
	char *comm = text_for_terminal(e->comm);

	print_time(t, e->time_ns);
	printf("%7u ", e->tgid);
	if (e->process)
		printf("%7s ", "-");
	else
		printf("%7u ", e->pid);
	if (e->type == TRACE_VERDICT)
		printf("%8u %-8s %-8s ", e->evidence, verdict_name(e->before),
		       verdict_name(e->verdict));
	else
		printf("%-4s 0x%-5x 0x%-4x %-10s ", mode_name(e->mode), e->mxcsr, e->fcw,
		       e->guest && e->look ? "guest,look" : e->guest ? "guest" :
		       e->look ? "look" : "-");
	puts(comm);
	free(comm);
}

static void add(json_object *to, const char *name, enum value_type type, uint64_t number,
		int64_t offset_ns)
{
	const struct table clock = { .realtime_offset_ns = offset_ns };
	struct value v = value_number(type, number);

	json_object_object_add(to, name, value_to_json(&clock, &v));
}

static void add_text(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

static json_object *event_json(const struct trace *t, const struct trace_event *e)
{
	static const char *const names[] = { "observation", "verdict", "lost" };
	json_object *object = json_object_new_object();
	bool calendar = e->time_ns && t->offset_ns != INT64_MIN;
	char boottime[NUMBER_MAX];

	add_text(object, "event", names[e->type]);
	if (e->type == TRACE_LOST) {
		add(object, "cpu", VALUE_NUMBER, e->cpu, 0);
		add(object, "lost", e->lost ? VALUE_NUMBER : VALUE_NONE, e->lost, 0);
		return object;
	}
	add(object, "time", calendar ? VALUE_TIME : VALUE_NONE, e->time_ns, t->offset_ns);
	snprintf(boottime, sizeof(boottime), "%" PRIu64 ".%06" PRIu64, e->time_ns / NSEC,
		 e->time_ns % NSEC / 1000);
	json_object_object_add(object, "boottime", json_object_new_double_s(e->time_ns / 1e9,
									    boottime));
	add(object, "cpu", VALUE_NUMBER, e->cpu, 0);
	add(object, "pid", VALUE_NUMBER, e->tgid, 0);
	add(object, "tid", e->process ? VALUE_NONE : VALUE_NUMBER, e->pid, 0);
	add_text(object, "command", e->comm);
	if (e->type == TRACE_VERDICT) {
		add(object, "evidence", VALUE_NUMBER, e->evidence, 0);
		add_text(object, "from", verdict_name(e->before));
		add_text(object, "verdict", verdict_name(e->verdict));
		return object;
	}
	add_text(object, "mode", mode_name(e->mode));
	add(object, "mxcsr", VALUE_HEX, e->mxcsr, 0);
	add(object, "fcw", VALUE_HEX, e->fcw, 0);
	json_object_object_add(object, "guest", json_object_new_boolean(e->guest));
	json_object_object_add(object, "look", json_object_new_boolean(e->look));
	return object;
}

static void print_json(const struct trace *t, const struct trace_event *e)
{
	json_object *object = event_json(t, e);

	put_json(stdout, json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/* JSON output contains lost events in their place; otherwise print a message. */
static void print_event(struct trace *t, const struct trace_event *e)
{
	if (e->type == TRACE_LOST) {
		t->lost += e->lost ? e->lost : 1;
		if (t->json)
			print_json(t, e);
		else if (e->lost)
			error("%" PRIu64 " events of CPU %u were lost here; ask for fewer, as with "
			      "--pid or --mode", e->lost, e->cpu);
		else
			error("events of CPU %u were lost here; ask for fewer, as with --pid or "
			      "--mode", e->cpu);
		return;
	}
	t->shown++;
	if (t->json)
		print_json(t, e);
	else
		print_text(t, e);
}

static bool enough(const struct trace *t)
{
	return t->count && t->shown >= t->count;
}

/* Print the events read so far; @last: no more will follow. */
static void print_events(struct trace *t, bool last)
{
	size_t done = 0, used;
	struct trace_event e;

	while (done < t->have && !enough(t)) {
		enum trace_result result;

		result = trace_event_parse(t->text + done, t->have - done, &used, &e);
		if (result == TRACE_SHORT && !last)
			break;
		if (result == TRACE_READ) {
			if (wanted(t, &e))
				print_event(t, &e);
		} else {
			t->bad++;
			used = used ? used : t->have - done;
		}
		done += used;
	}
	t->have -= done;
	memmove(t->text, t->text + done, t->have);
	/* No event is as long as the buffer. */
	if (t->have == sizeof(t->text)) {
		t->bad++;
		t->have = 0;
	}
}

/* Read and print events. Returns the bytes read, 0 if there are none, -1 at the end or on error. */
static ssize_t read_events(struct trace *t, int fd)
{
	ssize_t n = read(fd, t->text + t->have, sizeof(t->text) - t->have);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (!n)
		errno = 0;
	if (n > 0)
		t->have += n;
	print_events(t, n <= 0);
	fflush(stdout);
	return n > 0 && !ferror(stdout) ? n : -1;
}

static enum status told(const struct trace *t)
{
	if (!t->bad)
		return STATUS_OK;
	error("%" PRIu64 " lines of the trace are no events as roundwatch %s knows them; are the "
	      "module and this program of one release?", t->bad, VERSION);
	return STATUS_FAILURE;
}

static enum status replay(struct trace *t, const char *name)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;

	if (fd < 0) {
		error("%s: %s", name, strerror(errno));
		return STATUS_FAILURE;
	}
	sandbox_enter(0);
	t->offset_ns = INT64_MIN;
	print_heading(t);
	while (!enough(t) && read_events(t, fd) >= 0)
		;
	if (!enough(t) && errno && !ferror(stdout)) {
		error("%s: %s", name, strerror(errno));
		t->bad++;
	}
	if (fd != STDIN_FILENO)
		close(fd);
	return told(t);
}

static uint64_t clock_ns(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/*
 * Run until a limit is reached, a signal comes or the device hangs up.
 */
static enum status follow(struct trace *t, struct tracefs *fs, struct source *source)
{
	uint64_t end_ns = deadline(t->seconds);
	struct pollfd fds[] = {
		{ .fd = fs->pipe, .events = POLLIN },
		{ .fd = source->fd },
	};
	bool gone = false;

	while (!enough(t) && !signals_came() && !gone) {
		struct timespec left;
		int n;

		if (t->seconds && !deadline_left(end_ns, &left))
			break;
		n = signals_poll(fds, ARRAY_SIZE(fds), t->seconds ? &left : NULL);
		if (n < 0 && errno != EINTR) {
			error("trace_pipe: %s", strerror(errno));
			return STATUS_FAILURE;
		}
		if (n <= 0)
			continue;
		gone = fds[1].revents;
		if (gone)
			source_close(source);
		if (fds[0].revents && read_events(t, fs->pipe) < 0)
			break;
	}
	/* Only the events up to this moment. */
	tracefs_stop(fs);
	while (!enough(t) && read_events(t, fs->pipe) > 0)
		;
	if (gone) {
		error("the module was unloaded");
		return STATUS_NO_MODULE;
	}
	return told(t);
}

/* An empty trace must not look like a quiet host. */
static void explain_nothing(const struct trace *t, const struct roundwatch_info *before,
			    const struct source *source)
{
	struct roundwatch_info now;

	if (t->shown || t->lost || source->fd < 0 || !source_counters(source, &now))
		return;
	error("no such event; the module made %" PRIu64 " observations meanwhile",
	      (uint64_t)(now.observations - before->observations));
}

static enum status live(struct trace *t, const struct source_options *from)
{
	static struct source source;
	struct snapshot snap = { 0 };
	const struct roundwatch_header *record;
	enum status status = source_open(&source, from);
	struct tracefs fs;
	struct host host;
	char *filter;

	if (status)
		return status;
	status = source_next(&source, &record);
	if (!status)
		status = host_open(&host, from->sysroot, true);
	if (status) {
		source_close(&source);
		return status;
	}
	source_copy_info(&snap.info, record);
	snap.now_ns = record->time_ns;
	signals_catch();
	filter = kernel_filter(t);
	status = tracefs_open(&fs, &host, t->verdicts ? "verdict" : "observation", filter);
	if (!status) {
		enum status closed, blind = snapshot_warn(&snap);

		sandbox_enter(SANDBOX_WRITE);
		/* The module's, as this program may be in a time namespace. */
		t->offset_ns = snap.info.realtime_offset_ns;
		if (fs.clock != CLOCK_BOOTTIME)
			t->offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(fs.clock);
		print_heading(t);
		fflush(stdout);
		status = follow(t, &fs, &source);
		explain_nothing(t, &snap.info, &source);
		closed = tracefs_close(&fs);
		status = status ? status : blind ? blind : closed;
	}
	free(filter);
	host_close(&host);
	source_close(&source);
	return status;
}

static bool bad_value(const char *option, const char *value, const char *what)
{
	error("trace: --%s '%s': %s", option, value, what);
	return false;
}

static bool parse_pids(struct trace *t, char *list)
{
	for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		uint64_t pid;

		if (!parse_number(word, INT32_MAX, &pid) || !pid)
			return bad_value("pid", word, "no PID; use numbers with commas between");
		if (t->pids == PIDS_MAX)
			return bad_value("pid", word, "too many; at most 64 can be told apart");
		t->pid[t->pids++] = pid;
	}
	return t->pids || bad_value("pid", list, "no PID; use numbers with commas between");
}

static bool parse_modes(struct trace *t, char *list)
{
	t->modes = 0;
	for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		int mode = 0;

		while (mode < ROUNDWATCH_MODES && strcasecmp(word, mode_name(mode)))
			mode++;
		if (mode == ROUNDWATCH_MODES)
			return bad_value("mode", word, "no mode; there are RN, RD, RU and RZ");
		t->modes |= 1U << mode;
	}
	return t->modes || bad_value("mode", list, "no mode; there are RN, RD, RU and RZ");
}

/* A process that is not there now does nothing that could be shown. */
static bool all_there(const struct trace *t)
{
	for (size_t i = 0; i < t->pids; i++) {
		if (!kill(t->pid[i], 0) || errno != ESRCH)
			continue;
		error("trace: --pid %u: no such process or thread", t->pid[i]);
		return false;
	}
	return true;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pid",	required_argument,	NULL, 'p' },
		{ "comm",	required_argument,	NULL, 'c' },
		{ "mode",	required_argument,	NULL, 'm' },
		{ "verdicts",	no_argument,		NULL, OPT_VERDICTS },
		{ "count",	required_argument,	NULL, 'n' },
		{ "seconds",	required_argument,	NULL, 's' },
		{ "json",	no_argument,		NULL, 'J' },
		COMMON_LONG,
		{ 0 }
	};
	static struct trace t;
	struct source_options from = { 0 };
	enum status status;
	int opt;

	t = (struct trace){ .modes = ALL_MODES };
	while ((opt = getopt_long(argc, argv, ":p:c:m:n:s:J" COMMON_SHORT, options, NULL)) != -1) {
		bool good = true;

		switch (opt) {
		case 'p':
			good = parse_pids(&t, optarg);
			break;
		case 'c':
			t.comm = optarg;
			good = strlen(optarg) < sizeof(((struct trace_event *)NULL)->comm) ||
			       bad_value("comm", optarg, "longer than the 15 bytes of a name");
			break;
		case 'm':
			good = parse_modes(&t, optarg);
			break;
		case OPT_VERDICTS:
			t.verdicts = true;
			break;
		case 'n':
			good = option_number(&cmd_trace, "count", &t.count);
			break;
		case 's':
			good = option_number(&cmd_trace, "seconds", &t.seconds);
			break;
		case 'J':
			t.json = true;
			break;
		default:
			if (!common_option(&cmd_trace, opt, argv, options, &from, &status))
				return status;
		}
		if (!good)
			return STATUS_USAGE;
	}
	if (optind < argc)
		return extra_argument(&cmd_trace, argv[optind]);
	if (t.verdicts && t.modes != ALL_MODES) {
		error("trace: --verdicts and --mode exclude each other: a verdict is in no mode");
		return STATUS_USAGE;
	}
	if (from.input)
		return replay(&t, from.input);
	if (!all_there(&t))
		return STATUS_FAILURE;
	return live(&t, &from);
}

const struct command cmd_trace = {
	.name = "trace",
	.summary = "observations or verdicts as they happen",
	.help = help,
	.run = run,
};
