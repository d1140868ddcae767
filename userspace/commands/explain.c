// SPDX-License-Identifier: GPL-2.0
/* roundwatch explain: the reasons for a verdict, its reliability, and other signs of a miner */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/util.h"
#include "command.h"
#include "corroboration/pool.h"
#include "corroboration/recall.h"
#include "output/explanation.h"
#include "output/page.h"
#include "output/table.h"
#include "response/allow.h"

#define WATCH_MAX	86400

/**
 * struct explain_options - the command line
 * @seconds: how long to watch the evidence
 * @verbose: not only what fits on a screen
 */
struct explain_options {
	struct source_options from;
	const char *pools;
	const char *allow;
	unsigned int seconds;
	bool json;
	bool verbose;
};

/* The last of the processes or threads that had this number. */
static const struct subject *find(const struct subjects *all, uint32_t number, bool thread,
				  size_t *n)
{
	const struct subject *best = NULL;

	*n = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct subject *s = &all->subject[i];

		if ((thread ? s->tally.pid : s->tally.tgid) != number)
			continue;
		++*n;
		if (!best || s->tally.start_ns > best->tally.start_ns ||
		    (s->tally.start_ns == best->tally.start_ns &&
		     best->tally.flags & ROUNDWATCH_EXITED))
			best = s;
	}
	return best;
}

/* Find the tallies of a number. If there are none, print why and return false. */
static bool begin(struct explanation *e, const struct host *host, const struct subjects *processes)
{
	const struct roundwatch_info *info = &e->snap->info;
	const struct subject *s, *thread;
	struct roundwatch_tally now;
	bool lives = process_find(host, e->asked, &now);
	size_t n, n_threads;

	s = find(processes, e->asked, false, &n);
	thread = find(e->threads, e->asked, true, &n_threads);
	if (!s && thread && thread->tally.tgid != e->asked) {
		s = thread;
		n = n_threads;
	}
	/* For a thread without a tally, use its process. */
	if (!s && lives && now.tgid != e->asked)
		s = find(processes, now.tgid, false, &n);
	e->tallied = s && !(lives && s->tally.flags & ROUNDWATCH_EXITED &&
			    !same_start(s->tally.process_start_ns, now.process_start_ns));
	e->earlier = n - e->tallied;
	if (e->tallied) {
		e->s = *s;
	} else if (lives) {
		e->s = (struct subject){ .tally = now };
	} else {
		if (!e->snap->live && host->proc < 0)
			error("%u: the recording has no tally of it: it had not left "
			      "round-to-nearest, had ended or did not exist;\nrecordings hold no more "
			      "(--sysroot adds a copy of the host's files)", e->asked);
		else
			error("%u: no such process, and no tally of one: it has ended, or never was;\n"
			      "\"roundwatch list --all\" shows all that are on record%s", e->asked,
			      info->dropped || info->evicted ?
			      " (the table was full: some may be missing)" : "");
		return false;
	}
	return true;
}

static bool same_subject(const struct roundwatch_tally *a, const struct roundwatch_tally *b)
{
	return a->tgid == b->tgid && a->pid == b->pid && a->start_ns == b->start_ns;
}

static void add_point(struct explanation *e, const struct snapshot *snap,
		      const struct subjects *all)
{
	struct point *p = &e->history[e->points++];

	*p = (struct point){ .time_ns = snap->now_ns };
	for (size_t i = 0; i < all->n; i++) {
		if (!same_subject(&all->subject[i].tally, &e->s.tally))
			continue;
		p->evidence = all->subject[i].tally.evidence;
		p->known = true;
	}
}

/* Use the newest tallies. Tallies that are gone keep their last state. */
static void refresh(struct explanation *e, size_t n, const struct subjects *processes)
{
	for (size_t i = 0; i < n; i++) {
		const struct subjects *all = e[i].s.tally.pid ? e[i].threads : processes;

		for (size_t j = 0; j < all->n; j++) {
			if (!same_subject(&all->subject[j].tally, &e[i].s.tally))
				continue;
			e[i].s = all->subject[j];
			e[i].tallied = true;
			break;
		}
	}
}

