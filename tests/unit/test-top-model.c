// SPDX-License-Identifier: GPL-2.0
/* Rows, rates and order of roundwatch top. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Times that the module computes anew for each snapshot move; who a thread is does not. */
static void test_identity(void)
{
	struct top_model m = { .host = &nowhere, .patience_ns = 5 * NSEC, .sort = TOP_VERDICT,
			       .threads = true };
	struct roundwatch_tally t[3] = { thread(7, 7, 10, 100), thread(7, 8, 20, 50) };
	size_t known = 0;

	for (int i = 0; i < 10; i++) {
		t[0].first_ns = t[1].first_ns = NSEC + (i % 3) * 48333333;
		t[0].changes += 20;
		t[0].evidence += 5;
		t[0].cpu_ns += NSEC / 2;
		update(&m, 100 + i, t, 2);
	}
	is(m.shown, 2, "a row for each thread");
	is(m.view[0]->subject.tally.pid, 7, "that with more evidence first");
	is(m.view[0]->changes, 20, "changes per second, though the first observation moves");
	is(m.view[1]->changes, 0, "none of the other thread");
	is(m.view[0]->cpu * 10, 500, "half of a CPU");
	for (size_t i = 0; i < TOP_SECONDS; i++)
		known += m.view[0]->history[i] != TOP_NOT_KNOWN;
	is(known, 10, "ten seconds of history");
	is(m.view[0]->history[9], 15, "the first of them");

	/* It runs another program: the same thread, another tally, and the one before remains. */
	t[2] = t[0];
	t[0].flags = ROUNDWATCH_EXITED;
	t[0].id = 1;
	t[2].id = 2;
	t[1].id = 3;
	t[2].evidence = 4;
	t[2].changes = 8;
	t[2].cpu_ns += NSEC / 4;
	update(&m, 110, t, 3);
	for (int i = 0; i < 3; i++) {
		t[2].changes += 6;
		t[2].evidence++;
		t[2].cpu_ns += NSEC / 4;
		update(&m, 111 + i, t, 3);
	}
	for (size_t i = 0; i < m.shown; i++) {
		const struct top_row *row = m.view[i];

		if (row->subject.tally.id == 2) {
			is(row->changes, 6, "changes of the new program");
			is(row->cpu * 10, 250, "CPU of the new program");
			is(row->history[0], 7, "its evidence");
			is(row->history[3], 4, "and its past");
		} else if (row->subject.tally.id == 1) {
			is(row->changes, 0, "what has ended changes no more");
			is(row->history[0], 0, "and has no evidence");
		}
	}
	is(m.shown, 3, "both are rows");
	m.threads = false;
	top_view(&m);
	is(m.view[0]->changes, 6, "the process has the changes of all its threads");
	top_free(&m);
}

static void test_ended(void)
{
	struct top_model m = { .host = &nowhere, .sort = TOP_VERDICT };
	struct roundwatch_tally t[] = {
		thread(1, 1, 100, 1), thread(2, 2, 40, 1), thread(3, 3, 5, 1),
	};
	unsigned int wide[TOP_COLUMNS];
	char *note;

	t[0].verdict = t[0].highest = ROUNDWATCH_RANDOMX;
	t[1].verdict = t[1].highest = ROUNDWATCH_SUSPECT;
	update(&m, 10, t, 3);
	is(m.census.count[ROUNDWATCH_RANDOMX], 1, "it is randomx");
	ok(!strcmp(top_verdict(m.view[0]), "randomx"), "and says so");
	ok(!top_note(&m, m.view[0]), "nothing else is to be said");
	top_layout(&m, 200, wide);
	is(wide[TOP_NOTE], 0, "nor is there a column for it");

	t[0].flags |= ROUNDWATCH_EXITED;
	t[0].last_ns = 10 * NSEC;
	update(&m, 70, t, 3);
	is(m.census.count[ROUNDWATCH_RANDOMX], 0, "what has ended is not randomx");
	is(m.census.ended, 1, "but counted as ended");
	is(m.view[0]->subject.tally.tgid, 2, "what is suspect comes first");
	is(m.view[1]->subject.tally.tgid, 1, "then what has ended");
	ok(!strcmp(top_verdict(m.view[1]), "ended"), "it says ended");
	note = top_note(&m, m.view[1]);
	ok(note && strstr(note, "was randomx, ended"), "and what it was: %s", note);
	free(note);
	top_layout(&m, 200, wide);
	ok(wide[TOP_NOTE], "there is a column for that");
	strcpy(m.filter, "ended");
	top_view(&m);
	is(m.shown, 1, "filter: what has ended");
	top_free(&m);
}

