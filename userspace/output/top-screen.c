// SPDX-License-Identifier: GPL-2.0
/* How roundwatch top looks. */
#include <curses.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/util.h"
#include "output/top-screen.h"
#include "output/top-terminal.h"

static int head_lines(void)
{
	return LINES >= 10 ? 4 : LINES >= 2;
}

/* Of the heading and of the keys */
static bool has_heading(void)
{
	return LINES >= 3;
}

static bool has_keys(void)
{
	return LINES >= 4;
}

int screen_rows(void)
{
	int rows = LINES - head_lines() - has_heading() - has_keys();

	return rows > 0 ? rows : 0;
}

static void draw_state(const struct top_screen *s, const struct top_model *m)
{
	const struct roundwatch_info *info = &m->info;
	char age[NUMBER_MAX], *version = xstrndup(info->version, sizeof(info->version));

	pen_text(BOLD, "roundwatch ");
	pen_foreign(BOLD, (int)strlen(version), version);
	pen_text(PLAIN, "  ");
	free(version);
	if (s->absent)
		pen_text(ALARM, " NOT LOADED ");
	else if (s->problem)
		pen_text(ALARM, " NOT READABLE ");
	else if (s->blind)
		pen_text(ALARM, " BLIND: sees no miner ");
	else
		pen_text(GREEN, "watching");
	if (s->paused)
		pen_text(YELLOW, "  PAUSED");
	if (!s->absent)
		pen_text(PLAIN, "  loaded %s ago",
			 format_duration(age, m->now_ns > info->loaded_ns ?
					      m->now_ns - info->loaded_ns : 0));
	if (s->name) {
		pen_text(YELLOW, "  recording ");
		pen_foreign(YELLOW, COLS, s->name);
	}
}

static void draw_counters(const struct top_model *m)
{
	const struct roundwatch_info *info = &m->info;
	char n[NUMBER_MAX], live[NUMBER_MAX];

	pen_text(PLAIN, "Observations ");
	if (m->observations >= 0)
		pen_text(BOLD, "%s/s", format_count(n, (uint64_t)(m->observations + 0.5)));
	else
		pen_text(BOLD, "%s", format_count(n, info->observations));
	pen_text(PLAIN, "   Tallies ");
	pen_text(BOLD, "%s", format_count(live, info->live));
	pen_text(PLAIN, " live, ");
	pen_text(BOLD, "%s", format_count(n, info->exited));
	pen_text(PLAIN, " exited, of %u", info->max_tasks);
	if (info->dropped)
		pen_text(RED, "   no room for %s: larger max_tasks",
			 format_count(n, info->dropped));
}

static enum look verdict_look(uint8_t verdict)
{
	return verdict <= ROUNDWATCH_ROUNDING ? PLAIN :
	       verdict == ROUNDWATCH_SUSPECT ? YELLOW : RED;
}

/* As far as there is room. */
static void draw_count(enum look look, size_t n, const char *what)
{
	char *text = xasprintf("  %zu %s", n, what);

	if (pen_column() + (int)strlen(text) <= COLS)
		pen_text(look, "%s", text);
	free(text);
}

static void draw_verdicts(const struct top_model *m)
{
	const struct census *c = &m->census;
	size_t allowed = 0;

	pen_text(PLAIN, "Processes");
	for (int i = ROUNDWATCH_RANDOMX; i > ROUNDWATCH_CLEAR; i--) {
		draw_count(c->count[i] ? verdict_look(i) : PLAIN, c->count[i], verdict_name(i));
		allowed += c->allowed[i];
	}
	if (allowed)
		draw_count(PLAIN, allowed, "allowed");
	if (c->doubtful)
		draw_count(YELLOW, c->doubtful, "in doubt");
	if (c->ended)
		draw_count(PLAIN, c->ended, "ended");
	/* The least of interest comes last, and first has no room. */
	draw_count(PLAIN, c->count[ROUNDWATCH_CLEAR], verdict_name(ROUNDWATCH_CLEAR));
}

