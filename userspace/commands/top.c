// SPDX-License-Identifier: GPL-2.0
/* roundwatch top: full screen, and kept up to date */
#include <curses.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "host/sandbox.h"
#include "output/top-explain.h"
#include "output/top-keys.h"
#include "output/top-screen.h"
#include "output/top-terminal.h"

enum { OPT_BY = OPT_OWN, OPT_ALLOW };

/**
 * struct top - all of it
 * @delay_ns: between snapshots
 * @next_ns: when to take the next; CLOCK_MONOTONIC
 * @allow_path: of the allow list; NULL: the default
 * @page: shown in place of the rows if it has a text
 * @keys: the keyboard
 * @explain: what the page waits for
 * @unread: times that keys were there and could not be read
 */
struct top {
	struct source_options from;
	uint64_t delay_ns, next_ns;
	struct host host;
	const char *allow_path;
	struct allow allow;
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
	      "Show processes full screen, worst first, and update them: the modes in which\n"
	      "they were seen, how often they change, their evidence in the last minute. The\n"
	      "key h shows all keys.\n"
	      "\n"
	      " -d, --delay <seconds> time between two updates (1)\n"
	      " -t, --threads         a line for each thread, not for each process\n"
	      "     --by <what>       a line for each process, container, pod, unit, user or vm\n"
	      "     --allow <file>    allow list instead of " ALLOW_FILE "\n"
	      " -a, --all             also processes that never left round-to-nearest\n"
	      "     --color <when>    auto, always or never\n"
	      COMMON_HELP, stdout);
}

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

static void pause_or_go(struct top *t)
{
	if (t->from.input)
		return;
	t->screen.paused = !t->screen.paused;
	t->next_ns = monotonic_ns();
}

static void act(struct top *t, enum top_action action)
{
	switch (action) {
	case TOP_NOTHING:
		break;
	case TOP_EXPLAIN:
		explain(t);
		break;
	case TOP_HELP:
		show_page(t, "roundwatch top", xasprintf("%s", top_key_help));
		break;
	case TOP_PAUSE:
		pause_or_go(t);
		break;
	case TOP_BACK:
		show_page(t, NULL, NULL);
		break;
	case TOP_QUIT:
		t->quit = true;
		break;
	}
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
			act(t, page_key(&t->page, special, key));
		else if (t->screen.typing)
			filter_key(&t->model, &t->screen, special, key);
		else
			act(t, main_key(&t->model, &t->screen, special, key));
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

		error("top: TERM '%s': not known here, or unable to show a full screen; use "
		      "\"roundwatch list\", or try TERM=vt100",
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
	/* Prints what is wrong with it; then nothing is shown as allowed that is not. */
	allow_read(&t->allow, t->allow_path);
	t->model.host = &t->host;
	t->model.allow = &t->allow;
	t->model.patience_ns = 3 * t->delay_ns;
	t->screen.name = t->from.input;
	sandbox_enter(SANDBOX_SPAWN);
	status = take(t);
	if (!status)
		status = show(t);
	show_page(t, NULL, NULL);
	top_free(&t->model);
	free(t->screen.problem);
	allow_free(&t->allow);
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
		{ "by",		required_argument,	NULL, OPT_BY },
		{ "allow",	required_argument,	NULL, OPT_ALLOW },
		COLOR_LONG,
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
		case OPT_BY:
			if (!option_by(&cmd_top, &t.model.by))
				return STATUS_USAGE;
			break;
		case OPT_ALLOW:
			t.allow_path = optarg;
			break;
		case OPT_COLOR:
			if (!option_color(&cmd_top))
				return STATUS_USAGE;
			break;
		default:
			if (!common_option(&cmd_top, opt, argv, options, &t.from, &status))
				return status;
		}
	}
	if (optind < argc)
		return extra_argument(&cmd_top, argv[optind]);
	if (t.model.threads && t.model.by != BY_PROCESS) {
		error("top: --threads and --by exclude each other; use one of them");
		return STATUS_USAGE;
	}
	t.delay_ns = delay * NSEC;
	return top(&t);
}

const struct command cmd_top = {
	.name = "top",
	.summary = "the same, full screen and updated",
	.help = help,
	.run = run,
};
