// SPDX-License-Identifier: GPL-2.0
/* roundwatch check: a plugin for Nagios, Icinga and similar monitoring systems */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "command.h"
#include "output/standing.h"
#include "records/snapshot.h"

/* Exit statuses of a plugin. They differ from those of the other subcommands. */
enum state {
	STATE_OK = 0,
	STATE_WARNING = 1,
	STATE_CRITICAL = 2,
	STATE_UNKNOWN = 3,
};

enum {
	OPT_SUSPECT = OPT_OWN,
	OPT_ALLOW,
};

/* The line names the worst processes and the number of the others. */
#define NAMES 5

/* A module that sees makes an observation each time this program sleeps. */
#define TRIES	20
#define TRY_NS	50000000L

/**
 * struct finding - the result of a check
 * @count: living processes by verdict, without allowed ones
 * @allowed: living processes that are suspect or worse, and allowed
 * @names, @allowed_names: text
 * @doubtful: accused processes that the allow list might allow, if more were known
 * @doubts: what is not known, a line for each of the first NAMES; NULL: nothing
 * @worst: PID of the worst that is not allowed
 */
struct finding {
	size_t count[ROUNDWATCH_RANDOMX + 1];
	size_t allowed;
	char *names;
	char *allowed_names;
	size_t doubtful;
	char *doubts;
	uint32_t worst;
};

/**
 * struct check_options - the command line
 * @suspect: what a suspect is
 * @allow_path: NULL for the list that is shipped
 */
struct check_options {
	struct source_options from;
	enum state suspect;
	const char *allow_path;
};

static void help(void)
{
	fputs("Usage: roundwatch check [options]\n"
	      "\n"
	      "Check once, for a monitoring system. Print a line with performance data, and a\n"
	      "line for each process for which the allow list could not be looked up.\n"
	      "\n"
	      "     --suspect <state>  state for suspect: warning (default), critical or ok\n"
	      "     --allow <file>     allow list instead of " ALLOW_FILE "\n"
	      COMMON_HELP
	      "\n"
	      "Exit status: 0 OK, 1 WARNING (a suspect), 2 CRITICAL (randomx), 3 UNKNOWN: the\n"
	      "module is not loaded, not readable, blind or observes nothing; or wrong usage.\n",
	      stdout);
}

/* What a process calls itself, for a line in which | begins the performance data. */
static char *safe(const char *text)
{
	char *copy = text_for_terminal(text);

	for (char *bar = copy; (bar = strchr(bar, '|')); )
		*bar = '!';
	return copy;
}

/*
 * The line of output. @text is plain ASCII, except for names. @more are lines of their own, which
 * monitoring systems show with the details of a service.
 */
