// SPDX-License-Identifier: GPL-2.0
/* Rows, rates and order of roundwatch top. */
#include <string.h>

#include "base/util.h"
#include "output/top-model.h"
#include "tap.h"

static const struct host nowhere = { .root = -1, .proc = -1 };

static struct roundwatch_tally thread(uint32_t tgid, uint32_t pid, uint32_t evidence,
				      uint64_t changes)
{
	struct roundwatch_tally t = {
		.pid = pid, .tgid = tgid, .comm = "task", .evidence = evidence,
		.verdict = ROUNDWATCH_ROUNDING, .highest = ROUNDWATCH_ROUNDING,
		.start_ns = pid, .process_start_ns = tgid, .first_ns = NSEC,
		.changes = changes,
	};

	return t;
}

static void update(struct top_model *m, unsigned int at, struct roundwatch_tally *t, size_t n)
{
	const struct snapshot snap = {
		.tally = t, .tallies = n, .now_ns = at * NSEC,
		.info = { .loaded_ns = 5, .observations = at * 100, .randomx_evidence = 100 },
	};

	top_update(m, &snap);
}

static void test_rates(void)
{
	struct top_model m = { .host = &nowhere, .patience_ns = 5 * NSEC, .sort = TOP_VERDICT };
	struct roundwatch_tally t[2] = { thread(7, 7, 10, 100), thread(7, 8, 20, 50) };

	update(&m, 100, t, 2);
	is(m.shown, 1, "two threads of a process are a row");
	ok(m.view[0]->changes < 0 && m.observations < 0, "one snapshot has no rates");

	t[0].changes += 6;
	t[1].changes += 4;
	t[0].evidence = 30;
	update(&m, 102, t, 2);
	is(m.view[0]->changes * 10, 50, "ten changes in two seconds");
	is(m.observations, 100, "observations a second");
	is(m.view[0]->history[0], 30, "evidence of now");
	is(m.view[0]->history[1], 20, "nobody looked, but soon after: what it was before");
	is(m.view[0]->history[2], 20, "evidence of two seconds ago");
	is(m.view[0]->history[3], TOP_NOT_KNOWN, "nothing is known of before");

	/* One thread goes with all its changes, another one comes. */
	t[0] = thread(7, 9, 5, 8);
	t[0].first_ns = 103 * NSEC;
	update(&m, 104, t, 2);
	is(m.view[0]->changes * 10, 40, "changes of a new thread count, those of one gone do not");
	update(&m, 114, t, 2);
	is(m.view[0]->history[5], TOP_NOT_KNOWN, "nobody looked for long");

	/* The module is another one. */
	m.info.loaded_ns = 4;
	update(&m, 115, t, 2);
	ok(m.view[0]->changes < 0, "no rates over a reload");
	is(m.view[0]->history[1], TOP_NOT_KNOWN, "no history over a reload");
	update(&m, 116, t, 0);
	is(m.shown, 0, "no rows at all");
	top_free(&m);
}

