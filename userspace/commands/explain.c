// SPDX-License-Identifier: GPL-2.0
/* roundwatch explain: why the verdict on a process, how sure, and what else speaks for it */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <langinfo.h>
#include <stdarg.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include <json-c/json.h>

#include "base/util.h"
#include "command.h"
#include "corroboration/corroborate.h"
#include "corroboration/pool.h"
#include "output/table.h"
#include "records/snapshot.h"
#include "records/subject.h"

#define WATCH_MAX	86400
#define HISTORY_MAX	60	/* points of a sparkline */
#define THREADS_SHOWN	8

#define RED	"\033[1;31m"
#define YELLOW	"\033[33m"
#define BOLD	"\033[1m"
#define DIM	"\033[2m"

/* The thresholds for which module/verdict.c has the false alarms counted. */
#define DEFAULT_SUSPECT	70
#define DEFAULT_RANDOMX	100
#define DEFAULT_DECAY	7
#define DEFAULT_GAP_US	10000

/* The parts of the evidence, in the order of roundwatch_tally.score. */
enum { PART_RD, PART_RU, PART_RZ, PART_CROSS, PARTS };

/* Sentences. */
struct words {
	char **text;
	size_t n;
};

/**
 * struct explain_options - what was asked for
 * @seconds: to watch the evidence for
 */
struct explain_options {
	struct source_options from;
	const char *pools;
	unsigned int seconds;
	bool json;
};

/**
 * struct point - the evidence at one time
 * @known: there was a tally
 */
struct point {
	uint64_t time_ns;
	uint32_t evidence;
	bool known;
};

/**
 * struct case - all there is to tell about one PID or TID
 * @asked: the number
 * @s: the process, or the thread if @asked is that of one
 * @tallied: the module has a tally of it; else @s is made of what /proc tells
 * @earlier: tallies of processes that had the number before
 * @parts: of the evidence, as they count: all have to reach the threshold
 */
struct case_file {
	uint32_t asked;
	struct subject s;
	bool tallied;
	size_t earlier;
	uint32_t parts[PARTS];
	const struct snapshot *snap;
	struct identity id;
	struct corroboration c;
	struct point history[HISTORY_MAX];
	size_t points;
	struct words sure, maybe;
};

static bool color, unicode;
static unsigned int width;

static void __attribute__((format(printf, 2, 3))) say(struct words *w, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = xasprintf("%s", "");
	va_end(ap);
	w->text = xrealloc(w->text, w->n + 1, sizeof(*w->text));
	w->text[w->n++] = text;
}

static void free_words(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->text[i]);
	free(w->text);
}

/*
 * Finding the tally
 */

/* Of processes, or threads, that had a number one after the other, the last that lives. */
static const struct subject *find(const struct subjects *all, uint32_t number, bool thread,
				  size_t *n)
{
	const struct subject *best = NULL;

	*n = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct subject *s = &all->subject[i];

		if ((thread ? s->tally.pid : s->tally.tgid) != number)
			continue;
		++*n;
		if (!best || s->tally.start_ns > best->tally.start_ns ||
		    (s->tally.start_ns == best->tally.start_ns &&
		     best->tally.flags & ROUNDWATCH_EXITED))
			best = s;
	}
	return best;
}

/* Start and name of a process of that number, whoever it is; also by number of a thread. */
static bool look_up(const struct host *host, uint32_t number, struct roundwatch_tally *t)
{
	char path[32], text[4096], *s;
	uint64_t hz = sysconf(_SC_CLK_TCK), ticks;

	if (host->proc < 0)
		return false;
	memset(t, 0, sizeof(*t));
	snprintf(path, sizeof(path), "%u/status", number);
	if (read_at(host->proc, path, text, sizeof(text)) < 0)
		return false;
	s = strstr(text, "\nTgid:");
	t->tgid = s ? strtoul(s + 6, NULL, 10) : number;
	s = strstr(text, "\nUid:");
	t->uid = s ? strtoul(s + 5, NULL, 10) : 0;
	snprintf(path, sizeof(path), "%u/stat", t->tgid);
	if (read_at(host->proc, path, text, sizeof(text)) < 0)
		return false;
	s = strrchr(text, ')');
	for (int field = 2; s && field < 22; field++)
		s = strchr(s + 1, ' ');
	if (!s || sscanf(s, "%" SCNu64, &ticks) != 1)
		return false;
	t->process_start_ns = t->start_ns = ticks * (NSEC / hz);
	snprintf(path, sizeof(path), "%u/comm", t->tgid);
	if (read_at(host->proc, path, text, sizeof(text)) > 0)
		snprintf(t->comm, sizeof(t->comm), "%.*s", (int)strcspn(text, "\n"), text);
	return true;
}

