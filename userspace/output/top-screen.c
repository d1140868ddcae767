// SPDX-License-Identifier: GPL-2.0
/* How roundwatch top looks. */
#include <curses.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/util.h"
#include "output/top-screen.h"

enum pair {
	PLAIN,
	RED,
	YELLOW,
	GREEN,
	CYAN,
	BLUE,
	MAGENTA,
	BAR,		/* heading, and names of keys */
	CURSOR,		/* the selected row */
	ALARM,
};

static bool colors, utf8;
static SCREEN *screen;

/* Where the next text goes; curses by itself would go on in the next line. */
static struct {
	int y, x;
	attr_t attr;	/* of the whole line, instead of any other */
} pen;

static void make_pairs(void)
{
	static const struct {
		short pair, text, ground;
	} pairs[] = {
		{ RED, COLOR_RED, -1 },
		{ YELLOW, COLOR_YELLOW, -1 },
		{ GREEN, COLOR_GREEN, -1 },
		{ CYAN, COLOR_CYAN, -1 },
		{ BLUE, COLOR_BLUE, -1 },
		{ MAGENTA, COLOR_MAGENTA, -1 },
		{ BAR, COLOR_BLACK, COLOR_GREEN },
		{ CURSOR, COLOR_BLACK, COLOR_CYAN },
		{ ALARM, COLOR_WHITE, COLOR_RED },
	};

	start_color();
	use_default_colors();
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		init_pair(pairs[i].pair, pairs[i].text, pairs[i].ground);
}

/* Where there are no colours, what must not be overlooked is bold or reversed. */
static attr_t look(enum pair pair)
{
	if (colors)
		return COLOR_PAIR(pair) | (pair == RED || pair == ALARM ? A_BOLD : 0);
	switch (pair) {
	case BAR:
	case CURSOR:
		return A_REVERSE;
	case ALARM:
		return A_REVERSE | A_BOLD;
	case RED:
	case YELLOW:
		return A_BOLD;
	default:
		return A_NORMAL;
	}
}

bool screen_open(FILE *keys)
{
	screen = newterm(NULL, stdout, keys);
	if (!screen)
		return false;
	set_term(screen);
	atexit(screen_close);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	/* The key itself, not the beginning of another: so long it is waited for more. */
	set_escdelay(50);
	curs_set(0);
	utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	colors = want_colors() && has_colors();
	if (colors)
		make_pairs();
	return true;
}

void screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

static void line(int y, attr_t attr)
{
	pen.y = y;
	pen.x = 0;
	pen.attr = attr;
	move(y, 0);
	clrtoeol();
}

static void put_char(attr_t attr, wchar_t c)
{
	int cells = wcwidth(c);

	/* Text of ours, or made harmless before; but curses must not meet a control either. */
	if (cells < 0) {
		c = L'?';
		cells = 1;
	}
	if (pen.x + cells > COLS)
		return;
	attrset(pen.attr ? pen.attr : attr);
	mvaddnwstr(pen.y, pen.x, &c, 1);
	pen.x += cells;
}

/* As much of @text as fits in @cells, and then blanks. */
static void put_cells(attr_t attr, int cells, const char *text)
{
	int end = pen.x + cells < COLS ? pen.x + cells : COLS;
	size_t left = strlen(text), n;
	mbstate_t state = { 0 };
	wchar_t c;

	for (; left; text += n, left -= n) {
		n = mbrtowc(&c, text, left, &state);
		if (n > left) {
			memset(&state, 0, sizeof(state));
			n = 1;
			c = L'?';
		}
		if (pen.x + (wcwidth(c) < 0 ? 1 : wcwidth(c)) > end)
			break;
		put_char(attr, c);
	}
	while (pen.x < end)
		put_char(attr, L' ');
}

/* The same, at the right. */
static void put_right(attr_t attr, int cells, const char *text)
{
	int n = strlen(text);

	for (int i = n; i < cells; i++)
		put_char(attr, L' ');
	put_cells(attr, n < cells ? n : cells, text);
}

static int width_of(const char *text)
{
	size_t n = mbstowcs(NULL, text, 0);
	wchar_t *wide;
	int cells;

	if (n == (size_t)-1)
		return strlen(text);
	wide = xrealloc(NULL, n + 1, sizeof(*wide));
	mbstowcs(wide, text, n + 1);
	cells = wcswidth(wide, n);
	free(wide);
	return cells < 0 ? (int)n : cells;
}

__attribute__((format(printf, 2, 3))) static void put(attr_t attr, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = xasprintf("?");
	va_end(ap);
	put_cells(attr, width_of(text), text);
	free(text);
}

