// SPDX-License-Identifier: GPL-2.0
/* roundwatch top: full screen, and kept up to date */
#include <curses.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "output/top-explain.h"
#include "output/top-screen.h"
#include "output/top-terminal.h"

#define ESC	27

/**
 * struct top - all of it
 * @delay_ns: between snapshots
 * @next_ns: when to take the next; CLOCK_MONOTONIC
 * @page: shown in place of the rows if it has a text
 * @keys: the keyboard
 * @explain: what the page waits for
 * @unread: times that keys were there and could not be read
 */
struct top {
	struct source_options from;
	uint64_t delay_ns, next_ns;
	struct host host;
	struct top_model model;
	struct top_screen screen;
	struct top_page page;
	struct top_explain explain;
	FILE *keys;
	int unread;
	bool quit;
};

static void help(void)
{
	fputs("Usage: roundwatch top [options]\n"
	      "\n"
	      "Show processes full screen, worst first, kept up to date: in which modes they\n"
	      "were seen, how often they change, their evidence in the last minute. The key h\n"
	      "tells the keys.\n"
	      "\n"
	      " -d, --delay <seconds> so long between two looks (1)\n"
	      " -t, --threads         a line for each thread, not for each process\n"
	      " -a, --all             those that never left round-to-nearest too\n"
	      COMMON_HELP, stdout);
}

static const char key_help[] =
	"Keys\n"
	"  Up, Down, k, j, Page Up, Page Down, Home, End   select a line\n"
	"  e, Enter     explain the selected line\n"
	"  H            threads, or processes\n"
	"  a            all that are on record, or only who left round-to-nearest\n"
	"  /, F4        filter: part of a name, command line, user or verdict, or a PID\n"
	"  <, >, F6     sort by the column at the left, or right, of the present one\n"
	"  V, E, C      sort by verdict, evidence, changes\n"
	"  P, U, N      sort by PID, user, name\n"
	"  r            reverse the order\n"
	"  p            pause, and go on\n"
	"  h, ?, F1     this help\n"
	"  q, F10, Ctrl-D   quit\n"
	"\n"
	"Columns\n"
	"  THR          threads on record\n"
	"  EVIDENCE     now, and that from which the verdict is randomx\n"
	"  LAST MINUTE  evidence, the present at the right; full height is randomx\n"
	"  MODES        their shares: RN nearest, RD down, RU up, RZ toward zero;\n"
	"               RandomX is in each a quarter of its time\n"
	"  CHG/s        changes of mode seen, a second\n"
	"  SEEN         time since the last observation\n"
	"\n"
	"More in roundwatch(8).\n";

/* What error() said, in one line; @text is changed. */
static char *one_line(char *text)
{
	static const char name[] = "roundwatch: ";
	char *from = text, *to = text;

	if (!strncmp(text, name, sizeof(name) - 1))
		from += sizeof(name) - 1;
	while (*from) {
		if (*from == '\n' || *from == ' ') {
			from += strspn(from, "\n ");
			if (*from)
				*to++ = ' ';
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

static enum status take(struct top *t)
{
	struct top_screen *s = &t->screen;
	struct snapshot snap;
	enum status status = snapshot_read(&t->from, &snap);

	t->next_ns = monotonic_ns() + t->delay_ns;
	s->absent = status == STATUS_NO_MODULE;
	if (status)
		return status;
	s->blind = snapshot_is_blind(&snap);
	s->lost = snap.lost;
	top_update(&t->model, &snap);
	snapshot_free(&snap);
	return STATUS_OK;
}

/* The same with the message on the screen, where the last state stays if there is no newer. */
static void take_quietly(struct top *t)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	enum status status;

	error_to(f);
	status = take(t);
	error_to(NULL);
	if (f)
		fclose(f);
	free(t->screen.problem);
	t->screen.problem = NULL;
	if (status)
		t->screen.problem = text ? one_line(text) : xasprintf("there is no memory");
	else
		free(text);
}


static void show_page(struct top *t, const char *title, char *text)
{
	top_explain_stop(&t->explain);
	free(t->page.text);
	t->page = (struct top_page){ .title = title, .text = text };
}

static void explain(struct top *t)
{
	struct top_row *row = top_selected(&t->model);

	if (!row)
		return;
	show_page(t, "Explain", top_details(&t->model, row));
	if (top_explain_start(&t->explain, row, &t->from))
		t->page.title = "Explain: looking it up ...";
}

/* The page has what the row itself tells until there is more. */
static void take_explanation(struct top *t)
{
	char *text = top_explain_read(&t->explain);

	if (t->explain.output >= 0)
		return;
	t->page.title = "Explain";
	if (text) {
		free(t->page.text);
		t->page.text = text;
	}
}

static void toggle_threads(struct top_model *m)
{
	m->threads = !m->threads;
	m->selected = 0;
	m->shown = 0;
	if (!top_sortable(m, m->sort))
		m->sort = TOP_VERDICT;
	top_view(m);
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
		{ 'P', TOP_PID },
		{ 'U', TOP_USER },
		{ 'N', TOP_COMMAND },
	};

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		if (letters[i].key == key) {
			sort_by(m, letters[i].column);
			return true;
		}
	}
	return false;
}

