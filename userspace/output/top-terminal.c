// SPDX-License-Identifier: GPL-2.0
/* The terminal of roundwatch top: taken, written to, given back. */
#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/util.h"
#include "output/top-terminal.h"

static bool colors, utf8;
static SCREEN *screen;

static struct {
	int y, x;
	enum look all;
} pen;

/* What a signal handler needs to give the terminal back when curses cannot. */
static struct {
	struct termios modes;
	bool known;
	int output;		/* does not block */
	char text[256];		/* leaves the full screen, shows the cursor */
	size_t n;
} last;

static int add_to_last(int c)
{
	if (last.n < sizeof(last.text))
		last.text[last.n++] = (char)c;
	return c;
}

static void prepare_last(void)
{
	const char *const sequences[] = {
		exit_attribute_mode, orig_pair, cursor_normal, keypad_local, exit_ca_mode,
	};

	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++)
		if (sequences[i])
			tputs(sequences[i], 1, add_to_last);
	last.output = open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

/* Ctrl-S may have stopped the output, which TCOON alone does not undo. */
static void restart_output(void)
{
	tcflow(STDOUT_FILENO, TCOOFF);
	tcflow(STDOUT_FILENO, TCOON);
}

/* In a signal handler: the terminal takes no output, or the program crashed. */
static void abandon(void)
{
	if (!screen)
		return;
	if (last.known)
		tcsetattr(STDOUT_FILENO, TCSANOW, &last.modes);
	restart_output();
	if (write(last.output, last.text, last.n) < 0)
		return;
}

static void make_pairs(void)
{
	static const struct {
		short look, text, ground;
	} pairs[] = {
		{ RED, COLOR_RED, -1 },
		{ YELLOW, COLOR_YELLOW, -1 },
		{ GREEN, COLOR_GREEN, -1 },
		{ CYAN, COLOR_CYAN, -1 },
		{ BLUE, COLOR_BLUE, -1 },
		{ MAGENTA, COLOR_MAGENTA, -1 },
		{ BAR, COLOR_BLACK, COLOR_GREEN },
		{ SORTED, COLOR_BLACK, COLOR_CYAN },
		{ CURSOR, COLOR_BLACK, COLOR_CYAN },
		{ ALARM, COLOR_WHITE, COLOR_RED },
	};

	start_color();
	use_default_colors();
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		init_pair(pairs[i].look, pairs[i].text, pairs[i].ground);
}

/* Without colours, what must not be overlooked is bold or reversed. */
static attr_t attribute(enum look look)
{
	if (look == DIM)
		return A_DIM;
	if (look == BOLD)
		return A_BOLD;
	if (colors)
		return COLOR_PAIR(look) | (look == RED || look == ALARM ? A_BOLD : 0);
	switch (look) {
	case BAR:
	case CURSOR:
		return A_REVERSE;
	case SORTED:
	case ALARM:
		return A_REVERSE | A_BOLD;
	case RED:
	case YELLOW:
		return A_BOLD;
	default:
		return A_NORMAL;
	}
}

/* A terminal that cannot move its cursor, as TERM=dumb, shows no full screen. */
static bool can_show(void)
{
	int err;
	bool can;

	if (setupterm(NULL, STDOUT_FILENO, &err) != OK)
		return false;
	can = cursor_address && *cursor_address;
	del_curterm(cur_term);
	return can;
}

bool terminal_open(FILE *keys)
{
	if (!can_show())
		return false;
	last.known = !tcgetattr(STDOUT_FILENO, &last.modes);
	screen = newterm(NULL, stdout, keys);
	if (!screen)
		return false;
	set_term(screen);
	atexit(terminal_close);
	prepare_last();
	signals_last_resort(abandon);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	/* How long the rest of a key's sequence is waited for after Esc, in milliseconds */
	set_escdelay(50);
	curs_set(0);
	utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	colors = want_colors() && has_colors();
	if (colors)
		make_pairs();
	return true;
}

void terminal_close(void)
{
	if (!screen)
		return;
	restart_output();
	endwin();
	delscreen(screen);
	screen = NULL;
}

bool terminal_is_utf8(void)
{
	return utf8;
}

void pen_line(int y, enum look all)
{
	pen.y = y;
	pen.x = 0;
	pen.all = all;
	move(y, 0);
	clrtoeol();
}

int pen_column(void)
{
	return pen.x;
}

void pen_char(enum look look, wchar_t c)
{
	int cells = wcwidth(c);

	/* Text has been made harmless before; but curses must not get a control character. */
	if (cells < 0) {
		c = L'?';
		cells = 1;
	}
	if (pen.x + cells > COLS)
		return;
	attrset(attribute(pen.all && look != SORTED ? pen.all : look));
	mvaddnwstr(pen.y, pen.x, &c, 1);
	pen.x += cells;
}

void pen_cells(enum look look, int cells, const char *text)
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
		pen_char(look, c);
	}
	while (pen.x < end)
		pen_char(look, L' ');
}

void pen_right(enum look look, int cells, const char *text)
{
	int n = strlen(text);

	for (int i = n; i < cells; i++)
		pen_char(look, L' ');
	pen_cells(look, n < cells ? n : cells, text);
}

void pen_foreign(enum look look, int cells, const char *text)
{
	char *safe = text_for_terminal(text);

	pen_cells(look, cells, safe);
	free(safe);
}

int width_of(const char *text)
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

void pen_text(enum look look, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = xasprintf("?");
	va_end(ap);
	pen_cells(look, width_of(text), text);
	free(text);
}