static void put_foreign(attr_t attr, int cells, const char *text)
{
	char *safe = text_for_terminal(text);

	put_cells(attr, cells, safe);
	free(safe);
}

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

	put(A_BOLD, "roundwatch ");
	put_foreign(A_BOLD, (int)strlen(version), version);
	put(PLAIN, "  ");
	free(version);
	if (s->absent)
		put(look(ALARM), " NOT LOADED ");
	else if (s->problem)
		put(look(ALARM), " NOT READABLE ");
	else if (s->blind)
		put(look(ALARM), " BLIND: sees no miner ");
	else
		put(look(GREEN), "watching");
	if (s->paused)
		put(look(YELLOW), "  PAUSED");
	if (!s->absent)
		put(PLAIN, "  loaded %s ago", format_duration(age, m->now_ns > info->loaded_ns ?
							      m->now_ns - info->loaded_ns : 0));
	if (s->name) {
		put(look(YELLOW), "  recording ");
		put_foreign(look(YELLOW), COLS, s->name);
	}
}

static void draw_counters(const struct top_model *m)
{
	const struct roundwatch_info *info = &m->info;
	char n[NUMBER_MAX], live[NUMBER_MAX];

	put(PLAIN, "Observations ");
	if (m->observations >= 0)
		put(A_BOLD, "%s/s", format_count(n, (uint64_t)(m->observations + 0.5)));
	else
		put(A_BOLD, "%s", format_count(n, info->observations));
	put(PLAIN, "   Tallies ");
	put(A_BOLD, "%s", format_count(live, info->live));
	put(PLAIN, " live, ");
	put(A_BOLD, "%s", format_count(n, info->exited));
	put(PLAIN, " exited, of %u", info->max_tasks);
	if (info->dropped)
		put(look(RED), "   no room for %s: larger max_tasks",
		    format_count(n, info->dropped));
}

static enum pair verdict_pair(uint8_t verdict)
{
	return verdict <= ROUNDWATCH_ROUNDING ? PLAIN :
	       verdict == ROUNDWATCH_SUSPECT ? YELLOW : RED;
}

static void draw_verdicts(const struct top_model *m)
{
	put(PLAIN, "Processes");
	for (int i = ROUNDWATCH_RANDOMX; i >= 0; i--)
		put(m->verdicts[i] ? look(verdict_pair(i)) : PLAIN, "   %zu %s", m->verdicts[i],
		    verdict_name(i));
}

static void draw_head(const struct top_screen *s, const struct top_model *m)
{
	int lines = head_lines();

	if (lines > 0) {
		line(0, 0);
		draw_state(s, m);
	}
	if (lines < 4)
		return;
	line(1, 0);
	draw_counters(m);
	line(2, 0);
	draw_verdicts(m);
	line(3, 0);
	if (s->problem)
		put_foreign(look(RED), COLS, s->problem);
	else if (s->lost)
		put(look(RED), "%" PRIu64 " records were lost on the way: this may not be all",
		    s->lost);
}

static bool at_right(enum top_column c)
{
	return c == TOP_PID || c == TOP_TID || c == TOP_THREADS || c == TOP_EVIDENCE ||
	       c == TOP_CHANGES || c == TOP_LAST;
}

/* What stands for a cell of each mode, and for each level of evidence. */
static wchar_t mode_sign(int mode)
{
	return utf8 ? L"\u2591\u2592\u2593\u2588"[mode] : L"nduz"[mode];
}

static wchar_t level_sign(int level)
{
	return utf8 ? L"\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"[level] :
		      L"_.-:=+*#"[level];
}

static const enum pair mode_pair[ROUNDWATCH_MODES] = {
	[ROUNDWATCH_RN] = GREEN,
	[ROUNDWATCH_RD] = CYAN,
	[ROUNDWATCH_RU] = BLUE,
	[ROUNDWATCH_RZ] = MAGENTA,
};

static void draw_heading(const struct top_model *m, const unsigned int wide[TOP_COLUMNS])
{
	line(head_lines(), look(BAR));
	for (int c = 0; c < TOP_COLUMNS; c++) {
		char name[32];

		if (!wide[c])
			continue;
		if (pen.x)
			put_char(0, L' ');
		snprintf(name, sizeof(name), "%s%s", top_column_name(c),
			 c != (int)m->sort ? "" : m->reverse ? "-" : "+");
		if (c == TOP_MODES && wide[c] >= 11) {
			/* What the bars are made of */
			for (int i = 0; i < ROUNDWATCH_MODES; i++) {
				put_char(0, mode_sign(i));
				put(0, "%s", mode_name(i));
			}
			put_cells(0, wide[c] - 3 * ROUNDWATCH_MODES, "");
		} else if (at_right(c)) {
			put_right(0, wide[c], name);
		} else {
			put_cells(0, wide[c], name);
		}
	}
	put_cells(0, COLS, "");
}

static void draw_bar(const struct top_row *row, unsigned int width)
{
	unsigned int cells[ROUNDWATCH_MODES], used = 0;

	top_bar(row->subject.tally.count, width, cells);
	for (int i = 0; i < ROUNDWATCH_MODES; i++) {
		used += cells[i];
		for (unsigned int n = 0; n < cells[i]; n++)
			put_char(look(mode_pair[i]), mode_sign(i));
	}
	put_cells(PLAIN, width - used, "");
}