/* The module stores no history, so read it repeatedly. The last state is in @now. */
static enum status watch(const struct explain_options *o, struct explanation *e, size_t n,
			 struct snapshot *now)
{
	unsigned int points = o->seconds < HISTORY_MAX ? o->seconds + 1 : HISTORY_MAX;
	uint64_t step = o->seconds * NSEC / (points - 1);
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned int i = 0; i < points; i++) {
		struct subjects processes, threads;
		struct snapshot snap;
		enum status status = snapshot_read(&o->from, &snap);

		if (status)
			return status;
		snapshot_free(now);
		*now = snap;
		subjects_by_process(&snap, &processes);
		subjects_by_thread(&snap, &threads);
		for (size_t j = 0; j < n; j++)
			add_point(&e[j], &snap, e[j].s.tally.pid ? &threads : &processes);
		subjects_free(&threads);
		subjects_free(&processes);
		next.tv_sec += (next.tv_nsec + step) / NSEC;
		next.tv_nsec = (next.tv_nsec + step) % NSEC;
		if (i + 1 < points)
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return STATUS_OK;
}

/* What was found when the recording was made. */
static bool recall(struct corroboration *c, const char *dossier)
{
	json_object *root = json_tokener_parse(dossier), *findings;
	bool there = json_object_object_get_ex(root, "findings", &findings);

	if (there)
		findings_recall(c, findings);
	json_object_put(root);
	return there;
}

static void end(struct explanation *e)
{
	corroborate_free(&e->c);
	identity_free(&e->id);
	conclusions_free(&e->reasons);
	steps_free(&e->next);
	free(e->doubt);
}

static enum status explain(const struct explain_options *o, const uint32_t *number, size_t n)
{
	struct explanation *e = xrealloc(NULL, n, sizeof(*e));
	struct subjects processes, threads;
	json_object *root, *list;
	struct allow allow = { 0 };
	struct snapshot snap;
	struct host host;
	size_t known = 0;
	enum status status = snapshot_read(&o->from, &snap), missing = STATUS_OK, warned;

	if (status)
		goto out_explanations;
	status = host_open(&host, o->from.sysroot, snap.live);
	if (status)
		goto out_snapshot;
	/* Prints what is wrong with it; then nothing is shown as allowed that is not. */
	allow_read(&allow, o->allow);
	subjects_by_process(&snap, &processes);
	subjects_by_thread(&snap, &threads);
	warned = snapshot_warn(&snap);

	for (size_t i = 0; i < n; i++) {
		e[known] = (struct explanation){
			.asked = number[i], .snap = &snap, .threads = &threads
		};
		if (!begin(&e[known], &host, &processes)) {
			missing = STATUS_FAILURE;
			continue;
		}
		corroborate_begin(&e[known].c, &host, &e[known].s.tally);
		known++;
	}
	if (o->seconds && known) {
		status = watch(o, e, known, &snap);
		subjects_free(&threads);
		subjects_free(&processes);
		subjects_by_process(&snap, &processes);
		subjects_by_thread(&snap, &threads);
		refresh(e, known, &processes);
	}
	root = json_object_new_object();
	list = json_object_new_array();
	for (size_t i = 0; i < known; i++) {
		const struct roundwatch_tally *t = &e[i].s.tally;

		const char *dossier = dossiers_find(&snap.dossiers, t->tgid, t->process_start_ns);

		process_look_up(&host, t, dossier, &e[i].id);
		if (worst_verdict(t) >= ROUNDWATCH_SUSPECT)
			e[i].allowed = allow_find(&allow, &host, t, &e[i].id);
		if (present_verdict(t) >= ROUNDWATCH_SUSPECT)
			e[i].doubt = allow_doubt(&allow, &host, t, &e[i].id);
		if (e[i].c.found || !dossier || !recall(&e[i].c, dossier))
			corroborate_end(&e[i].c, &e[i].id, o->pools, snap.now_ns);
		if (e[i].tallied)
			conclude(&e[i].reasons, &snap, t, &e[i].id);
		else
			conclude_without(&e[i].reasons, &snap, t->start_ns);
		if (!e[i].allowed)
			steps_find(&e[i].next, t, &e[i].id);
		if (o->json) {
			json_object_array_add(list, explanation_to_json(&e[i]));
		} else {
			if (i)
				printf("\n\n");
			explanation_print(&e[i], o->verbose);
		}
		end(&e[i]);
	}
	json_object_object_add(root, "explain", list);
	if (o->json)
		json_put(root);
	else
		json_object_put(root);
	if (warned)
		status = warned;
	else if (!status)
		status = missing;