static void test_groups(void)
{
	struct top_model m = { .host = &nowhere, .patience_ns = 5 * NSEC, .sort = TOP_VERDICT };
	struct roundwatch_tally t[] = {
		thread(1, 1, 10, 1), thread(2, 2, 40, 1), thread(3, 3, 5, 1),
	};
	unsigned int wide[TOP_COLUMNS];

	t[2].uid = 1000;
	update(&m, 10, t, 3);
	for (int i = 0; i < 3; i++) {
		t[i].changes += 5;
		t[i].cpu_ns += NSEC / 10;
	}
	t[1].evidence = 30;
	update(&m, 11, t, 3);
	top_group(&m, BY_USER);
	is(m.shown, 2, "a row for each user");
	ok(!strcmp(m.view[0]->group, "0"), "by name: %s", m.view[0]->group);
	is(m.view[0]->subject.processes, 2, "with two processes");
	is(m.view[0]->subject.tally.tgid, 2, "the worst of them stands for it");
	is(m.view[0]->changes, 10, "changes of both");
	is(m.view[0]->cpu * 10, 200, "CPU of both");
	is(m.view[0]->history[0], 30, "the highest evidence");
	is(m.view[0]->history[1], 40, "at each time");
	ok(!strcmp(top_column_name(&m, TOP_GROUP), "USER"), "the column is called USER");
	top_layout(&m, 80, wide);
	ok(wide[TOP_GROUP] && wide[TOP_PROCESSES] && wide[TOP_HISTORY] && wide[TOP_MODES] &&
	   !wide[TOP_PID] && !wide[TOP_CMDLINE], "80 columns have what a group has");
	m.sort = TOP_GROUP;
	m.reverse = true;
	top_view(&m);
	ok(!strcmp(m.view[0]->group, "1000"), "sorted by name");
	top_select(&m, 1);
	update(&m, 12, t, 3);
	ok(!strcmp(m.view[m.selected]->group, "0"), "the selected one stays so");
	update(&m, 13, t, 0);
	is(m.shown, 0, "no groups at all");
	update(&m, 14, t, 3);
	top_group(&m, BY_CONTAINER);
	is(m.shown, 1, "of a host that is not known, containers are not known");
	ok(!strcmp(m.view[0]->group, "(not known)"), "it says so");
	is(m.sort, TOP_GROUP, "the order stays");
	top_group(&m, BY_PROCESS);
	is(m.shown, 3, "each by itself");
	is(m.sort, TOP_VERDICT, "a column that is gone orders nothing");
	top_free(&m);
}

/* The worst of a group is beyond doubt, another one is not. */
static void test_doubt(void)
{
	static const char path[] = "test-top-model.allow";
	struct top_model m = { .host = &nowhere, .patience_ns = 5 * NSEC, .sort = TOP_VERDICT };
	struct roundwatch_tally t[] = { thread(1, 1, 100, 1), thread(2, 2, 50, 1) };
	struct allow allow = { 0 };
	FILE *f = fopen(path, "w");

	ok(f && fputs("exe /usr/bin/x user 0\n", f) > 0 && !fclose(f), "an allow list");
	is(allow_read(&allow, path), 0, "which can be read");
	unlink(path);
	m.allow = &allow;
	t[0].uid = 1000;
	t[0].verdict = t[0].highest = ROUNDWATCH_RANDOMX;
	t[1].verdict = t[1].highest = ROUNDWATCH_SUSPECT;
	update(&m, 10, t, 2);
	ok(!m.view[0]->doubt, "of the worst process there is no doubt");
	ok(m.view[1]->doubt, "of the other one there is");
	top_group(&m, BY_CONTAINER);
	is(m.shown, 1, "both are in a group");
	is(m.view[0]->subject.tally.tgid, 1, "the worst stands for it");
	ok(m.view[0]->doubt && strstr(m.view[0]->doubt, "exe /usr/bin/x"),
	   "and the doubt about the other one is that of the group");
	top_free(&m);
	allow_free(&allow);
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
	is(m.census.count[ROUNDWATCH_CLEAR], 1, "but counted");

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
	m.sort = TOP_CPU;
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
	ok(wide[TOP_HISTORY] && wide[TOP_MODES] && wide[TOP_CHANGES] && wide[TOP_CPU] &&
	   wide[TOP_USER] && !wide[TOP_WHERE] && wide[TOP_COMMAND] >= 11,
	   "80 columns have all that matters");
	m.sort = TOP_EVIDENCE;
	top_layout(&m, 80, wide);
	is(wide[TOP_EVIDENCE], strlen("EVIDENCE+"), "the mark of the sorted column has room");
}

int main(void)
{
	test_rates();
	test_identity();
	test_ended();
	test_groups();
	test_doubt();
	test_order();
	test_bar();
	test_sparkline();
	test_layout();
	return tap_done();
}
