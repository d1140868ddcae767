// SPDX-License-Identifier: GPL-2.0
/* Prints an explanation as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/explanation.h"
#include "output/page.h"
#include "output/standing.h"

#define THREADS_SHOWN	8

static void paragraphs(const char *title, const struct sentences *w)
{
	if (!w->n)
		return;
	heading(title);
	putchar('\n');
	for (size_t i = 0; i < w->n; i++) {
		printf("  ");
		wrap(2, w->text[i]);
	}
}

static const char *verdict_color(const struct explanation *e, const struct roundwatch_tally *t)
{
	uint8_t verdict = e->allowed ? ROUNDWATCH_CLEAR : present_verdict(t);

	return verdict == ROUNDWATCH_RANDOMX ? RED : verdict == ROUNDWATCH_SUSPECT ? YELLOW : BOLD;
}

static void print_modes(const struct explanation *e)
{
	static const char *const usual[] = { "31", "23", "23", "23" };
	const struct roundwatch_tally *t = &e->s.tally;
	uint64_t sum = tally_observations(t);
	char span[NUMBER_MAX], a[NUMBER_MAX], b[NUMBER_MAX];

	heading("MODES");
	printf("  observed %s times in %s, %s changes; RandomX is about:\n", format_count(a, sum),
	       format_duration(span, t->last_ns > t->first_ns ? t->last_ns - t->first_ns : 0),
	       format_count(b, t->changes));
	for (int i = 0; i < ROUNDWATCH_MODES; i++) {
		printf("  %s %5s %3.0f %%  ", mode_name(i), format_count(a, t->count[i]),
		       sum ? 100.0 * t->count[i] / sum : 0);
		bar(t->count[i], sum, 40, NULL);
		printf("  %s %%\n", usual[i]);
	}
}

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

static void print_evidence(const struct explanation *e)
{
	static const char *const part[PARTS] = { "into RD", "into RU", "into RZ", "RZ-RD/RU" };
	const struct roundwatch_tally *t = &e->s.tally;
	const struct roundwatch_info *info = &e->snap->info;
	uint32_t reached[PARTS];

	evidence_parts(t, reached);
	heading("EVIDENCE");
	printf("  %u: suspect from %u, randomx from %u; the least part decides\n", t->evidence,
	       info->suspect_evidence, info->randomx_evidence);
	for (int i = 0; i < PARTS; i++) {
		uint32_t p = reached[i];

		printf("  %-8s %4u  ", part[i], p);
		bar(p, info->randomx_evidence, 40, p >= info->randomx_evidence ? RED :
		    p >= info->suspect_evidence ? YELLOW : NULL);
		printf("  %s\n", p >= info->randomx_evidence ? "reached" :
		       p >= info->suspect_evidence ? "suspect" : "");
	}
	print_history(e);
}

static void print_threads(const struct explanation *e)
{
	const struct table clock = { .now_ns = e->snap->now_ns };
	size_t shown = 0, all = 0;

	if (e->s.tally.pid || e->s.threads < 2)
		return;
	heading("THREADS");
	printf("  that left round-to-nearest, worst first\n");
	for (size_t i = 0; i < e->threads->n; i++) {
		const struct roundwatch_tally *t = &e->threads->subject[i].tally;
		char n[ROUNDWATCH_MODES][NUMBER_MAX], changes[NUMBER_MAX];
		char *past;
		int cpu;

		if (!explanation_has(e, t) || ++all > THREADS_SHOWN)
			continue;
		shown++;
		for (int m = 0; m < ROUNDWATCH_MODES; m++)
			format_count(n[m], t->count[m]);
		printf("  %7u ", t->pid);
		paint(present_verdict(t) >= ROUNDWATCH_SUSPECT ? verdict_color(e, t) : NULL,
		      present_word(t));
		printf(" %u: RN %s, RD %s, RU %s, RZ %s; %s changes", t->evidence, n[0], n[1],
		       n[2], n[3], format_count(changes, t->changes));
		cpu = corroborate_thread(&e->c, t->pid);
		if (cpu >= 0 && !tally_ended(t))
			printf("; CPU %d %%", cpu);
		past = standing_text(t, NULL, &clock);
		printf("%s%s\n", past ? "; " : "", past ? past : "");
		free(past);
	}
	if (all > shown)
		printf("  and %zu more: roundwatch list --threads\n", all - shown);
}

static void print_findings(const struct explanation *e)
{
	size_t found = 0;

	for (int i = 0; i < FINDINGS; i++)
		found += e->c.finding[i].state == FOUND;
	heading("ALSO LOOKED AT");
	if (!e->c.found) {
		printf("\n  nothing: ");
		wrap(11, e->c.finding[0].detail);
		return;
	}
	printf("  %zu of %d found; they support a verdict and never make one\n", found, FINDINGS);
	for (int order = FOUND; order >= NOT_READABLE; order--) {
		for (int i = 0; i < FINDINGS; i++) {
			const struct finding *f = &e->c.finding[i];

			if ((int)f->state != order)
				continue;
			printf("  ");
			paint(order == FOUND ? YELLOW : DIM, order == FOUND ? "found       " :
			      order == NOT_FOUND ? "not found   " : "not readable");
			printf(" %-11s ", finding_name(i));
			wrap(27, f->detail);
		}
	}
}

/* Commands are not wrapped, so that they can be copied; a note is a comment of the shell. */
static void print_steps(const struct explanation *e)
{
	const struct steps *s = &e->next;

	if (!s->n)
		return;
	heading("WHAT TO DO NEXT");
	puts(e->snap->live ? "  as root" : "  as root, on the host of the recording");
	for (size_t i = 0; i < s->n; i++) {
		const struct step *step = &s->step[i];
		char *safe = text_for_terminal(step->command);
		bool again = i && step[-1].kind == step->kind;

		printf("  %-7s %s", again ? "" : step_name(step->kind), safe);
		if (step->note && page_has_room(10 + columns_of(safe, strlen(safe)), step->note)) {
			paint(DIM, "  # ");
			paint(DIM, step->note);
		}
		putchar('\n');
		free(safe);
	}
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
	wrap_from(strlen(verdict) + 3 + columns_of(safe, strlen(safe)) + strlen(number), 2,
		  verdict_meaning(t));
	free(number);
	free(safe);
	free(comm);
}