static bool same_start(uint64_t a, uint64_t b)
{
	uint64_t tick = NSEC / sysconf(_SC_CLK_TCK);

	return a / tick <= b / tick + 1 && b / tick <= a / tick + 1;
}

static void weigh(struct case_file *k)
{
	/* The last has only to reach half of what the others have to. */
	for (int i = 0; i < PARTS; i++)
		k->parts[i] = k->s.tally.score[i] * (i == PART_CROSS ? 2 : 1);
}

/* False if nothing is known of the number; then it has said why. */
static bool open_case(struct case_file *k, const struct host *host,
		      const struct subjects *processes, const struct subjects *threads)
{
	const struct roundwatch_info *info = &k->snap->info;
	const struct subject *s, *thread;
	struct roundwatch_tally now;
	bool lives = look_up(host, k->asked, &now);
	size_t n, n_threads;

	s = find(processes, k->asked, false, &n);
	thread = find(threads, k->asked, true, &n_threads);
	if (!s && thread && thread->tally.tgid != k->asked) {
		s = thread;
		n = n_threads;
	}
	/* A thread of which there is no tally: its process's. */
	if (!s && lives && now.tgid != k->asked)
		s = find(processes, now.tgid, false, &n);
	k->tallied = s && !(lives && s->tally.flags & ROUNDWATCH_EXITED &&
			    !same_start(s->tally.process_start_ns, now.process_start_ns));
	k->earlier = n - k->tallied;
	if (k->tallied) {
		k->s = *s;
	} else if (lives) {
		k->s = (struct subject){ .tally = now };
	} else {
		if (!k->snap->live && host->proc < 0)
			error("%u: the recording has no tally of it: it had not left "
			      "round-to-nearest, had ended or did not exist;\nrecordings hold no more "
			      "(--sysroot adds a copy of the host's files)", k->asked);
		else
			error("%u: no such process, and no tally of one: it has ended, or never was;\n"
			      "\"roundwatch list --all\" shows who is on record%s", k->asked,
			      info->dropped || info->evicted ?
			      " (the table was full: some may be missing)" : "");
		return false;
	}
	weigh(k);
	return true;
}

/*
 * What it means
 */

static const char *what(uint8_t verdict)
{
	switch (verdict) {
	case ROUNDWATCH_CLEAR:
		return "never seen outside round-to-nearest: no sign of RandomX";
	case ROUNDWATCH_ROUNDING:
		return "leaves round-to-nearest, but not as RandomX does";
	case ROUNDWATCH_SUSPECT:
		return "changes modes much as RandomX does, not for long enough yet";
	case ROUNDWATCH_RANDOMX:
		return "behaves like RandomX, the algorithm that mines Monero";
	default:
		return "a verdict of a newer module; install a newer roundwatch";
	}
}

static uint64_t observations(const struct roundwatch_tally *t)
{
	uint64_t sum = 0;

	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		sum += t->count[i];
	return sum;
}

static bool is_default_rule(const struct roundwatch_info *info)
{
	return info->suspect_evidence == DEFAULT_SUSPECT &&
	       info->randomx_evidence == DEFAULT_RANDOMX && info->decay == DEFAULT_DECAY &&
	       info->gap_us == DEFAULT_GAP_US;
}

static uint32_t least_part(const struct case_file *k, int *which)
{
	*which = 0;
	for (int i = 1; i < PARTS; i++)
		if (k->parts[i] < k->parts[*which])
			*which = i;
	return k->parts[*which];
}

/* What an absent tally is worth. */
static void judge_clear(struct case_file *k)
{
	const struct roundwatch_info *info = &k->snap->info;
	const struct roundwatch_tally *t = &k->s.tally;

	if (snapshot_is_blind(k->snap)) {
		say(&k->sure, "Not at all: the module is blind, so that this says nothing.");
		return;
	}
	say(&k->sure, "The module keeps a tally of who leaves round-to-nearest, and has none of this "
	    "one; it made %llu observations of all tasks since it was loaded.", info->observations);
	if (t->start_ns < info->loaded_ns)
		say(&k->sure, "What it did before the module was loaded is not known.");
	if (info->dropped || info->evicted)
		say(&k->sure, "But the table was full (%llu observations dropped, %llu tallies evicted): "
		    "load the module with a larger max_tasks (now %u).",
		    info->dropped, info->evicted, info->max_tasks);
	say(&k->maybe, "RandomX computed in software emulation, or in AVX-512 with the mode in each "
	    "instruction, never leaves round-to-nearest, and is not seen.");
}

