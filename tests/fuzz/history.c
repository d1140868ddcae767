// SPDX-License-Identifier: GPL-2.0
/* Fuzzes past/ and `roundwatch history` with a file of events. */
#include <stdlib.h>

#include "fuzz.h"
#include "past/past.h"

/* Whatever comes, episodes and spans are in order, and about what is there. */
static void check(const struct past *p)
{
	struct spans spans = { 0 }, gaps = { 0 };
	struct episodes e = { 0 };

	spans_find(&spans, p);
	for (size_t i = 0; i < spans.n; i++) {
		must(spans.span[i].boot < p->boots);
		must(spans.span[i].from_ns <= spans.span[i].until_ns);
		must(!i || spans.span[i].boot != spans.span[i - 1].boot ||
		     spans.span[i].from_ns == spans.span[i - 1].until_ns);
	}
	if (p->n)
		spans_gaps(&gaps, &spans, p, p->entry[0].time_ns, p->entry[p->n - 1].time_ns);
	for (size_t i = 0; i < gaps.n; i++)
		must(gaps.span[i].from_ns <= gaps.span[i].until_ns);
	episodes_find(&e, p, &spans, NULL);
	must(e.n <= p->n);
	for (size_t i = 0; i < e.n; i++) {
		must(!i || e.episode[i].from_ns >= e.episode[i - 1].from_ns);
		must(e.episode[i].last >= p->entry && e.episode[i].last < p->entry + p->n);
		must(e.episode[i].end != END_RUNNING);
	}
	free(spans.span);
	free(gaps.span);
	free(e.episode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct past_options from = { .input = fuzz_file(data, size) };
	struct past p = { 0 };
	char all[] = "+UNTIL,LAST,ALLOWED,RESPONSE,EVIDENCE,START,FLAGS,EXE,CONTAINER,BOOT";

	fuzz_run("history", "--json", "-o", all, "-i", from.input, NULL);
	if (!past_read(&p, &from))
		check(&p);
	past_free(&p);
	fuzz_run("history", "-i", from.input, "--since", "2026-11-26", "--until", "now", NULL);
	fuzz_run("history", "--raw", "-o", all, "-i", from.input, NULL);
	return 0;
}