static int conclude(enum state state, char *text, const char *data, const char *more)
{
	static const char *const name[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

	printf("ROUNDWATCH %s - %s%s%s\n%s", name[state], text, data ? " | " : "",
	       data ? data : "", more ? more : "");
	free(text);
	/* A result that cannot be read is not known; main() would return another status. */
	if (fflush(stdout)) {
		error("standard output: the result could not be written");
		exit(STATE_UNKNOWN);
	}
	return state;
}

static int unknown(const char *why)
{
	return conclude(STATE_UNKNOWN, xasprintf("%s", why), NULL, NULL);
}

/* Add one of a list of names; after NAMES of them only how many there are matters. */
static void add(char **list, size_t n, const char *text)
{
	char *all, *one = safe(text);

	if (n < NAMES) {
		all = xasprintf("%s%s%s", *list ? *list : "", n ? ", " : "", one);
		free(*list);
		*list = all;
	}
	free(one);
}

static void add_name(char **names, size_t n, const struct subject *s, const struct host *host)
{
	const struct identity *id = process_identity(s->process, host);
	char *place = identity_place(id);
	char *text = xasprintf("%.*s[%u] (%s%s%s)", (int)sizeof(s->tally.comm), s->tally.comm,
			       s->tally.tgid, id->user, place ? ", " : "", place ? place : "");

	add(names, n, text);
	free(text);
	free(place);
}

/* A line of the allow list that could not be looked up for an accused process. */
static void add_doubt(struct finding *f, const struct subject *s, const struct host *host,
		      const struct allow *allow)
{
	char *doubt = subject_doubt_line(s, host, allow), *all;

	if (doubt && f->doubtful < NAMES) {
		char *clean = safe(doubt);

		all = xasprintf("%s%s\n", f->doubts ? f->doubts : "", clean);
		free(clean);
		free(f->doubts);
		f->doubts = all;
	}
	f->doubtful += !!doubt;
	free(doubt);
}

static void look(const struct snapshot *snap, const struct host *host, const struct allow *allow,
		 struct finding *f)
{
	struct subjects subjects;
	size_t named = 0;

	subjects_by_process(snap, &subjects);
	for (size_t i = 0; i < subjects.n; i++) {
		const struct subject *s = &subjects.subject[i];
		uint8_t verdict = present_verdict(&s->tally);

		if (tally_ended(&s->tally))
			continue;
		if (verdict < ROUNDWATCH_SUSPECT) {
			f->count[verdict]++;
		} else if (subject_allowed(s, host, allow)) {
			add_name(&f->allowed_names, f->allowed++, s, host);
		} else {
			f->count[verdict]++;
			if (!named)
				f->worst = s->tally.tgid;
			add_name(&f->names, named++, s, host);
			add_doubt(f, s, host, allow);
		}
	}
	subjects_free(&subjects);
}

/* True if observations are made; this program's own sleep must cause some. */
static bool is_stale(const struct source_options *from, const struct snapshot *snap)
{
	const struct timespec moment = { .tv_nsec = TRY_NS };
	struct roundwatch_info info;

	if (from->input)
		return false;
	for (int i = 0; i < TRIES; i++) {
		nanosleep(&moment, NULL);
		if (source_read_info(from, &info))
			return true;
		if (info.observations > snap->info.observations)
			return false;
	}
	return true;
}

static char *performance(const struct finding *f, const struct roundwatch_info *info)
{
	return xasprintf("randomx=%zu;;0;0 suspect=%zu;0;;0 allowed=%zu;;;0 rounding=%zu;;;0 "
			 "observations=%lluc looks=%lluc evicted=%lluc dropped=%lluc",
			 f->count[ROUNDWATCH_RANDOMX], f->count[ROUNDWATCH_SUSPECT], f->allowed,
			 f->count[ROUNDWATCH_ROUNDING], info->observations, info->looks,
			 info->evicted, info->dropped);
}

static int judge(const struct finding *f, enum state suspect, const struct roundwatch_info *info)
{
	size_t randomx = f->count[ROUNDWATCH_RANDOMX], suspects = f->count[ROUNDWATCH_SUSPECT];
	enum state state = randomx ? STATE_CRITICAL : suspects ? suspect : STATE_OK;
	char *data = performance(f, info), *text, *more;

	if (randomx || suspects)
		text = xasprintf("%zu randomx, %zu suspect: %s%s; see roundwatch explain %u",
				 randomx, suspects, f->names,
				 randomx + suspects > NAMES ? ", ..." : "", f->worst);
	else
		text = xasprintf("no process is randomx or suspect");
	if (f->allowed) {
		more = xasprintf("%s; allowed: %s%s", text, f->allowed_names,
				 f->allowed > NAMES ? ", ..." : "");
		free(text);
		text = more;
	}
	conclude(state, text, data, f->doubts);
	free(data);
	return state;
}

static int check(const struct check_options *o)
{
	const struct source_options *from = &o->from;
	struct finding finding = { 0 };
	struct allow allow = { 0 };
	struct snapshot snap;
	struct host host;
	int state, status = snapshot_read(from, &snap);

	if (status == STATUS_NO_MODULE)
		return unknown("the module is not loaded, or may not be read; run: roundwatch status");
	if (status)
		return unknown("the records could not be read; run: roundwatch status");
	if (host_open(&host, from->sysroot, snap.live)) {
		state = unknown("--sysroot cannot be opened");
	} else if (snapshot_warn(&snap)) {
		state = unknown(snap.lost ? "records were lost" :
				"the module is BLIND, no miner would be seen; run: "
				"dmesg | grep roundwatch");
	} else if (is_stale(from, &snap)) {
		state = conclude(STATE_UNKNOWN,
				 xasprintf("the module observes nothing: still %llu observations "
					   "after a second; run: dmesg | grep roundwatch",
					   snap.info.observations), NULL, NULL);
	} else if (allow_read(&allow, o->allow_path) || allow.broken) {
		state = unknown("the allow list cannot be used; roundwatch check on a terminal "
				"says why");
	} else {
		look(&snap, &host, &allow, &finding);
		state = judge(&finding, o->suspect, &snap.info);
	}
	free(finding.names);
	free(finding.allowed_names);
	free(finding.doubts);
	allow_free(&allow);
	host_close(&host);
	snapshot_free(&snap);
	return state;
}

static bool parse_suspect(const char *word, enum state *state)
{
	static const char *const words[] = { "ok", "warning", "critical" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(word, words[i])) {
			*state = i;
			return true;
		}
	}
	error("check: --suspect '%s' is none of ok, warning and critical", word);
	return false;
}