static void judge_sure(struct case_file *k)
{
	const struct roundwatch_tally *t = &k->s.tally;
	int which;
	uint32_t least = least_part(k, &which);
	static const char *const lacks[PARTS] = {
		"it hardly ever changes to RD", "it hardly ever changes to RU",
		"it hardly ever changes to RZ",
		"it hardly ever goes straight between RZ and RD or RU",
	};

	if (snapshot_is_blind(k->snap))
		say(&k->sure, "The module is blind now: what is below is what it saw before.");
	if (t->verdict == ROUNDWATCH_RANDOMX && is_default_rule(&k->snap->info))
		say(&k->sure, "Quite. Made-up interval arithmetic, nastier than any program seen, gets "
		    "this far by chance once in about 2,000,000 samples; this is after %llu. What "
		    "changes modes in the same way all the same is below.", t->samples);
	else if (t->verdict == ROUNDWATCH_RANDOMX)
		say(&k->sure, "Less is known than usual: how rare false alarms are was counted with the "
		    "default parameters, which these are not.");
	else if (t->verdict == ROUNDWATCH_SUSPECT)
		say(&k->sure, "Not yet. A miner that runs unhindered is randomx within seconds; look again "
		    "in a minute, or with --watch 60.");
	else if (t->highest == ROUNDWATCH_RANDOMX)
		say(&k->sure, "It was randomx before: evidence fades by %u a second, so that a miner that "
		    "stops falls back within half a minute.", k->snap->info.decay);
	else if (t->verdict == ROUNDWATCH_ROUNDING && least < k->snap->info.suspect_evidence)
		say(&k->sure, "Not RandomX, by what was seen: all four parts would have to rise, and %s.",
		    lacks[which]);

	if (t->verdict >= ROUNDWATCH_SUSPECT && t->flags & ROUNDWATCH_PROCESS && !t->pid)
		say(&k->sure, "The verdict is of the process as a whole: none of its threads lived long "
		    "enough to reach it alone.");
	if (least > t->evidence)
		say(&k->sure, "The evidence is below its parts: it goes to one of RD, RU and RZ more than "
		    "twice as often as to another, or what it has is inherited; RandomX has no favourite.");
	else if (t->evidence > least && t->flags & ROUNDWATCH_X87)
		say(&k->sure, "The evidence is from changes that x87 followed: they are weak, and never "
		    "make randomx.");
}

static bool mentions(const struct case_file *k, const char *word)
{
	return (k->id.exe && strstr(k->id.exe, word)) || strstr(k->s.tally.comm, word) ||
	       (k->id.cmdline && strstr(k->id.cmdline, word));
}

static void judge_maybe(struct case_file *k)
{
	const struct roundwatch_tally *t = &k->s.tally;
	const __u64 *n = t->count;
	bool all = n[ROUNDWATCH_RD] && n[ROUNDWATCH_RU] && n[ROUNDWATCH_RZ];

	if (t->flags & ROUNDWATCH_GUEST)
		say(&k->maybe, "Somebody else's, inside: these are registers of the virtual machine that "
		    "this process runs. Which program it is, only the inside of the machine can tell; "
		    "what is looked at here is the program that runs the machine.");
	if (t->flags & ROUNDWATCH_X87)
		say(&k->maybe, "A loop over fesetround(), as in tests of mathematical libraries: the x87 "
		    "unit's rounding follows, and RandomX never touches that.");
	if (t->highest >= ROUNDWATCH_SUSPECT) {
		if (mentions(k, "monerod") || mentions(k, "p2pool"))
			say(&k->maybe, "An honest Monero node: it is called so. A node that verifies blocks "
			    "back to back, as when it first synchronizes, really runs RandomX.");
		else
			say(&k->maybe, "A Monero node that verifies blocks back to back really runs "
			    "RandomX; nothing here is called monerod.");
		if (!(t->flags & ROUNDWATCH_X87))
			say(&k->maybe, "A test program that walks through all modes by LDMXCSR alone, over "
			    "and over: its modes look the same.");
		return;
	}
	if (all && !(t->flags & ROUNDWATCH_X87))
		say(&k->maybe, "A miner that is held to little CPU, has just begun, or has stopped: all "
		    "modes were seen. Look again with --watch 60.");
	if (n[ROUNDWATCH_RD] || n[ROUNDWATCH_RU])
		say(&k->maybe, "Interval arithmetic (CGAL, Boost, libraries of geometry and of proofs) "
		    "rounds up and down.");
	if (n[ROUNDWATCH_RZ] > n[ROUNDWATCH_RD] + n[ROUNDWATCH_RU])
		say(&k->maybe, "An emulator of a console, or code that truncates, stays in RZ.");
}