	subjects_free(&threads);
	subjects_free(&processes);
	allow_free(&allow);
	host_close(&host);
out_snapshot:
	snapshot_free(&snap);
out_explanations:
	free(e);
	return status;
}

static void help(void)
{
	fputs("Usage: roundwatch explain [options] <pid>|<tid>...\n"
	      "\n"
	      "Explain a verdict on one screen: whose process or thread it is, since when, how\n"
	      "reliable this is, what else it could be, and what to do next.\n"
	      "\n"
	      " -v, --verbose         and all details: modes, evidence, threads, signs in /proc\n"
	      " -w, --watch <seconds> watch the evidence for this time, and draw it\n"
	      "     --pools <file>    list of pools instead of " POOL_LIST "\n"
	      "     --allow <file>    allow list instead of " ALLOW_FILE "\n"
	      "     --color <when>    auto, always or never\n"
	      " -J, --json            print JSON\n"
	      COMMON_HELP
	      "\n"
	      "Exit status: 0 all explained, 1 nothing is known about one of them; 2, 3 and 4\n"
	      "as in \"roundwatch help\". A living process that never left round-to-nearest is\n"
	      "explained, too.\n", stdout);
}

static bool take_number(const char *what, const char *text, uint64_t max, uint64_t *number)
{
	if (parse_number(text, max, number) && *number)
		return true;
	error("explain: %s '%s': not a number from 1 to %" PRIu64, what, text, max);
	return false;
}

static enum status run(int argc, char **argv)
{
	enum { OPT_POOLS = OPT_OWN, OPT_ALLOW };
	static const struct option options[] = {
		{ "watch",	required_argument,	NULL, 'w' },
		{ "verbose",	no_argument,		NULL, 'v' },
		{ "pools",	required_argument,	NULL, OPT_POOLS },
		{ "allow",	required_argument,	NULL, OPT_ALLOW },
		COLOR_LONG,
		{ "json",	no_argument,		NULL, 'J' },
		COMMON_LONG,
		{ 0 }
	};
	struct explain_options o = { 0 };
	const char *pools = NULL;
	uint64_t parsed;
	enum status status;
	uint32_t *number;
	size_t n = 0;
	int opt;

	while ((opt = getopt_long(argc, argv, ":w:vJ" COMMON_SHORT, options, NULL)) != -1) {
		switch (opt) {
		case 'w':
			if (!take_number("--watch", optarg, WATCH_MAX, &parsed))
				return STATUS_USAGE;
			o.seconds = parsed;
			break;
		case OPT_POOLS:
			pools = optarg;
			break;
		case OPT_ALLOW:
			o.allow = optarg;
			break;
		case OPT_COLOR:
			if (!option_color(&cmd_explain))
				return STATUS_USAGE;
			break;
		case 'v':
			o.verbose = true;
			break;
		case 'J':
			o.json = true;
			break;
		default:
			if (!common_option(&cmd_explain, opt, argv, options, &o.from, &status))
				return status;
		}
	}
	if (o.seconds && o.from.input) {
		error("explain: --watch needs the module: a recording is of one moment");
		return STATUS_USAGE;
	}
	if (pools && access(pools, R_OK)) {
		error("explain: --pools %s: %s", pools, strerror(errno));
		return STATUS_USAGE;
	}
	o.pools = pools ? pools : POOL_LIST;
	if (optind == argc) {
		error("explain: which? Name a PID or a TID; \"roundwatch list\" shows them");
		return STATUS_USAGE;
	}
	number = xrealloc(NULL, argc - optind, sizeof(*number));
	for (int i = optind; i < argc; i++) {
		if (!take_number("PID", argv[i], INT32_MAX, &parsed)) {
			free(number);
			return STATUS_USAGE;
		}
		number[n++] = parsed;
	}
	page_open();
	status = explain(&o, number, n);
	free(number);
	return status;
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "why a process has its verdict, how reliable, and what to do next",
	.help = help,
	.run = run,
};
