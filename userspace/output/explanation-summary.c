// SPDX-License-Identifier: GPL-2.0
/* Prints what a person who is on call asks first, on one screen. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/explanation.h"
#include "output/page.h"
#include "output/standing.h"

/*
 * With ten commands and what comes before them there is room for eleven lines of text; the
 * prompt of the shell is the twenty-fourth.
 */

/* Before the text of a line is its name. */
#define INDENT	10

/* A name and at most @lines lines of text. */
static void __attribute__((format(printf, 3, 4))) line(const char *name, unsigned int lines,
						       const char *format, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = xasprintf("%s", "");
	va_end(ap);
	printf("  ");
	paint(DIM, name);
	printf("%*s", (int)(INDENT - 2 - strlen(name)), "");
	clip(INDENT, lines, text);
	free(text);
}

const char *verdict_color(const struct explanation *e, const struct roundwatch_tally *t)
{
	uint8_t verdict = e->allowed ? ROUNDWATCH_CLEAR : present_verdict(t);

	return verdict == ROUNDWATCH_RANDOMX ? RED : verdict == ROUNDWATCH_SUSPECT ? YELLOW : BOLD;
}

/* The verdict, the name and what it means: the most important line. */
static void print_verdict(const struct explanation *e)
{
	const struct roundwatch_tally *t = &e->s.tally;
	const char *verdict = present_word(t);
	char *comm = xstrndup(t->comm, sizeof(t->comm)), *safe = text_for_terminal(comm), *number;

	number = t->pid ? xasprintf("[%u, thread %u] ", t->tgid, t->pid) :
			  xasprintf("[%u] ", t->tgid);
	paint(verdict_color(e, t), verdict);
	printf("  ");
	paint(BOLD, safe);
	printf(" %s", number);
	clip(strlen(verdict) + 3 + columns_of(safe, strlen(safe)) + strlen(number), 1,
	     verdict_meaning(t));
	free(number);
	free(safe);
	free(comm);
}

/* A command line says what its process wants it to say. */
static void print_program(const struct identity *id)
{
	bool same = id->exe && id->cmdline && !strncmp(id->cmdline, id->exe, strlen(id->exe));

	if (id->exe && id->cmdline && !same)
		line("runs", 1, "%s as: %s", id->exe, id->cmdline);
	else if (id->cmdline || id->exe)
		line("runs", 1, "%s", id->cmdline ? id->cmdline : id->exe);
	if (id->sha256)
		line("sha256", 1, "%s", id->sha256);
}

static void print_who(const struct explanation *e)
{
	char *who = identity_describe(&e->id);

	/* Elsewhere it is said why it may be allowed. */
	line("who", e->doubt ? 1 : 2, "%s", who);
	free(who);
	print_program(&e->id);
}

static void print_when(const struct explanation *e)
{
	const struct roundwatch_tally *t = &e->s.tally;
	const uint64_t from = tally_ended(t) ? t->last_ns : t->verdict_ns;
	const int64_t offset = e->snap->info.realtime_offset_ns;
	char age[NUMBER_MAX], iso[NUMBER_MAX], start[NUMBER_MAX];

	format_duration(age, from < e->snap->now_ns ? e->snap->now_ns - from : 0);
	format_iso(iso, from, offset);
	format_iso(start, t->process_start_ns, offset);
	if (tally_ended(t))
		line("ended", 1, "%s ago, %.10s %.8s", age, iso, iso + 11);
	else if (e->id.paused)
		line("since", 1, "%.10s %.8s, for %s; %s", iso, iso + 11, age,
		     strcmp(e->id.paused, "frozen") ? "NOW STOPPED BY A SIGNAL" :
						      "NOW FROZEN, with its control group");
	else if (t->verdict != ROUNDWATCH_CLEAR && from)
		line("since", 1, "%.10s %.8s, for %s; the process began %.10s %.8s", iso, iso + 11,
		     age, start, start + 11);
}

/* As it was while --watch looked. */
static void print_history(const struct explanation *e)
{
	static const char *const blocks[] = {
		"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"
	};
	static const char ascii[] = "_.-:=+*#";
	uint32_t top = e->snap->info.randomx_evidence, last = 0;

	if (!e->points)
		return;
	for (size_t i = 0; i < e->points; i++)
		if (e->history[i].evidence > top)
			top = e->history[i].evidence;
	printf("  over %.0f s  ",
	       (e->history[e->points - 1].time_ns - e->history[0].time_ns) / 1e9);
	for (size_t i = 0; i < e->points; i++) {
		uint32_t step = top ? 7.0 * e->history[i].evidence / top + 0.5 : 0;

		last = e->history[i].evidence;
		if (!e->history[i].known)
			putchar(' ');
		else if (page_has_blocks())
			fputs(blocks[step], stdout);
		else
			putchar(ascii[step]);
	}
	printf("  from %u to %u\n", e->history[0].evidence, last);
}