/* In full, what the column NOTE has little room for, or none. */
static void draw_note(const struct top_model *m)
{
	struct top_row *row = top_selected(m);
	char *note = row ? top_note(m, row) : NULL;
	const struct roundwatch_tally *t;
	char *text;

	if (!note)
		return;
	t = &row->subject.tally;
	text = row->group ? xasprintf("%s: %s", row->group, note) :
			    xasprintf("%.*s[%u]: %s", (int)sizeof(t->comm), t->comm,
				      t->pid ? t->pid : t->tgid, note);
	pen_foreign(PLAIN, COLS, text);
	free(text);
	free(note);
}

static void draw_head(const struct top_screen *s, const struct top_model *m)
{
	int lines = head_lines();

	if (lines > 0) {
		pen_line(0, PLAIN);
		draw_state(s, m);
	}
	if (lines < 4)
		return;
	pen_line(1, PLAIN);
	draw_counters(m);
	pen_line(2, PLAIN);
	draw_verdicts(m);
	pen_line(3, PLAIN);
	if (s->problem)
		pen_foreign(RED, COLS, s->problem);
	else if (s->lost)
		pen_text(RED, "%" PRIu64 " records were lost on the way: this may not be all",
			 s->lost);
	else
		draw_note(m);
}

static bool at_right(enum top_column c)
{
	return c == TOP_PID || c == TOP_TID || c == TOP_PROCESSES || c == TOP_THREADS ||
	       c == TOP_EVIDENCE || c == TOP_CPU || c == TOP_CHANGES || c == TOP_LAST;
}

/* What stands for a cell of each mode, and for each level of evidence. */
static wchar_t mode_sign(int mode)
{
	return terminal_is_utf8() ? L"\u2591\u2592\u2593\u2588"[mode] : L"nduz"[mode];
}

static wchar_t level_sign(int level)
{
	return terminal_is_utf8() ? L"\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"[level] :
		      L"_.-:=+*#"[level];
}

static const enum look mode_look[ROUNDWATCH_MODES] = {
	[ROUNDWATCH_RN] = GREEN,
	[ROUNDWATCH_RD] = CYAN,
	[ROUNDWATCH_RU] = BLUE,
	[ROUNDWATCH_RZ] = MAGENTA,
};

static void draw_heading(const struct top_model *m, const unsigned int wide[TOP_COLUMNS])
{
	pen_line(head_lines(), BAR);
	for (int c = 0; c < TOP_COLUMNS; c++) {
		bool sorted = c == (int)m->sort;
		enum look look = sorted ? SORTED : PLAIN;
		char name[32];

		if (!wide[c])
			continue;
		if (pen_column())
			pen_char(PLAIN, L' ');
		snprintf(name, sizeof(name), "%s%s",
			 c == TOP_HISTORY && wide[c] < 11 ? "MINUTE" : top_column_name(m, c),
			 !sorted ? "" : m->reverse ? "-" : "+");
		if (c == TOP_MODES && wide[c] >= 11) {
			/* What the bars are made of */
			for (int i = 0; i < ROUNDWATCH_MODES; i++) {
				pen_char(PLAIN, mode_sign(i));
				pen_text(PLAIN, "%s", mode_name(i));
			}
			pen_cells(PLAIN, wide[c] - 3 * ROUNDWATCH_MODES, "");
		} else if (at_right(c)) {
			pen_right(look, wide[c], name);
		} else {
			pen_cells(look, wide[c], name);
		}
	}
	pen_cells(PLAIN, COLS, "");
}

static void draw_bar(const struct top_row *row, unsigned int width)
{
	unsigned int cells[ROUNDWATCH_MODES], used = 0;

	top_bar(row->subject.tally.count, width, cells);
	for (int i = 0; i < ROUNDWATCH_MODES; i++) {
		used += cells[i];
		for (unsigned int n = 0; n < cells[i]; n++)
			pen_char(mode_look[i], mode_sign(i));
	}
	pen_cells(PLAIN, width - used, "");
}

static void draw_history(const struct top_model *m, const struct top_row *row, unsigned int width)
{
	int level[TOP_SECONDS];

	top_sparkline(row, m->info.randomx_evidence, width, level);
	for (unsigned int i = 0; i < width; i++)
		pen_char(level[i] == 7 ? RED : PLAIN,
			 level[i] < 0 ? L' ' : level_sign(level[i]));
}

static void evidence_text(const struct top_model *m, const struct roundwatch_tally *t,
			  unsigned int width, char text[NUMBER_MAX])
{
	snprintf(text, NUMBER_MAX, "%u/%u", t->evidence, m->info.randomx_evidence);
	/* A number that lost a digit is another number. */
	if (strlen(text) > width)
		format_count(text, t->evidence);
}