static void pause_or_go(struct top *t)
{
	if (t->from.input)
		return;
	t->screen.paused = !t->screen.paused;
	t->next_ns = monotonic_ns();
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

static void filter_key(struct top *t, bool special, wint_t key)
{
	struct top_model *m = &t->model;

	if (special ? key == KEY_BACKSPACE : key == '\b' || key == 0x7f)
		filter_cut(m);
	else if (special ? key == KEY_ENTER : key == '\r' || key == '\n')
		t->screen.typing = false;
	else if (!special && key == CTRL('u'))
		*m->filter = '\0';
	else if (!special && key != ESC)
		filter_add(m, (wchar_t)key);
	if (!special && key == ESC) {
		*m->filter = '\0';
		t->screen.typing = false;
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

static void page_key(struct top *t, bool special, wint_t key)
{
	struct top_page *p = &t->page;

	p->first += step(special, key, LINES > 3 ? LINES - 2 : 1, p->lines);
	if (special ? key == KEY_F(10) : key == 'q' || key == ESC)
		show_page(t, NULL, NULL);
}

static void special_key(struct top *t, wint_t key)
{
	switch (key) {
	case KEY_ENTER:
		explain(t);
		break;
	case KEY_F(1):
		show_page(t, "roundwatch top", xasprintf("%s", key_help));
		break;
	case KEY_F(4):
		t->screen.typing = true;
		break;
	case KEY_F(6):
		sort_by(&t->model, top_sort_next(&t->model, 1));
		break;
	case KEY_F(10):
		t->quit = true;
		break;
	}
}

static void letter_key(struct top *t, wint_t key)
{
	struct top_model *m = &t->model;

	switch (key) {
	case 'q':
		t->quit = true;
		break;
	case 'h':
	case '?':
		show_page(t, "roundwatch top", xasprintf("%s", key_help));
		break;
	case 'e':
	case '\r':
	case '\n':
		explain(t);
		break;
	case 'H':
		toggle_threads(m);
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
		pause_or_go(t);
		break;
	case '/':
		t->screen.typing = true;
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
}

static void main_key(struct top *t, bool special, wint_t key)
{
	long by = step(special, key, screen_rows(), (long)t->model.shown);

	if (by)
		top_select(&t->model, by);
	else if (special)
		special_key(t, key);
	else if (!sort_key(&t->model, key))
		letter_key(t, key);
}


/* All keys that have been pressed; how many. KEY_RESIZE is none; the screen is drawn anyway. */
static int read_keys(struct top *t)
{
	wint_t key;
	int kind, n = 0;

	while (!t->quit && !signals_came() && (kind = get_wch(&key)) != ERR) {
		bool special = kind == KEY_CODE_YES;

		n++;
		if (!special && key == CTRL('d'))
			t->quit = true;
		else if (t->page.text)
			page_key(t, special, key);
		else if (t->screen.typing)
			filter_key(t, special, key);
		else
			main_key(t, special, key);
	}
	return n;
}

/*
 * In an orphaned background process group, reads fail although there is something to be read.
 * Bytes that are no character are read, and are not there afterwards.
 */
static void check_keys(struct top *t, int read)
{
	int left;

	if (read || ioctl(fileno(t->keys), FIONREAD, &left) || !left)
		t->unread = 0;
	else if (++t->unread > 1)
		t->quit = true;
}

/* Until a key, the next snapshot, an explanation, a signal, or another size of the screen. */
static void wait_for_something(struct top *t)
{
	struct pollfd fds[] = {
		{ .fd = fileno(t->keys), .events = POLLIN },
		{ .fd = t->explain.output, .events = POLLIN },
	};
	uint64_t now = monotonic_ns(), left = t->next_ns > now ? t->next_ns - now : 0;
	const struct timespec time = { left / NSEC, left % NSEC };
	bool fixed = t->from.input || t->screen.paused;

	if (signals_poll(fds, ARRAY_SIZE(fds), fixed ? NULL : &time) > 0) {
		/* A terminal that hung up is readable, too. */
		if (fds[0].revents & ~POLLIN)
			t->quit = true;
		if (fds[1].revents)
			take_explanation(t);
	}
	if (!fixed && monotonic_ns() >= t->next_ns)
		take_quietly(t);
	check_keys(t, read_keys(t));
}

static void loop(struct top *t)
{
	while (!t->quit && !signals_came()) {
		if (t->page.text)
			page_draw(&t->page);
		else
			screen_draw(&t->screen, &t->model);
		wait_for_something(t);
	}
}


static void prepare_signals(void)
{
	sigset_t size;

	signals_catch();
	/* A change of size between drawing and waiting must end the waiting. */
	sigemptyset(&size);
	sigaddset(&size, SIGWINCH);
	sigprocmask(SIG_BLOCK, &size, NULL);
}

static enum status show(struct top *t)
{
	enum status status;

	prepare_signals();
	if (!terminal_open(t->keys)) {
		const char *term = getenv("TERM");

		error("top: TERM '%s': no such terminal is known here; try TERM=vt100",
		      term ? term : "");
		return STATUS_FAILURE;
	}
	loop(t);
	terminal_close();
	status = t->screen.absent ? STATUS_NO_MODULE :
		 t->screen.problem ? STATUS_FAILURE : t->screen.blind ? STATUS_BLIND : STATUS_OK;
	if (t->screen.problem) {
		char *safe = text_for_terminal(t->screen.problem);

		error("%s", safe);
		free(safe);
	}
	return status;
}

static enum status open_keys(struct top *t)
{
	if (!isatty(STDOUT_FILENO)) {
		error("top: standard output is no terminal; \"roundwatch list\" prints to anything");
		return STATUS_USAGE;
	}
	/* A recording may come from standard input. */
	t->keys = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "re");
	if (!t->keys) {
		error("top: there is no terminal to read keys from; try \"roundwatch list\"");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static enum status top(struct top *t)
{
	enum status status = open_keys(t);

	if (status)
		return status;
	status = host_open(&t->host, t->from.sysroot, !t->from.input);
	if (status)
		return status;
	t->model.host = &t->host;
	t->model.patience_ns = 3 * t->delay_ns;
	t->screen.name = t->from.input;
	status = take(t);
	if (!status)
		status = show(t);
	show_page(t, NULL, NULL);
	top_free(&t->model);
	free(t->screen.problem);
	host_close(&t->host);
	if (t->keys != stdin)
		fclose(t->keys);
	return status;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay",	required_argument,	NULL, 'd' },
		{ "threads",	no_argument,		NULL, 't' },
		{ "all",	no_argument,		NULL, 'a' },
		COMMON_LONG,
		{ 0 }
	};
	struct top t = { .model.sort = TOP_VERDICT, .explain.output = -1 };
	uint64_t delay = 1;
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":d:ta" COMMON_SHORT, options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			if (!option_number(&cmd_top, "delay", &delay))
				return STATUS_USAGE;
			break;
		case 't':
			t.model.threads = true;
			break;
		case 'a':
			t.model.all = true;
			break;
		default:
			if (!common_option(&cmd_top, opt, argv, options, &t.from, &status))
				return status;
		}
	}
	if (optind < argc)
		return extra_argument(&cmd_top, argv[optind]);
	t.delay_ns = delay * NSEC;
	return top(&t);
}

const struct command cmd_top = {
	.name = "top",
	.summary = "the same, full screen and kept up to date",
	.help = help,
	.run = run,
};