/*
 * On paper
 */

static void paint(const char *how, const char *text)
{
	if (color && how)
		printf("%s%s\033[0m", how, text);
	else
		fputs(text, stdout);
}

static int columns_of(const char *text, size_t n)
{
	mbstate_t state = { 0 };
	int columns = 0;

	while (n) {
		wchar_t wc;
		size_t len = mbrtowc(&wc, text, n, &state);

		if (!len || len > n)
			return columns + n;
		columns += wcwidth(wc) > 0 ? wcwidth(wc) : 0;
		text += len;
		n -= len;
	}
	return columns;
}

/* Words from @column on, and from @at on in further lines; broken before @width. */
static void wrap_from(unsigned int column, unsigned int at, const char *raw)
{
	char *text = text_for_terminal(raw);
	unsigned int first = column;

	for (char *word = text; *word;) {
		size_t n = strcspn(word, " ");
		unsigned int needs = columns_of(word, n);

		if (column > first && column + 1 + needs > width) {
			printf("\n%*s", at, "");
			column = first = at;
		} else if (column > first) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)n, word);
		column += needs;
		word += n;
		word += strspn(word, " ");
	}
	putchar('\n');
	free(text);
}

static void wrap(unsigned int at, const char *text)
{
	wrap_from(at, at, text);
}

static void heading(const char *text)
{
	putchar('\n');
	paint(BOLD, text);
}

static void paragraphs(const char *title, const struct words *w)
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

/* @value of @of, in @cells; a rest of half a cell is shown where that can be. */
static void bar(uint64_t value, uint64_t of, unsigned int cells, const char *how)
{
	unsigned int halves, full;
	char buf[128] = "";

	if (value > of)
		value = of;
	halves = of ? (double)value / of * cells * 2 + 0.5 : 0;
	full = unicode ? halves / 2 : (halves + 1) / 2;
	for (unsigned int i = 0; i < full; i++)
		strcat(buf, unicode ? "█" : "#");
	if (unicode && halves % 2)
		strcat(buf, "▌");
	paint(how, buf);
	/* Up to the next column. */
	printf("%*s", (int)(cells - full - (unicode && halves % 2)), "");
}

static const char *verdict_color(uint8_t verdict)
{
	return verdict == ROUNDWATCH_RANDOMX ? RED : verdict == ROUNDWATCH_SUSPECT ? YELLOW : BOLD;
}