static void test_order(void)
{
	struct top_model m = { .host = &nowhere, .sort = TOP_VERDICT };
	struct roundwatch_tally t[] = {
		thread(1, 1, 30, 1), thread(2, 2, 10, 1), thread(3, 3, 20, 1), thread(4, 4, 0, 0),
		thread(1, 11, 5, 1),
	};

	strcpy(t[1].comm, "MINER");
	t[1].verdict = t[1].highest = ROUNDWATCH_RANDOMX;
	t[3].verdict = t[3].highest = ROUNDWATCH_CLEAR;
	update(&m, 1, t, ARRAY_SIZE(t));
	is(m.shown, 3, "who never left RN is not shown");
	is(m.view[0]->subject.tally.tgid, 2, "the worst verdict first");
	is(m.verdicts[ROUNDWATCH_CLEAR], 1, "but counted");

	m.sort = TOP_EVIDENCE;
	top_view(&m);
	is(m.view[0]->subject.tally.tgid, 1, "the most evidence first");
	m.reverse = true;
	top_view(&m);
	is(m.view[0]->subject.tally.tgid, 2, "the least first");
	m.reverse = false;
	m.sort = TOP_PID;
	top_view(&m);
	is(m.view[0]->subject.tally.tgid, 1, "the lowest PID first");

	top_select(&m, 1);
	m.sort = TOP_EVIDENCE;
	top_view(&m);
	is(m.view[m.selected]->subject.tally.tgid, 2, "the selected row stays so in another order");
	t[1].evidence = 99;
	t[0].evidence = 100;
	update(&m, 2, t, ARRAY_SIZE(t));
	is(m.view[m.selected]->subject.tally.tgid, 2, "and in another snapshot");
	top_select(&m, INT32_MAX);
	is(m.selected, 2, "no further than the last");
	top_select(&m, INT32_MIN);
	is(m.selected, 0, "no further than the first");

	strcpy(m.filter, "mine");
	top_view(&m);
	is(m.shown, 1, "filter: part of a name, whatever its case");
	strcpy(m.filter, "1");
	top_view(&m);
	is(m.shown, 1, "filter: a PID, as a whole");
	strcpy(m.filter, "nothing");
	top_view(&m);
	is(m.shown, 0, "filter: nothing");
	*m.filter = '\0';
	m.all = true;
	m.threads = true;
	top_view(&m);
	is(m.shown, 5, "all threads");
	is(top_sort_next(&m, 1), TOP_CHANGES, "the next column but those that have no order");
	top_free(&m);
}

static void test_bar(void)
{
	static const __u64 none[4], one[4] = { 1000000, 1 }, all[4] = { 31, 23, 23, 23 };
	static const __u64 huge[4] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	unsigned int c[4], bad = 0;

	top_bar(none, 12, c);
	is(c[0] + c[1] + c[2] + c[3], 0, "a bar of nothing");
	top_bar(one, 12, c);
	ok(c[0] == 11 && c[1] == 1, "a mode seen once is to be seen");
	for (unsigned int width = 0; width < 70; width++) {
		top_bar(all, width, c);
		bad += c[0] + c[1] + c[2] + c[3] != width || (width >= 4 && !c[3]);
		top_bar(huge, width, c);
		bad += c[0] + c[1] + c[2] + c[3] != width;
	}
	is(bad, 0, "bars of all widths are full");
	top_bar(huge, 12, c);
	ok(c[0] == 3 && c[3] == 3, "equal shares");
}

static void test_sparkline(void)
{
	struct top_row row = { .changes = 0 };
	int level[TOP_SECONDS];

	for (int i = 0; i < TOP_SECONDS; i++)
		row.history[i] = TOP_NOT_KNOWN;
	row.history[0] = 100;
	row.history[1] = 99;
	row.history[2] = 1;
	row.history[3] = 0;
	top_sparkline(&row, 100, 60, level);
	is(level[59], 7, "the threshold");
	is(level[58], 6, "less than that");
	is(level[57], 1, "a little");
	is(level[56], 0, "none");
	is(level[55], -1, "not known");
	top_sparkline(&row, 100, 12, level);
	is(level[11], 7, "the highest of five seconds");
	is(level[10], -1, "not known");
}

static void test_layout(void)
{
	struct top_model m = { .info.randomx_evidence = 10000 };
	unsigned int wide[TOP_COLUMNS], bad = 0;

	for (unsigned int width = 1; width <= 400; width++) {
		unsigned int total = 0;

		m.threads = width & 1;
		top_layout(&m, width, wide);
		for (int c = 0; c < TOP_COLUMNS; c++)
			total += wide[c] ? wide[c] + 1 : 0;
		if (total > width + 1 || wide[TOP_HISTORY] > TOP_SECONDS)
			bad++;
		if (width >= 7 && !wide[TOP_PID])
			bad++;
	}
	is(bad, 0, "columns fit all widths");
	m.threads = false;
	m.info.randomx_evidence = 100;
	top_layout(&m, 80, wide);
	ok(wide[TOP_HISTORY] && wide[TOP_MODES] && wide[TOP_CHANGES] && wide[TOP_COMMAND] >= 11,
	   "80 columns have all that matters");
}

int main(void)
{
	test_rates();
	test_order();
	test_bar();
	test_sparkline();
	test_layout();
	return tap_done();
}
