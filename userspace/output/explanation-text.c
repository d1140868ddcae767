// SPDX-License-Identifier: GPL-2.0
/* Prints an explanation as text: all of it, after the summary. */
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
		char *past, *use, *text;
		int cpu;

		if (!explanation_has(e, t) || ++all > THREADS_SHOWN)
			continue;
		shown++;
		for (int m = 0; m < ROUNDWATCH_MODES; m++)
			format_count(n[m], t->count[m]);
		printf("  %7u ", t->pid);
		paint(present_verdict(t) >= ROUNDWATCH_SUSPECT ? verdict_color(e, t) : NULL,
		      present_word(t));
		cpu = corroborate_thread(&e->c, t->pid);
		use = cpu >= 0 && !tally_ended(t) ? xasprintf("; CPU %d %%", cpu) : NULL;
		past = standing_text(t, NULL, NULL, &clock);
		text = xasprintf("%u: RN %s, RD %s, RU %s, RZ %s; %s changes%s%s%s", t->evidence,
				 n[0], n[1], n[2], n[3], format_count(changes, t->changes),
				 use ? use : "", past ? "; " : "", past ? past : "");
		putchar(' ');
		wrap_from(11 + strlen(present_word(t)), 10, text);
		free(text);
		free(past);
		free(use);
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

/* What one line of the summary had no room for. */
static void print_identity(const struct explanation *e)
{
	char *lines = identity_oddities(&e->id, &e->s.tally), *rest = lines, *one;

	if (e->id.cmdline) {
		heading("COMMAND LINE");
		printf("\n  ");
		wrap(2, e->id.cmdline);
	}
	if (lines)
		heading("ODD ABOUT IT\n");
	while ((one = strsep(&rest, "\n"))) {
		printf("  ");
		wrap(2, one);
	}
	free(lines);
}

void explanation_print(const struct explanation *e, bool verbose)
{
	explanation_print_summary(e, verbose);
	if (e->tallied && verbose) {
		print_modes(e);
		print_evidence(e);
		print_threads(e);
	}
	if (verbose || !explanation_is_brief(e)) {
		paragraphs("HOW SURE", &e->reasons.sure);
		paragraphs("WHAT ELSE IT COULD BE", &e->reasons.maybe);
	}
	if (verbose) {
		print_findings(e);
		print_identity(e);
	}
}