static void print_modes(const struct case_file *k)
{
	static const char *const usual[] = { "31", "23", "23", "23" };
	const struct roundwatch_tally *t = &k->s.tally;
	uint64_t sum = observations(t);
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

static void print_history(const struct case_file *k)
{
	static const char *const blocks[] = {
		"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"
	};
	static const char ascii[] = "_.-:=+*#";
	uint32_t top = k->snap->info.randomx_evidence, last = 0;

	if (!k->points)
		return;
	for (size_t i = 0; i < k->points; i++)
		if (k->history[i].evidence > top)
			top = k->history[i].evidence;
	printf("  over %.0f s  ",
	       (k->history[k->points - 1].time_ns - k->history[0].time_ns) / 1e9);
	for (size_t i = 0; i < k->points; i++) {
		uint32_t step = top ? 7.0 * k->history[i].evidence / top + 0.5 : 0;

		last = k->history[i].evidence;
		if (!k->history[i].known)
			putchar(' ');
		else if (unicode)
			fputs(blocks[step], stdout);
		else
			putchar(ascii[step]);
	}
	printf("  from %u to %u\n", k->history[0].evidence, last);
}

static void print_evidence(const struct case_file *k)
{
	static const char *const part[PARTS] = { "into RD", "into RU", "into RZ", "RZ-RD/RU" };
	const struct roundwatch_tally *t = &k->s.tally;
	const struct roundwatch_info *info = &k->snap->info;

	heading("EVIDENCE");
	printf("  %u: suspect from %u, randomx from %u; the least part decides\n", t->evidence,
	       info->suspect_evidence, info->randomx_evidence);
	for (int i = 0; i < PARTS; i++) {
		uint32_t p = k->parts[i];

		printf("  %-8s %4u  ", part[i], p);
		bar(p, info->randomx_evidence, 40, p >= info->randomx_evidence ? RED :
		    p >= info->suspect_evidence ? YELLOW : NULL);
		printf("  %s\n", p >= info->randomx_evidence ? "reached" :
		       p >= info->suspect_evidence ? "suspect" : "");
	}
	print_history(k);
}

static void print_threads(const struct case_file *k, const struct subjects *threads)
{
	size_t shown = 0, all = 0;

	if (k->s.tally.pid || k->s.threads < 2)
		return;
	heading("THREADS");
	printf("  that left round-to-nearest, worst first\n");
	for (size_t i = 0; i < threads->n; i++) {
		const struct roundwatch_tally *t = &threads->subject[i].tally;
		char n[ROUNDWATCH_MODES][NUMBER_MAX], changes[NUMBER_MAX];
		int cpu;

		if (t->tgid != k->s.tally.tgid ||
		    t->process_start_ns != k->s.tally.process_start_ns || ++all > THREADS_SHOWN)
			continue;
		shown++;
		for (int m = 0; m < ROUNDWATCH_MODES; m++)
			format_count(n[m], t->count[m]);
		printf("  %7u ", t->pid);
		paint(t->verdict >= ROUNDWATCH_SUSPECT ? verdict_color(t->verdict) : NULL,
		      verdict_name(t->verdict));
		printf(" %u: RN %s, RD %s, RU %s, RZ %s; %s changes", t->evidence, n[0], n[1],
		       n[2], n[3], format_count(changes, t->changes));
		cpu = corroborate_thread(&k->c, t->pid);
		if (t->flags & ROUNDWATCH_EXITED)
			printf("; exited");
		else if (cpu >= 0)
			printf("; CPU %d %%", cpu);
		putchar('\n');
	}
	if (all > shown)
		printf("  and %zu more: roundwatch list --threads\n", all - shown);
}

static void print_findings(const struct case_file *k)
{
	size_t found = 0;

	for (int i = 0; i < FINDINGS; i++)
		found += k->c.finding[i].state == FOUND;
	heading("ALSO LOOKED AT");
	if (!k->c.found) {
		printf("\n  nothing: ");
		wrap(11, k->c.finding[0].detail);
		return;
	}
	printf("  %zu of %d found; they support a verdict and never make one\n", found, FINDINGS);
	for (int order = FOUND; order >= NOT_READABLE; order--) {
		for (int i = 0; i < FINDINGS; i++) {
			const struct finding *f = &k->c.finding[i];

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

static void print_case(const struct case_file *k, const struct subjects *threads)
{
	const struct roundwatch_tally *t = &k->s.tally;
	char *comm = xstrndup(t->comm, sizeof(t->comm)), *safe = text_for_terminal(comm);
	const char *exited = t->flags & ROUNDWATCH_EXITED ? " exited," : "";
	char *text, *rest;
	char age[NUMBER_MAX];

	/* The most important line. */
	paint(verdict_color(t->verdict), verdict_name(t->verdict));
	printf("  ");
	paint(BOLD, safe);
	text = t->pid ? xasprintf("[%u, thread %u]%s ", t->tgid, t->pid, exited) :
			xasprintf("[%u]%s ", t->tgid, exited);
	printf(" %s", text);
	wrap_from(strlen(verdict_name(t->verdict)) + 3 + columns_of(safe, strlen(safe)) +
		  strlen(text), 2, what(t->verdict));
	free(text);
	rest = identity_describe(&k->id);
	if (t->verdict != ROUNDWATCH_CLEAR && t->verdict_ns && k->snap->now_ns >= t->verdict_ns)
		text = xasprintf("for %s; %s",
				 format_duration(age, k->snap->now_ns - t->verdict_ns), rest);
	else
		text = xasprintf("%s", rest);
	free(rest);
	printf("  ");
	wrap(2, text);
	free(text);
	if (k->id.cmdline) {
		text = xasprintf("%.400s", k->id.cmdline);
		printf("  $ ");
		wrap(4, text);
		free(text);
	}
	if (k->asked != t->tgid && k->asked != t->pid)
		printf("  %u is a thread of it that never left round-to-nearest; this is the process.\n",
		       k->asked);
	if (k->earlier)
		printf("  The number was another's before: roundwatch list shows that one too.\n");
	text = identity_oddities(&k->id, t);
	for (char *line = text; line; line = rest) {
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = '\0';
		printf("  ");
		wrap(2, line);
	}
	free(text);

	if (k->tallied) {
		print_modes(k);
		print_evidence(k);
		print_threads(k, threads);
	}
	paragraphs("HOW SURE", &k->sure);
	paragraphs("WHAT ELSE IT COULD BE", &k->maybe);
	print_findings(k);
	free(safe);
	free(comm);
}

/*
 * JSON
 */

static void add_value(json_object *to, const char *name, const struct snapshot *snap,
		      struct value v)
{
	const struct table clock = { .realtime_offset_ns = snap->info.realtime_offset_ns };

	json_object_object_add(to, name, value_to_json(&clock, &v));
	free(v.text);
}

static json_object *words_to_json(const struct words *w)
{
	json_object *a = json_object_new_array();

	for (size_t i = 0; i < w->n; i++)
		json_object_array_add(a, json_object_new_string(w->text[i]));
	return a;
}

static json_object *counts_to_json(const struct roundwatch_tally *t)
{
	static const char *const name[] = { "rn", "rd", "ru", "rz" };
	json_object *o = json_object_new_object();

	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		json_object_object_add(o, name[i], json_object_new_int64(t->count[i]));
	return o;
}

static json_object *thread_to_json(const struct case_file *k, const struct roundwatch_tally *t)
{
	json_object *o = json_object_new_object();
	int cpu = corroborate_thread(&k->c, t->pid);

	json_object_object_add(o, "tid", json_object_new_int64(t->pid));
	json_object_object_add(o, "verdict", json_object_new_string(verdict_name(t->verdict)));
	json_object_object_add(o, "evidence", json_object_new_int64(t->evidence));
	json_object_object_add(o, "modes", counts_to_json(t));
	json_object_object_add(o, "changes", json_object_new_int64(t->changes));
	json_object_object_add(o, "samples", json_object_new_int64(t->samples));
	json_object_object_add(o, "cpu_percent", cpu < 0 ? NULL : json_object_new_int(cpu));
	return o;
}

static json_object *case_to_json(const struct case_file *k, const struct subjects *threads)
{
	static const char *const part[PARTS] = { "rd", "ru", "rz", "cross" };
	const struct roundwatch_tally *t = &k->s.tally;
	json_object *o = json_object_new_object(), *parts = json_object_new_object();
	json_object *list = json_object_new_array(), *findings = json_object_new_array();
	json_object *history = json_object_new_array();

	json_object_object_add(o, "asked", json_object_new_int64(k->asked));
	json_object_object_add(o, "pid", json_object_new_int64(t->tgid));
	json_object_object_add(o, "tid", t->pid ? json_object_new_int64(t->pid) : NULL);
	add_value(o, "command", k->snap, value_text(xstrndup(t->comm, sizeof(t->comm))));
	json_object_object_add(o, "verdict", json_object_new_string(verdict_name(t->verdict)));
	json_object_object_add(o, "means", json_object_new_string(what(t->verdict)));
	json_object_object_add(o, "tallied", json_object_new_boolean(k->tallied));
	json_object_object_add(o, "exited", json_object_new_boolean(t->flags & ROUNDWATCH_EXITED));
	json_object_object_add(o, "guest", json_object_new_boolean(t->flags & ROUNDWATCH_GUEST));
	json_object_object_add(o, "x87", json_object_new_boolean(t->flags & ROUNDWATCH_X87));
	json_object_object_add(o, "highest", json_object_new_string(verdict_name(t->highest)));
	add_value(o, "since", k->snap, value_number(VALUE_TIME, t->verdict_ns));
	json_object_object_add(o, "observations", json_object_new_int64(observations(t)));
	json_object_object_add(o, "samples", json_object_new_int64(t->samples));
	json_object_object_add(o, "changes", json_object_new_int64(t->changes));
	json_object_object_add(o, "modes", counts_to_json(t));
	json_object_object_add(o, "evidence", json_object_new_int64(t->evidence));
	for (int i = 0; i < PARTS; i++)
		json_object_object_add(parts, part[i], json_object_new_int64(k->parts[i]));
	json_object_object_add(o, "parts", parts);
	json_object_object_add(o, "suspect_evidence",
			       json_object_new_int64(k->snap->info.suspect_evidence));
	json_object_object_add(o, "randomx_evidence",
			       json_object_new_int64(k->snap->info.randomx_evidence));
	for (size_t i = 0; i < k->points; i++) {
		json_object *p = json_object_new_object();

		add_value(p, "time", k->snap, value_number(VALUE_TIME, k->history[i].time_ns));
		json_object_object_add(p, "evidence", k->history[i].known ?
				       json_object_new_int64(k->history[i].evidence) : NULL);
		json_object_array_add(history, p);
	}
	json_object_object_add(o, "history", history);
	for (size_t i = 0; k->tallied && i < threads->n; i++) {
		const struct roundwatch_tally *of = &threads->subject[i].tally;

		if (of->tgid == t->tgid && of->process_start_ns == t->process_start_ns &&
		    (!t->pid || of->pid == t->pid))
			json_object_array_add(list, thread_to_json(k, of));
	}
	json_object_object_add(o, "threads", list);
	json_object_object_add(o, "sure", words_to_json(&k->sure));
	json_object_object_add(o, "maybe", words_to_json(&k->maybe));
	for (int i = 0; i < FINDINGS; i++) {
		const struct finding *f = &k->c.finding[i];
		json_object *p = json_object_new_object();

		json_object_object_add(p, "name", json_object_new_string(finding_name(i)));
		json_object_object_add(p, "state",
				       json_object_new_string(finding_state_name(f->state)));
		json_object_object_add(p, "detail", json_object_new_string(f->detail));
		json_object_array_add(findings, p);
	}
	json_object_object_add(o, "findings", findings);
	json_object_object_add(o, "identity", identity_to_json(&k->id));
	return o;
}

/*
 * Over time
 */

static bool same_subject(const struct roundwatch_tally *a, const struct roundwatch_tally *b)
{
	return a->tgid == b->tgid && a->pid == b->pid && a->start_ns == b->start_ns;
}

static void add_point(struct case_file *k, const struct snapshot *snap, const struct subjects *all)
{
	struct point *p = &k->history[k->points++];

	*p = (struct point){ .time_ns = snap->now_ns };
	for (size_t i = 0; i < all->n; i++) {
		if (!same_subject(&all->subject[i].tally, &k->s.tally))
			continue;
		p->evidence = all->subject[i].tally.evidence;
		p->known = true;
	}
}

/* The present state of what the cases are about; of those that are gone, the last there was. */
static void refresh(struct case_file *k, size_t n, const struct subjects *processes,
		    const struct subjects *threads)
{
	for (size_t i = 0; i < n; i++) {
		const struct subjects *all = k[i].s.tally.pid ? threads : processes;

		for (size_t j = 0; j < all->n; j++) {
			if (!same_subject(&all->subject[j].tally, &k[i].s.tally))
				continue;
			k[i].s = all->subject[j];
			k[i].tallied = true;
			weigh(&k[i]);
			break;
		}
	}
}

/* The module keeps no history: ask it again and again. The last answer is in @now. */
static enum status watch(const struct explain_options *o, struct case_file *k, size_t n,
			 struct snapshot *now)
{
	unsigned int points = o->seconds < HISTORY_MAX ? o->seconds + 1 : HISTORY_MAX;
	uint64_t step = o->seconds * NSEC / (points - 1);
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned int i = 0; i < points; i++) {
		struct subjects processes, threads;
		struct snapshot snap;
		enum status status = snapshot_read(&o->from, &snap);

		if (status)
			return status;
		snapshot_free(now);
		*now = snap;
		subjects_by_process(&snap, &processes);
		subjects_by_thread(&snap, &threads);
		for (size_t j = 0; j < n; j++)
			add_point(&k[j], &snap, k[j].s.tally.pid ? &threads : &processes);
		subjects_free(&threads);
		subjects_free(&processes);
		next.tv_sec += (next.tv_nsec + step) / NSEC;
		next.tv_nsec = (next.tv_nsec + step) % NSEC;
		if (i + 1 < points)
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return STATUS_OK;
}

static void close_case(struct case_file *k)
{
	corroborate_free(&k->c);
	identity_free(&k->id);
	free_words(&k->sure);
	free_words(&k->maybe);
}

static enum status explain(const struct explain_options *o, const uint32_t *number, size_t n)
{
	struct case_file *k = xrealloc(NULL, n, sizeof(*k));
	struct subjects processes, threads;
	json_object *root, *list;
	struct snapshot snap;
	struct host host;
	size_t cases = 0;
	enum status status = snapshot_read(&o->from, &snap), missing = STATUS_OK, warned;

	if (status)
		goto out_cases;
	status = host_open(&host, o->from.sysroot, snap.live);
	if (status)
		goto out_snapshot;
	subjects_by_process(&snap, &processes);
	subjects_by_thread(&snap, &threads);
	warned = snapshot_warn(&snap);

	for (size_t i = 0; i < n; i++) {
		k[cases] = (struct case_file){ .asked = number[i], .snap = &snap };
		if (!open_case(&k[cases], &host, &processes, &threads)) {
			missing = STATUS_FAILURE;
			continue;
		}
		corroborate_begin(&k[cases].c, &host, &k[cases].s.tally);
		cases++;
	}
	if (o->seconds && cases) {
		status = watch(o, k, cases, &snap);
		subjects_free(&threads);
		subjects_free(&processes);
		subjects_by_process(&snap, &processes);
		subjects_by_thread(&snap, &threads);
		refresh(k, cases, &processes, &threads);
	}
	root = json_object_new_object();
	list = json_object_new_array();
	for (size_t i = 0; i < cases; i++) {
		identity_read(&host, &k[i].s.tally, &k[i].id);
		corroborate_end(&k[i].c, &k[i].id, o->pools, snap.now_ns);
		if (k[i].tallied) {
			judge_sure(&k[i]);
			judge_maybe(&k[i]);
		} else {
			judge_clear(&k[i]);
		}
		if (o->json) {
			json_object_array_add(list, case_to_json(&k[i], &threads));
		} else {
			if (i)
				printf("\n\n");
			print_case(&k[i], &threads);
		}
		close_case(&k[i]);
	}
	json_object_object_add(root, "explain", list);
	if (o->json)
		json_put(root);
	else
		json_object_put(root);
	if (warned)
		status = warned;
	else if (!status)
		status = missing;

	subjects_free(&threads);
	subjects_free(&processes);
	host_close(&host);
out_snapshot:
	snapshot_free(&snap);
out_cases:
	free(k);
	return status;
}

static void help(void)
{
	fputs("Usage: roundwatch explain [options] <pid>|<tid>...\n"
	      "\n"
	      "Tell why a process or a thread has its verdict, how sure that is, what else it\n"
	      "could be, and what else in /proc speaks for a miner.\n"
	      "\n"
	      " -w, --watch <seconds> watch the evidence for so long, and draw it\n"
	      "     --pools <file>    whom miners talk to; " POOL_LIST "\n"
	      " -J, --json            print JSON\n"
	      COMMON_HELP
	      "\n"
	      "Exit status: 0 all explained, 1 nothing is known of one of them, 2, 3 and 4 as\n"
	      "in \"roundwatch help\". A process that lives and never left round-to-nearest is\n"
	      "explained.\n", stdout);
}

static bool take_number(const char *what, const char *text, uint64_t max, uint64_t *number)
{
	if (parse_number(text, max, number) && *number)
		return true;
	error("explain: %s '%s': not a number from 1 to %" PRIu64, what, text, max);
	return false;
}

static enum status run(int argc, char **argv)
{
	enum { OPT_POOLS = OPT_OWN };
	static const struct option options[] = {
		{ "watch",	required_argument,	NULL, 'w' },
		{ "pools",	required_argument,	NULL, OPT_POOLS },
		{ "json",	no_argument,		NULL, 'J' },
		COMMON_LONG,
		{ 0 }
	};
	struct explain_options o = { 0 };
	const char *pools = NULL;
	uint64_t parsed;
	enum status status;
	uint32_t *number;
	size_t n = 0;
	int opt;

	while ((opt = getopt_long(argc, argv, ":w:J" COMMON_SHORT, options, NULL)) != -1) {
		switch (opt) {
		case 'w':
			if (!take_number("--watch", optarg, WATCH_MAX, &parsed))
				return STATUS_USAGE;
			o.seconds = parsed;
			break;
		case OPT_POOLS:
			pools = optarg;
			break;
		case 'J':
			o.json = true;
			break;
		default:
			if (!common_option(&cmd_explain, opt, argv, options, &o.from, &status))
				return status;
		}
	}
	if (o.seconds && o.from.input) {
		error("explain: --watch needs the module: a recording is of one moment");
		return STATUS_USAGE;
	}
	if (pools && access(pools, R_OK)) {
		error("explain: --pools %s: %s", pools, strerror(errno));
		return STATUS_USAGE;
	}
	o.pools = pools ? pools : POOL_LIST;
	if (optind == argc) {
		error("explain: which? Name a PID or a TID; \"roundwatch list\" shows them");
		return STATUS_USAGE;
	}
	number = xrealloc(NULL, argc - optind, sizeof(*number));
	for (int i = optind; i < argc; i++) {
		if (!take_number("PID", argv[i], INT32_MAX, &parsed)) {
			free(number);
			return STATUS_USAGE;
		}
		number[n++] = parsed;
	}
	color = !o.json && want_colors();
	unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	width = terminal_width();
	if (!width || width > 100)
		width = 80;
	if (width < 50)
		width = 50;

	status = explain(&o, number, n);
	free(number);
	return status;
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "why a process has its verdict, how sure, and what else speaks for it",
	.help = help,
	.run = run,
};