static void changes_text(double changes, char text[NUMBER_MAX])
{
	if (changes < 0)
		snprintf(text, NUMBER_MAX, "-");
	else if (changes < 1000)
		snprintf(text, NUMBER_MAX, "%.1f", changes);
	else
		format_count(text, (uint64_t)changes);
}

static void cpu_text(double cpu, char text[NUMBER_MAX])
{
	snprintf(text, NUMBER_MAX, cpu < 0 ? "-" : cpu < 9.95 ? "%.1f" : "%.0f", cpu);
}

/* Text of the columns that are aligned at the right; empty for others. */
static void number_text(const struct top_model *m, const struct top_row *row, enum top_column c,
			unsigned int width, char text[NUMBER_MAX])
{
	const struct roundwatch_tally *t = &row->subject.tally;

	*text = '\0';
	switch (c) {
	case TOP_PID:
		snprintf(text, NUMBER_MAX, "%u", t->tgid);
		break;
	case TOP_TID:
		snprintf(text, NUMBER_MAX, "%u", t->pid);
		break;
	case TOP_PROCESSES:
		format_count(text, row->subject.processes);
		break;
	case TOP_THREADS:
		format_count(text, row->subject.threads);
		break;
	case TOP_EVIDENCE:
		if (tally_ended(t))
			snprintf(text, NUMBER_MAX, "-");
		else
			evidence_text(m, t, width, text);
		break;
	case TOP_CPU:
		cpu_text(row->cpu, text);
		break;
	case TOP_CHANGES:
		changes_text(row->changes, text);
		break;
	case TOP_LAST:
		format_duration(text, m->now_ns > t->last_ns ? m->now_ns - t->last_ns : 0);
		break;
	default:
		break;
	}
}

static void put_and_free(enum look look, unsigned int width, char *text)
{
	pen_foreign(look, width, text ? text : "");
	free(text);
}

static void draw_cell(const struct top_model *m, struct top_row *row, enum top_column c,
		      unsigned int width)
{
	const struct roundwatch_tally *t = &row->subject.tally;
	enum look plain = tally_ended(t) ? DIM : PLAIN;
	uint8_t verdict = row->allowed ? ROUNDWATCH_CLEAR : present_verdict(t);
	char text[NUMBER_MAX];
	const char *cmdline;

	switch (c) {
	case TOP_GROUP:
		pen_foreign(plain, width, row->group);
		break;
	case TOP_USER:
		pen_foreign(plain, width, top_identify(m, row)->user);
		break;
	case TOP_VERDICT:
		pen_cells(verdict > ROUNDWATCH_ROUNDING ? verdict_look(verdict) : plain, width,
			  top_verdict(row));
		break;
	case TOP_HISTORY:
		draw_history(m, row, width);
		break;
	case TOP_MODES:
		draw_bar(row, width);
		break;
	case TOP_WHERE:
		put_and_free(plain, width, identity_place(top_identify(m, row)));
		break;
	case TOP_COMMAND:
		put_and_free(plain, width, xstrndup(t->comm, sizeof(t->comm)));
		break;
	case TOP_NOTE:
		put_and_free(plain, width, top_note(m, row));
		break;
	case TOP_CMDLINE:
		cmdline = top_identify(m, row)->cmdline;
		pen_foreign(plain, width, cmdline ? cmdline : "");
		break;
	default:
		number_text(m, row, c, width, text);
		pen_right(plain, width, text);
	}
}

static void draw_row(const struct top_model *m, struct top_row *row, int y, bool selected,
		     const unsigned int wide[TOP_COLUMNS])
{
	pen_line(y, selected ? CURSOR : 0);
	for (int c = 0; c < TOP_COLUMNS; c++) {
		if (!wide[c])
			continue;
		if (pen_column())
			pen_char(PLAIN, L' ');
		draw_cell(m, row, c, wide[c]);
	}
	if (selected)
		pen_cells(PLAIN, COLS, "");
}

static void draw_keys(const char *const keys[][2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pen_text(BOLD, "%s", keys[i][0]);
		pen_text(CURSOR, "%s", keys[i][1]);
		pen_text(PLAIN, " ");
	}
}