/* A paragraph, and free its text. */
static void print_line(char *text)
{
	printf("  ");
	wrap(2, text);
	free(text);
}

static void print_identity(const struct explanation *e)
{
	const struct roundwatch_tally *t = &e->s.tally;
	const uint64_t from = tally_ended(t) ? t->last_ns : t->verdict_ns;
	char *who = identity_describe(&e->id), *lines, *rest, age[NUMBER_MAX];

	format_duration(age, from < e->snap->now_ns ? e->snap->now_ns - from : 0);
	if (tally_ended(t))
		print_line(xasprintf("ended %s ago; %s", age, who));
	else if (t->verdict != ROUNDWATCH_CLEAR && from)
		print_line(xasprintf("for %s; %s", age, who));
	else
		print_line(xasprintf("%s", who));
	free(who);
	if (e->allowed)
		print_line(xasprintf("It may do this: allowed by %s", e->allowed));
	if (e->id.cmdline) {
		lines = xasprintf("%.400s", e->id.cmdline);
		printf("  $ ");
		wrap(4, lines);
		free(lines);
	}
	if (e->id.sha256)
		print_line(xasprintf("SHA-256 of the executable: %s", e->id.sha256));
	if (e->asked != t->tgid && e->asked != t->pid)
		printf("  %u is a thread of it that never left round-to-nearest; this is the process.\n",
		       e->asked);
	if (e->earlier)
		printf("  The number was another's before: roundwatch list shows that one too.\n");
	lines = identity_oddities(&e->id, t);
	for (char *line = lines; line; line = rest) {
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = '\0';
		printf("  ");
		wrap(2, line);
	}
	free(lines);
}

void explanation_print(const struct explanation *e)
{
	print_verdict(e);
	print_identity(e);
	if (e->tallied) {
		print_modes(e);
		print_evidence(e);
		print_threads(e);
	}
	paragraphs("HOW SURE", &e->reasons.sure);
	paragraphs("WHAT ELSE IT COULD BE", &e->reasons.maybe);
	print_findings(e);
	print_steps(e);
}