/* What of /proc points to a miner, too: some names; allocated. */
static char *signs(const struct explanation *e)
{
	char *text = xasprintf("%s", ""), *more;
	size_t n = 0;

	for (int i = 0; i < FINDINGS; i++) {
		if (e->c.finding[i].state != FOUND)
			continue;
		more = xasprintf("%s%s%s", text, n++ ? ", " : "", finding_name(i));
		free(text);
		text = more;
	}
	if (!n) {
		free(text);
		return NULL;
	}
	more = xasprintf("also: %s", text);
	free(text);
	return more;
}

static void print_numbers(const struct explanation *e)
{
	const struct roundwatch_tally *t = &e->s.tally;
	char *mapped = mapped_text(t), *also = signs(e), count[NUMBER_MAX];
	const uint64_t sum = tally_observations(t);
	double percent[ROUNDWATCH_MODES];

	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		percent[i] = sum ? 100.0 * t->count[i] / sum : 0;
	line("", 1, "RN %.0f %%, RD %.0f %%, RU %.0f %%, RZ %.0f %% of %s; RandomX: 31, 23, 23, 23",
	     percent[ROUNDWATCH_RN], percent[ROUNDWATCH_RD], percent[ROUNDWATCH_RU],
	     percent[ROUNDWATCH_RZ], format_count(count, sum));
	if (mapped || also)
		line("", e->id.sha256 || e->doubt ? 1 : 2, "%s%s%s", mapped ? mapped : "",
		     mapped && also ? "; " : "", also ? also : "");
	free(also);
	free(mapped);
	print_history(e);
}

/* Of what is accused, or was: half a line of each. */
static void print_sure(const struct explanation *e)
{
	const struct roundwatch_tally *t = &e->s.tally;
	char *sure;

	if (!e->tallied)
		return;
	sure = conclude_briefly(e->snap, t);
	line("sure", 1, "%s; evidence %u of %u", sure, t->evidence, e->snap->info.randomx_evidence);
	free(sure);
	print_numbers(e);
	line("unless", 1, "%s", conclude_doubt(t, &e->id));
}

/* In few words, as identity_oddities() says them in sentences; allocated, NULL if none. */
static char *oddities(const struct identity *id)
{
	const struct {
		bool is;
		const char *text;
	} odd[] = {
		{ id->hidden && id->by_library, "hidden by a library in programs that list /proc" },
		{ id->hidden && !id->by_library, "hidden in /proc, as by a rootkit in the kernel" },
		{ id->covered, "a mount covers its directory in /proc" },
		{ id->unseen, "it cannot be looked at" },
		{ id->memfd, "its executable never was a file" },
		{ id->deleted, "its executable was deleted or replaced" },
		{ id->renamed, "it changed its name" },
	};
	char *text = NULL, *all;

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		if (!odd[i].is)
			continue;
		all = xasprintf("%s%s%s", text ? text : "", text ? "; " : "", odd[i].text);
		free(text);
		text = all;
	}
	return text;
}

static void print_oddities(const struct explanation *e)
{
	char *odd = oddities(&e->id);

	if (odd)
		line("odd", 1, "%s", odd);
	free(odd);
	if (e->asked != e->s.tally.tgid && e->asked != e->s.tally.pid)
		line("asked", 1, "%u, a thread of it that never left round-to-nearest", e->asked);
	if (e->earlier)
		line("earlier", 1, "another process had the number: roundwatch list shows it");
}

/* Commands are not wrapped, so that they can be copied; a note is a comment of the shell. */
static void print_steps(const struct explanation *e, bool verbose)
{
	const struct steps *s = &e->next;

	if (!s->n)
		return;
	heading("WHAT TO DO NEXT");
	printf("  as root%s", e->snap->live ? "" : ", on the host of the recording");
	if (!verbose && e->snap->live)
		printf("; for all details: roundwatch explain -v %u",
		       e->s.tally.pid ? e->s.tally.pid : e->s.tally.tgid);
	putchar('\n');
	for (size_t i = 0; i < s->n; i++) {
		const struct step *step = &s->step[i];
		char *safe = text_for_terminal(step->command);
		bool again = i && step[-1].kind == step->kind;
		unsigned int end = INDENT + columns_of(safe, strlen(safe));

		printf("  %-7s %s", again ? "" : step_name(step->kind), safe);
		if (step->note && page_has_room(end, step->note)) {
			paint(DIM, "  # ");
			paint(DIM, step->note);
		}
		putchar('\n');
		free(safe);
	}
}

static void print_allowed(const struct explanation *e, bool verbose)
{
	char *doubt = doubt_text(e->doubt);

	if (e->allowed)
		line("allowed", 1, "by %s", e->allowed);
	else if (doubt)
		line("allowed", verbose ? 3 : e->id.sha256 ? 1 : 2, "%s", doubt);
	free(doubt);
}

bool explanation_is_brief(const struct explanation *e)
{
	return e->tallied && !tally_ended(&e->s.tally) &&
	       worst_verdict(&e->s.tally) >= ROUNDWATCH_SUSPECT;
}

void explanation_print_summary(const struct explanation *e, bool verbose)
{
	print_verdict(e);
	print_who(e);
	print_when(e);
	print_allowed(e, verbose);
	if (explanation_is_brief(e))
		print_sure(e);
	else if (e->tallied)
		print_numbers(e);
	print_oddities(e);
	print_steps(e, verbose);
}