static void draw_history(const struct top_model *m, const struct top_row *row, unsigned int width)
{
	int level[TOP_SECONDS];

	top_sparkline(row, m->info.randomx_evidence, width, level);
	for (unsigned int i = 0; i < width; i++)
		put_char(look(level[i] == 7 ? RED : PLAIN),
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

static void draw_cell(const struct top_model *m, struct top_row *row, enum top_column c,
		      unsigned int width)
{
	const struct roundwatch_tally *t = &row->subject.tally;
	attr_t plain = (t->flags & ROUNDWATCH_EXITED) ? A_DIM : PLAIN;
	char text[NUMBER_MAX] = "", comm[sizeof(t->comm) + 1] = "";
	const char *cmdline;

	switch (c) {
	case TOP_PID:
		snprintf(text, sizeof(text), "%u", t->tgid);
		break;
	case TOP_TID:
		snprintf(text, sizeof(text), "%u", t->pid);
		break;
	case TOP_THREADS:
		format_count(text, row->subject.threads);
		break;
	case TOP_EVIDENCE:
		evidence_text(m, t, width, text);
		break;
	case TOP_CHANGES:
		changes_text(row->changes, text);
		break;
	case TOP_LAST:
		format_duration(text, m->now_ns > t->last_ns ? m->now_ns - t->last_ns : 0);
		break;
	case TOP_USER:
		put_foreign(plain, width, top_identify(m, row)->user);
		return;
	case TOP_VERDICT:
		put_cells(t->verdict > ROUNDWATCH_ROUNDING ? look(verdict_pair(t->verdict)) : plain,
			  width, verdict_name(t->verdict));
		return;
	case TOP_HISTORY:
		draw_history(m, row, width);
		return;
	case TOP_MODES:
		draw_bar(row, width);
		return;
	case TOP_COMMAND:
		memcpy(comm, t->comm, sizeof(t->comm));
		put_foreign(plain, width, comm);
		return;
	case TOP_CMDLINE:
		cmdline = top_identify(m, row)->cmdline;
		put_foreign(plain, width, cmdline ? cmdline : "");
		return;
	case TOP_COLUMNS:
		return;
	}
	put_right(plain, width, text);
}

static void draw_row(const struct top_model *m, struct top_row *row, int y, bool selected,
		     const unsigned int wide[TOP_COLUMNS])
{
	line(y, selected ? look(CURSOR) : 0);
	for (int c = 0; c < TOP_COLUMNS; c++) {
		if (!wide[c])
			continue;
		if (pen.x)
			put_char(PLAIN, L' ');
		draw_cell(m, row, c, wide[c]);
	}
	if (selected)
		put_cells(PLAIN, COLS, "");
}

static void draw_keys(const char *const keys[][2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put(A_BOLD, "%s", keys[i][0]);
		put(look(CURSOR), "%s", keys[i][1]);
		put(PLAIN, " ");
	}
}

static void draw_foot(const struct top_screen *s, const struct top_model *m)
{
	static const char *const keys[][2] = {
		{ "h", "Help" }, { "/", "Filter" }, { "<>", "Sort" }, { "r", "Reverse" },
		{ "H", "Threads" }, { "a", "All" }, { "p", "Pause" }, { "e", "Explain" },
		{ "q", "Quit" },
	};

	line(LINES - 1, 0);
	if (s->typing) {
		put(A_BOLD, "Filter: ");
		put_foreign(PLAIN, width_of(m->filter), m->filter);
		put(A_REVERSE, " ");
		put(PLAIN, "  Enter: keep it, Esc: show all");
		return;
	}
	if (*m->filter) {
		char *safe = text_for_terminal(m->filter);

		put(look(YELLOW), "Filter: %s  ", safe);
		free(safe);
	}
	draw_keys(keys, ARRAY_SIZE(keys));
}

static void draw_nothing(const struct top_screen *s, const struct top_model *m)
{
	if (*m->filter)
		put(PLAIN, "Nobody matches the filter; / changes it.");
	else if (s->problem || s->blind)
		put(look(RED), "Nobody is on record, as nothing is seen.");
	else if (m->all)
		put(PLAIN, "Nobody is on record.");
	else
		put(PLAIN, "Nobody left round-to-nearest; a shows all that are on record.");
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
		line(y, 0);
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
			put_char(PLAIN, c);
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
	line(0, look(BAR));
	put_cells(0, COLS, p->title);
	at = p->text;
	for (number = 0; *at && number < p->first + rows; number++) {
		bool draw = number >= p->first;

		if (draw)
			line((int)(1 + number - p->first), 0);
		at += page_line(at, draw);
		at += *at == '\n';
	}
	if (LINES > 2) {
		line(LINES - 1, 0);
		put(PLAIN, "%ld to %ld of %ld lines; arrows scroll, q or Esc: back",
		    p->lines ? p->first + 1 : 0, number, p->lines);
	}
	refresh();
}
