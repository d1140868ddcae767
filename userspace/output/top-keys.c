// SPDX-License-Identifier: GPL-2.0
/* What the keys of roundwatch top do. */
#include <curses.h>
#include <limits.h>
#include <string.h>
#include <stdlib.h>
#include <sys/ttydefaults.h>
#include <wctype.h>

#include "base/util.h"
#include "output/top-keys.h"

#define ESC	27

const char top_key_help[] =
	"Keys\n"
	"  Up, Down, k, j, Page Up, Page Down, Home, End   select a line\n"
	"  e, Enter     explain the selected line; of a group, its worst process\n"
	"  H            show threads, or processes\n"
	"  b            put together by container, pod, unit, user, VM, or not\n"
	"  a            show all on record, or only those that left round-to-nearest\n"
	"  /, F4        filter: part of a name, command line, user or verdict, or a PID\n"
	"  <, >, F6     sort by the next column to the left or right\n"
	"  V, E, %, C   sort by verdict, evidence, CPU, changes\n"
	"  P, U, W, N   sort by PID, user, place, name\n"
	"  r            reverse the order\n"
	"  p            pause, and continue\n"
	"  h, ?, F1     this help\n"
	"  q, F10, Ctrl-D   quit\n"
	"\n"
	"Columns\n"
	"  THR          threads on record\n"
	"  VERDICT      now; \"ended\" and \"allowed\" are not counted with the others\n"
	"  EVIDENCE     now, and the evidence from which the verdict is randomx\n"
	"  CPU%         CPU time of the threads on record; 100 is one CPU\n"
	"  LAST MINUTE  evidence, the present at the right; full height is randomx\n"
	"  MODES        their shares: RN nearest, RD down, RU up, RZ toward zero;\n"
	"               RandomX is in each a quarter of its time\n"
	"  CHG/s        changes of mode seen per second\n"
	"  SEEN         time since the last observation; of what has ended, since then\n"
	"  WHERE        pod, container, virtual machine or unit\n"
	"  NOTE         what it was, when it ended, which line allows it\n"
	"\n"
	"More in roundwatch(8).\n";

static void toggle_threads(struct top_model *m)
{
	m->threads = m->by != BY_PROCESS || !m->threads;
	top_group(m, BY_PROCESS);
}

static void sort_by(struct top_model *m, enum top_column column)
{
	m->sort = column;
	m->reverse = false;
	top_view(m);
}

/* Returns whether the key names a column. */
static bool sort_key(struct top_model *m, wint_t key)
{
	static const struct {
		wint_t key;
		enum top_column column;
	} letters[] = {
		{ 'V', TOP_VERDICT },
		{ 'E', TOP_EVIDENCE },
		{ 'C', TOP_CHANGES },
		{ '%', TOP_CPU },
		{ 'W', TOP_WHERE },
		{ 'P', TOP_PID },
		{ 'U', TOP_USER },
		{ 'N', TOP_COMMAND },
	};

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		if (letters[i].key == key && top_sortable(m, letters[i].column)) {
			sort_by(m, letters[i].column);
			return true;
		}
	}
	return false;
}

static void filter_add(struct top_model *m, wchar_t c)
{
	size_t n = strlen(m->filter);
	char text[MB_LEN_MAX + 1];
	int more = wctomb(text, c);

	if (more > 0 && iswprint(c) && n + more < sizeof(m->filter)) {
		memcpy(m->filter + n, text, more);
		m->filter[n + more] = '\0';
	}
}

static void filter_cut(struct top_model *m)
{
	size_t n = strlen(m->filter);

	/* All bytes of a character in UTF-8 */
	while (n && (m->filter[--n] & 0xc0) == 0x80)
		;
	m->filter[n] = '\0';
}

void filter_key(struct top_model *m, struct top_screen *s, bool special, wint_t key)
{
	if (special ? key == KEY_BACKSPACE : key == '\b' || key == 0x7f)
		filter_cut(m);
	else if (special ? key == KEY_ENTER : key == '\r' || key == '\n')
		s->typing = false;
	else if (!special && key == CTRL('u'))
		*m->filter = '\0';
	else if (!special && key != ESC)
		filter_add(m, (wchar_t)key);
	if (!special && key == ESC) {
		*m->filter = '\0';
		s->typing = false;
	}
	top_view(m);
}

/* How far a key moves, of @rows that are seen and @all that are; 0: it is another key. */
static long step(bool special, wint_t key, long rows, long all)
{
	if (special) {
		switch (key) {
		case KEY_UP:
			return -1;
		case KEY_DOWN:
			return 1;
		case KEY_PPAGE:
			return -rows;
		case KEY_NPAGE:
			return rows;
		case KEY_HOME:
			return -all;
		case KEY_END:
			return all;
		}
		return 0;
	}
	switch (key) {
	case 'k':
		return -1;
	case 'j':
		return 1;
	case 'g':
		return -all;
	case 'G':
		return all;
	case ' ':
		return rows;
	}
	return 0;
}

enum top_action page_key(struct top_page *p, bool special, wint_t key)
{
	p->first += step(special, key, LINES > 3 ? LINES - 2 : 1, p->lines);
	if (special ? key == KEY_F(10) : key == 'q' || key == ESC)
		return TOP_BACK;
	return TOP_NOTHING;
}

static enum top_action special_key(struct top_model *m, struct top_screen *s, wint_t key)
{
	switch (key) {
	case KEY_ENTER:
		return TOP_EXPLAIN;
	case KEY_F(1):
		return TOP_HELP;
	case KEY_F(4):
		s->typing = true;
		break;
	case KEY_F(6):
		sort_by(m, top_sort_next(m, 1));
		break;
	case KEY_F(10):
		return TOP_QUIT;
	}
	return TOP_NOTHING;
}

static enum top_action letter_key(struct top_model *m, struct top_screen *s, wint_t key)
{
	switch (key) {
	case 'q':
		return TOP_QUIT;
	case 'h':
	case '?':
		return TOP_HELP;
	case 'e':
	case '\r':
	case '\n':
		return TOP_EXPLAIN;
	case 'H':
		toggle_threads(m);
		break;
	case 'b':
		top_group(m, m->by == BY_VM ? BY_PROCESS : m->by + 1);
		break;
	case 'a':
		m->all = !m->all;
		top_view(m);
		break;
	case 'r':
		m->reverse = !m->reverse;
		top_view(m);
		break;
	case 'p':
		return TOP_PAUSE;
	case '/':
		s->typing = true;
		break;
	case '<':
		sort_by(m, top_sort_next(m, -1));
		break;
	case '>':
		sort_by(m, top_sort_next(m, 1));
		break;
	case CTRL('l'):
		clearok(curscr, TRUE);
		break;
	}
	return TOP_NOTHING;
}

enum top_action main_key(struct top_model *m, struct top_screen *s, bool special, wint_t key)
{
	long by = step(special, key, screen_rows(), (long)m->shown);

	if (by)
		top_select(m, by);
	else if (special)
		return special_key(m, s, key);
	else if (!sort_key(m, key))
		return letter_key(m, s, key);
	return TOP_NOTHING;
}
