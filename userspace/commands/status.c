// SPDX-License-Identifier: GPL-2.0
/* roundwatch status: the state of the module */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/util.h"
#include "command.h"
#include "output/module-state.h"

/* How long to wait for an observation. Each wait causes one, of this program. */
#define ALIVE_TURNS	10
#define ALIVE_TURN_NS	(20 * 1000000L)

static void help(void)
{
	fputs("Usage: roundwatch status [options]\n"
	      "\n"
	      "Show the module's version, counters and thresholds, whether it can see, which\n"
	      "processes keep it from being unloaded, and what to do if it is not loaded.\n"
	      "\n"
	      "     --allow <file>    the allow list, not " ALLOW_FILE "\n"
	      " -J, --json            print JSON\n"
	      " -r, --raw             print one name and one value on each line\n"
	      COMMON_HELP, stdout);
}

/*
 * This program leaves its CPU when it waits, which is an observation. If there is none,
 * the module does not work, even on an idle host.
 */
static struct alive watch(const struct source_options *from)
{
	const struct timespec turn = { .tv_nsec = ALIVE_TURN_NS };
	static struct source source;
	struct roundwatch_info before, now;
	struct alive alive = { 0 };

	if (from->input || source_open(&source, from))
		return alive;
	alive.known = source_counters(&source, &before);
	for (int i = 0; i < ALIVE_TURNS && alive.known && !alive.observations; i++) {
		nanosleep(&turn, NULL);
		alive.known = source_counters(&source, &now);
		alive.observations = now.observations - before.observations;
		alive.ns = now.header.time_ns - before.header.time_ns;
	}
	source_close(&source);
	return alive;
}

enum { OPT_ALLOW = OPT_OWN };

enum format { TEXT, JSON, RAW };

static void print(const struct module_state *s, enum format format)
{
	static void (*const how[])(const struct module_state *) = {
		[TEXT] = state_print, [JSON] = state_print_json, [RAW] = state_print_raw,
	};

	how[format](s);
}

static void add_doubts(struct module_state *s, const struct subjects *subjects,
		       const struct host *host, const struct allow *allow)
{
	for (size_t i = 0; i < subjects->n && s->doubts < DOUBTS_MAX; i++) {
		char *doubt = subject_doubt_line(&subjects->subject[i], host, allow);

		if (doubt)
			s->doubt[s->doubts++] = doubt;
	}
}

static void count(struct module_state *s, const struct host *host, const char *allow_path)
{
	struct allow allow = { 0 };
	struct subjects subjects;

	/* Prints what is wrong with it; then nothing counts as allowed that is not. */
	allow_read(&allow, allow_path);
	subjects_by_process(s->snap, &subjects);
	census_take(&s->census, &subjects, host, &allow);
	add_doubts(s, &subjects, host, &allow);
	subjects_free(&subjects);
	allow_free(&allow);
}

static enum status warn(const struct module_state *s)
{
	enum status status;

	if (!s->snap)
		return STATUS_NO_MODULE;
	status = snapshot_warn(s->snap);
	if (status != STATUS_BLIND && state_is_dead(s)) {
		error("WARNING: THE MODULE IS BLIND: not one observation in %" PRIu64 " ms, not "
		      "even of this program;\n"
		      "    rmmod roundwatch && modprobe roundwatch     makes it test itself again",
		      s->alive.ns / 1000000);
		return STATUS_BLIND;
	}
	return status;
}

/* @snap: NULL if the module cannot be read */
static enum status show_state(const struct source_options *from, const struct snapshot *snap,
			      const char *allow_path, enum format format)
{
	struct module_state s = { .snap = snap };
	struct host host;
	enum status status = host_open(&host, from->sysroot, !snap || snap->live);

	if (status)
		return status;
	s.has_host = host.root >= 0;
	kernel_read(&host, &s.kernel);
	if (s.has_host)
		holders_read(&host, &s.holders);
	if (snap) {
		s.alive = watch(from);
		count(&s, &host, allow_path);
	}
	print(&s, format);
	for (size_t i = 0; i < s.doubts; i++)
		free(s.doubt[i]);
	holders_free(&s.holders);
	kernel_free(&s.kernel);
	host_close(&host);
	return warn(&s);
}

static enum status show(const struct source_options *from, const char *allow_path,
			enum format format)
{
	struct snapshot snap;
	enum status status = snapshot_read(from, &snap);

	if (status == STATUS_NO_MODULE)
		return show_state(from, NULL, NULL, format);
	if (status)
		return status;
	status = show_state(from, &snap, allow_path, format);
	snapshot_free(&snap);
	return status;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json",	no_argument,		NULL, 'J' },
		{ "raw",	no_argument,		NULL, 'r' },
		{ "allow",	required_argument,	NULL, OPT_ALLOW },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	enum status status;
	const char *allow_path = NULL;
	bool json = false, raw = false;
	int opt;

	while ((opt = getopt_long(argc, argv, ":Jr" COMMON_SHORT, options, NULL)) != -1) {
		if (opt == 'J')
			json = true;
		else if (opt == 'r')
			raw = true;
		else if (opt == OPT_ALLOW)
			allow_path = optarg;
		else if (!common_option(&cmd_status, opt, argv, options, &from, &status))
			return status;
	}
	if (optind < argc)
		return extra_argument(&cmd_status, argv[optind]);
	if (json && raw) {
		error("status: --json and --raw exclude each other; use one of them");
		return STATUS_USAGE;
	}
	return show(&from, allow_path, json ? JSON : raw ? RAW : TEXT);
}

const struct command cmd_status = {
	.name = "status",
	.summary = "the module, whether it can see, and what to do if it is not loaded",
	.help = help,
	.run = run,
};