static void draw_foot(const struct top_screen *s, const struct top_model *m)
{
	static const char *const keys[][2] = {
		{ "h", "Help" }, { "/", "Filter" }, { "<>", "Sort" }, { "r", "Reverse" },
		{ "H", "Threads" }, { "b", "By" }, { "a", "All" }, { "p", "Pause" },
		{ "e", "Explain" }, { "q", "Quit" },
	};

	pen_line(LINES - 1, PLAIN);
	if (s->typing) {
		pen_text(BOLD, "Filter: ");
		pen_foreign(PLAIN, width_of(m->filter), m->filter);
		pen_text(CURSOR, " ");
		pen_text(PLAIN, "  Enter: keep it, Esc: show all");
		return;
	}
	if (*m->filter) {
		char *safe = text_for_terminal(m->filter);

		pen_text(YELLOW, "Filter: %s  ", safe);
		free(safe);
	}
	draw_keys(keys, ARRAY_SIZE(keys));
}

static void draw_nothing(const struct top_screen *s, const struct top_model *m)
{
	if (*m->filter)
		pen_text(PLAIN, "No process matches the filter; / changes it.");
	else if (s->problem || s->blind)
		pen_text(RED, "No process is on record, because the module sees nothing.");
	else if (m->all)
		pen_text(PLAIN, "No process is on record.");
	else
		pen_text(PLAIN, "No process left round-to-nearest; a shows all on record.");
}

static void keep_in_sight(struct top_screen *s, const struct top_model *m, size_t rows)
{
	if (s->first > m->selected)
		s->first = m->selected;
	if (rows && m->selected - s->first >= rows)
		s->first = m->selected - rows + 1;
	if (s->first + rows > m->shown)
		s->first = m->shown > rows ? m->shown - rows : 0;
}

void screen_draw(struct top_screen *s, struct top_model *m)
{
	size_t rows = screen_rows();
	int y = head_lines() + has_heading();
	unsigned int wide[TOP_COLUMNS];

	erase();
	keep_in_sight(s, m, rows);
	top_layout(m, COLS, wide);
	draw_head(s, m);
	if (has_heading())
		draw_heading(m, wide);
	for (size_t i = s->first; i < m->shown && i - s->first < rows; i++)
		draw_row(m, m->view[i], y + (int)(i - s->first), i == m->selected, wide);
	if (!m->shown && rows) {
		pen_line(y, PLAIN);
		draw_nothing(s, m);
	}
	if (has_keys())
		draw_foot(s, m);
	refresh();
}

/* Bytes of the line at @text that fit on one of the screen; @draw them. */
static size_t page_line(const char *text, bool draw)
{
	size_t length = strcspn(text, "\n"), done = 0, n;
	mbstate_t state = { 0 };
	int x = 0;

	while (done < length) {
		wchar_t c;

		n = mbrtowc(&c, text + done, length - done, &state);
		if (!n || n > length - done) {
			memset(&state, 0, sizeof(state));
			n = 1;
			c = L'?';
		}
		/* One at least, or there would be no end. */
		x += wcwidth(c) < 0 ? 1 : wcwidth(c);
		if (done && x > COLS)
			break;
		if (draw)
			pen_char(PLAIN, c);
		done += n;
	}
	return done;
}

void page_draw(struct top_page *p)
{
	long rows = LINES > 2 ? LINES - 2 : 1;
	const char *at = p->text;
	long number;

	for (p->lines = 0; *at; p->lines++) {
		at += page_line(at, false);
		at += *at == '\n';
	}
	if (p->first > p->lines - rows)
		p->first = p->lines - rows;
	if (p->first < 0)
		p->first = 0;

	erase();
	pen_line(0, BAR);
	pen_cells(PLAIN, COLS, p->title);
	at = p->text;
	for (number = 0; *at && number < p->first + rows; number++) {
		bool draw = number >= p->first;

		if (draw)
			pen_line((int)(1 + number - p->first), PLAIN);
		at += page_line(at, draw);
		at += *at == '\n';
	}
	if (LINES > 2) {
		pen_line(LINES - 1, PLAIN);
		pen_text(PLAIN, "%ld to %ld of %ld lines; arrows scroll, q or Esc: back",
			 p->lines ? p->first + 1 : 0, number, p->lines);
	}
	refresh();
}