/* Monitoring systems show standard output alone: the first message is the result. */
static enum status usage_error(const char *messages)
{
	static const char prefix[] = "roundwatch: check: ";
	const char *text = strncmp(messages, prefix, strlen(prefix)) ? messages :
								      messages + strlen(prefix);
	char *line = xstrndup(text, strcspn(text, "\n")), *clean = safe(line);

	free(line);
	line = xasprintf("%s; see roundwatch check --help", clean);
	free(clean);
	return (enum status)conclude(STATE_UNKNOWN, line, NULL, NULL);
}

/* Messages go to standard error, as ever, and into a text. */
static ssize_t write_both(void *copy, const char *text, size_t n)
{
	fwrite(text, 1, n, stderr);
	fwrite(text, 1, n, copy);
	return n;
}

/* False if there is nothing left to do; then @status is STATUS_OK after --help or --version. */
static bool parse(int argc, char **argv, struct check_options *o, enum status *status)
{
	static const struct option options[] = {
		{ "suspect",	required_argument,	NULL, OPT_SUSPECT },
		{ "allow",	required_argument,	NULL, OPT_ALLOW },
		COMMON_LONG,
		{ 0 }
	};
	int opt;

	*status = STATUS_USAGE;
	while ((opt = getopt_long(argc, argv, ":" COMMON_SHORT, options, NULL)) != -1) {
		if (opt == OPT_SUSPECT) {
			if (!parse_suspect(optarg, &o->suspect))
				return false;
		} else if (opt == OPT_ALLOW) {
			o->allow_path = optarg;
		} else {
			if (!common_option(&cmd_check, opt, argv, options, &o->from, status))
				return false;
			*status = STATUS_USAGE;
		}
	}
	if (optind < argc)
		extra_argument(&cmd_check, argv[optind]);
	return optind == argc;
}

static enum status run(int argc, char **argv)
{
	const cookie_io_functions_t both = { .write = write_both };
	struct check_options options = { .suspect = STATE_WARNING };
	char *messages = NULL;
	size_t n = 0;
	FILE *copy = open_memstream(&messages, &n);
	FILE *tee = copy ? fopencookie(copy, "w", both) : NULL;
	enum status status;
	bool go_on;

	if (!tee) {
		error("out of memory");
		exit(STATE_UNKNOWN);
	}
	setvbuf(tee, NULL, _IOLBF, 0);
	error_to(tee);
	go_on = parse(argc, argv, &options, &status);
	error_to(NULL);
	fclose(tee);
	fclose(copy);
	if (go_on)
		status = (enum status)check(&options);
	else if (status)
		status = usage_error(messages);
	free(messages);
	return status;
}

const struct command cmd_check = {
	.name = "check",
	.summary = "a line and an exit status for Nagios, Icinga and similar systems",
	.help = help,
	.run = run,
};
