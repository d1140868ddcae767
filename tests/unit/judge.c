// SPDX-License-Identifier: GPL-2.0
/*
 * judge - what the module's rule says of recorded samples
 *
 * judge [--starts N] [--repeat N] [--mapped TABLE] [--constants] FILE.csv...
 *
 * Columns of a file: thread index, wall time (us), CPU time of the thread
 * (us), R or S (S: blocked voluntarily), MXCSR (hex), x87 control word
 * (hex); or, if the heading says fpcr, FPCR of arm64 (hex) instead of the last two. Samples
 * are fed to verdict.c as the module's probe feeds them.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verdict.h"

struct row {
	long thread;
	u64 wall_us, cpu_us;
	char state;
	unsigned int mxcsr, fcw;
};

struct thread {
	long index;
	struct row *row;
	size_t rows, room;
};

/* A thread's or a process's, as in the module. */
struct tally {
	struct verdict_score score;
	u8 verdict;
	u64 next_us, cpu_us;
	u64 counted;
};

struct result {
	u8 verdict;		/* the highest reached */
	u64 row;		/* rows up to it, 0: none above clear */
	u64 counted;		/* counted samples up to it */
	u64 cpu_us;		/* CPU time up to it */
};

static struct verdict_rule rule = {
	.suspect = VERDICT_SUSPECT_DEFAULT,
	.randomx = VERDICT_RANDOMX_DEFAULT,
	.decay = VERDICT_DECAY_DEFAULT,
	.gap_ns = VERDICT_GAP_DEFAULT * 1000,
};

static const char *const names[] = { "clear", "rounding", "suspect", "randomx" };

/* MiB that the program of the file maps. */
static unsigned long mapped;
/* RandomX's constants are in its registers. */
static bool known;

/* FPCR.RMode is 0 RN, 1 RU, 2 RD, 3 RZ. */
static u8 mode_of(const struct row *row)
{
	static const u8 of_fpcr[] = { ROUNDWATCH_RN, ROUNDWATCH_RU, ROUNDWATCH_RD, ROUNDWATCH_RZ };

	return rule.lone ? of_fpcr[row->mxcsr >> 22 & 3] : row->mxcsr >> 13 & 3;
}

static void decide(struct tally *t)
{
	if (verdict_asks(&rule, &t->score)) {
		verdict_witness(&t->score, mapped >= VERDICT_MEMORY_MIB);
		if (known)
			verdict_recognize(&t->score);
	}
	t->verdict = verdict_decide(&rule, verdict_evidence(&rule, &t->score), t->verdict);
}

/*
 * A sample of a thread, as module/observe.c takes it: nothing is kept of a thread that
 * never left RN; from then on a sample counts when the thread has used gap_ns of
 * CPU since the last that did, and its process takes it over.
 */
static void observe(struct tally *t, struct tally *process, const struct row *row)
{
	struct verdict_sample sample = {
		.now_ms = row->wall_us / 1000,
		.cpu_ms = (row->cpu_us - t->cpu_us) / 1000,
		.thread = row->thread + 1,
		.mode = mode_of(row),
		.x87 = row->fcw >> 10 & 3,
		.voluntary = row->state == 'S',
	};
	struct verdict_change change;

	if ((!t->counted && sample.mode == ROUNDWATCH_RN) || row->cpu_us < t->next_us)
		return;
	if (!t->counted)
		verdict_init(&t->score, sample.now_ms);
	change = verdict_sample(&rule, &t->score, &sample);
	if (!change.counted)
		return;
	t->cpu_us = row->cpu_us;
	t->next_us = row->cpu_us + rule.gap_ns / 1000;
	t->counted++;
	decide(t);
	if (!process)
		return;
	if (!process->counted)
		verdict_init(&process->score, sample.now_ms);
	if (t->counted == 1)
		verdict_sample(&rule, &process->score, &sample);
	else
		verdict_take(&rule, &process->score, &change, sample.now_ms);
	process->counted++;
	decide(process);
}

static void note(struct result *r, const struct tally *t, u64 row, u64 cpu_us)
{
	if (t->verdict > r->verdict)
		*r = (struct result){ t->verdict, row, t->counted, cpu_us };
}

/* One thread from row @first on, until @until is reached. */
static struct result judge(const struct thread *t, size_t first, u8 until)
{
	struct result r = { 0 };
	struct tally tally = { 0 };
	size_t i;

	tally.cpu_us = t->row[first].cpu_us;
	for (i = first; i < t->rows && r.verdict < until; i++) {
		observe(&tally, NULL, &t->row[i]);
		note(&r, &tally, i - first + 1, t->row[i].cpu_us - t->row[first].cpu_us);
	}
	return r;
}

static int by_number(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/*
 * The distribution over @n random starting points. A start so late that the
 * file ends before the verdict says nothing about the rule, so starting points
 * lie in the first three quarters of the thread; those that still end without
 * a verdict are counted as such and sorted last.
 */
static void starts(const char *name, const struct thread *t, u8 verdict,
		   unsigned long n)
{
	u64 *counted = calloc(n, sizeof(*counted));
	u64 *cpu = calloc(n, sizeof(*cpu));
	unsigned long i, missed = 0;
	u64 random = 0x9e3779b97f4a7c15;

	if (!counted || !cpu) {
		fprintf(stderr, "judge: out of memory\n");
		exit(2);
	}
	for (i = 0; i < n; i++) {
		struct result r;

		/* Marsaglia's xorshift64: the same starts on every machine. */
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		r = judge(t, random % (t->rows - t->rows / 4), verdict);
		counted[i] = r.verdict < verdict ? UINT64_MAX : r.counted;
		cpu[i] = r.verdict < verdict ? UINT64_MAX : r.cpu_us / 1000;
		missed += r.verdict < verdict;
	}
	qsort(counted, n, sizeof(*counted), by_number);
	qsort(cpu, n, sizeof(*cpu), by_number);
	printf("%s thr=%ld starts=%lu verdict=%s missed=%lu", name, t->index, n,
	       names[verdict], missed);
	for (i = 0; i < 2; i++) {
		const u64 *v = i ? cpu : counted;
		static const int percent[] = { 50, 90, 99 };
		size_t k;

		printf(i ? " cpu_ms" : " counted");
		for (k = 0; k < 3; k++) {
			u64 x = v[(n - 1) * percent[k] / 100];

			printf(" p%d=", percent[k]);
			if (x == UINT64_MAX)
				printf("-");
			else
				printf("%llu", (unsigned long long)x);
		}
	}
	putchar('\n');
	free(counted);
	free(cpu);
}

/* The rows of a thread @n times over, as if it had gone on like that for @period_us each. */
static void repeat(struct thread *t, unsigned long n, u64 period_us)
{
	u64 cpu_us = t->row[t->rows - 1].cpu_us - t->row[0].cpu_us + rule.gap_ns / 1000;
	size_t rows = t->rows, i;

	t->row = realloc(t->row, n * rows * sizeof(*t->row));
	if (!t->row) {
		fprintf(stderr, "judge: out of memory\n");
		exit(2);
	}
	for (i = rows; i < n * rows; i++) {
		t->row[i] = t->row[i - rows];
		t->row[i].wall_us += period_us;
		t->row[i].cpu_us += cpu_us;
	}
	t->rows *= n;
}

static struct thread *find_thread(struct thread **list, size_t *n, long index)
{
	size_t i;

	for (i = *n; i-- > 0;)
		if ((*list)[i].index == index)
			return &(*list)[i];
	*list = realloc(*list, (*n + 1) * sizeof(**list));
	if (!*list)
		return NULL;
	(*list)[*n] = (struct thread){ .index = index };
	return &(*list)[(*n)++];
}

static int by_index(const void *a, const void *b)
{
	long x = ((const struct thread *)a)->index;
	long y = ((const struct thread *)b)->index;

	return x < y ? -1 : x > y;
}

/* All threads together, in the order of time. */
static struct result judge_process(struct thread *list, size_t n, u64 *rows)
{
	struct tally *tally = calloc(n, sizeof(*tally)), process = { 0 };
	size_t *at = calloc(n, sizeof(*at)), i;
	struct result r = { 0 };
	u64 cpu_us = 0;

	if (!tally || !at) {
		fprintf(stderr, "judge: out of memory\n");
		exit(2);
	}
	for (i = 0; i < n; i++)
		tally[i].cpu_us = list[i].row[0].cpu_us;
	for (*rows = 0;;) {
		const struct row *row = NULL;
		size_t next = 0;

		for (i = 0; i < n; i++) {
			if (at[i] < list[i].rows &&
			    (!row || list[i].row[at[i]].wall_us < row->wall_us)) {
				row = &list[i].row[at[i]];
				next = i;
			}
		}
		if (!row)
			break;
		if (at[next])
			cpu_us += row->cpu_us - row[-1].cpu_us;
		at[next]++;
		++*rows;
		observe(&tally[next], &process, row);
		note(&r, &process, *rows, cpu_us);
	}
	free(tally);
	free(at);
	return r;
}

/*
 * Lines of FILE: a pattern of file names without .csv, a comma, MiB. The first
 * that fits is taken; what is not listed is taken as enough for RandomX.
 */
static unsigned long find_mapped(const char *table, const char *name)
{
	FILE *file = fopen(table, "r");
	char line[256], pattern[200], base[256];
	unsigned long mib, found = ULONG_MAX;

	if (!file)
		return found;
	snprintf(base, sizeof(base), "%.*s", (int)strcspn(name, "."), name);
	while (found == ULONG_MAX && fgets(line, sizeof(line), file))
		if (line[0] != '#' && sscanf(line, "%199[^,],%lu", pattern, &mib) == 2 &&
		    !fnmatch(pattern, base, 0))
			found = mib;
	fclose(file);
	return found;
}

/* The table of the folder that a file is in. */
static const char *table_beside(const char *path)
{
	static char table[4096];
	int folder = strrchr(path, '/') ? strrchr(path, '/') + 1 - path : 0;

	snprintf(table, sizeof(table), "%.*smapped.csv", folder, path);
	if (access(table, R_OK))
		snprintf(table, sizeof(table), "%.*s../traces-2/mapped.csv", folder, path);
	return table;
}

static void print(const char *name, const char *thread, u64 rows, const struct result *r)
{
	printf("%s thr=%s samples=%llu verdict=%s", name, thread, (unsigned long long)rows,
	       names[r->verdict]);
	if (r->row)
		printf(" first_sample=%llu first_cpu_ms=%llu\n", (unsigned long long)r->row,
		       (unsigned long long)r->cpu_us / 1000);
	else
		puts(" first_sample=- first_cpu_ms=-");
}

static int judge_file(const char *path, const char *table, unsigned long n_starts,
		      unsigned long times)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	FILE *file = fopen(path, "r");
	struct thread *list = NULL, *t;
	unsigned long line = 0;
	u64 first_us = UINT64_MAX, last_us = 0;
	size_t n = 0, i;
	char buf[256];
	int status = 0;

	if (!file) {
		fprintf(stderr, "judge: %s: %s\n", path, strerror(errno));
		return 2;
	}
	rule.lone = false;
	while (fgets(buf, sizeof(buf), file)) {
		unsigned long long wall, cpu;
		struct row row = { .fcw = 0 };
		char end;

		line++;
		if (sscanf(buf, "%ld ,%llu ,%llu ,%c ,%x ,%x%c", &row.thread,
			   &wall, &cpu, &row.state, &row.mxcsr, &row.fcw,
			   &end) < (rule.lone ? 5 : 6) ||
		    (row.state != 'R' && row.state != 'S')) {
			if (strstr(buf, "fpcr"))
				rule.lone = true;
			if (line == 1 || buf[0] == '#')
				continue;	/* a heading */
			fprintf(stderr, "judge: %s:%lu: not a sample: %s",
				path, line, buf);
			status = 2;
			break;
		}
		row.wall_us = wall;
		row.cpu_us = cpu;
		first_us = wall < first_us ? wall : first_us;
		last_us = wall > last_us ? wall : last_us;
		t = find_thread(&list, &n, row.thread);
		if (t && t->rows == t->room) {
			t->room = t->room ? 2 * t->room : 1024;
			t->row = realloc(t->row, t->room * sizeof(*t->row));
		}
		if (!t || !t->row) {
			fprintf(stderr, "judge: out of memory\n");
			exit(2);
		}
		t->row[t->rows++] = row;
	}
	if (ferror(file)) {
		fprintf(stderr, "judge: %s: %s\n", path, strerror(errno));
		status = 2;
	} else if (!n && !status) {
		fprintf(stderr, "judge: %s: no samples in it\n", path);
		status = 2;
	}
	fclose(file);
	if (n)
		qsort(list, n, sizeof(*list), by_index);
	for (i = 0; i < n && times > 1; i++)
		repeat(&list[i], times, last_us - first_us + rule.gap_ns / 1000);
	mapped = find_mapped(table, name);
	for (i = 0; i < n && !status; i++) {
		struct result r;
		char thread[24];

		t = &list[i];
		r = judge(t, 0, ROUNDWATCH_RANDOMX);
		if (n_starts) {
			if (r.verdict > ROUNDWATCH_ROUNDING)
				starts(name, t, r.verdict, n_starts);
			continue;
		}
		snprintf(thread, sizeof(thread), "%ld", t->index);
		print(name, thread, t->rows, &r);
	}
	if (!status && !n_starts) {
		u64 rows;
		struct result r = judge_process(list, n, &rows);

		print(name, "all", rows, &r);
	}
	for (i = 0; i < n; i++)
		free(list[i].row);
	free(list);
	return status;
}

static void usage(FILE *out)
{
	fputs("Usage: judge [--starts N] [--repeat N] [--mapped TABLE] [--constants] FILE.csv...\n"
	      "What the decision rule says of recorded samples, one line a thread and one, thr=all,\n"
	      "for the process:\n"
	      "  FILE thr=N samples=N verdict=V first_sample=N first_cpu_ms=N\n"
	      "samples are the rows of the thread; first_* tell when the verdict was first\n"
	      "reached, counted from the thread's first row.\n\n"
	      "  --starts N      instead, for threads that get above rounding: counted samples\n"
	      "                  and CPU time to that verdict from N random starting points\n"
	      "  --repeat N      as if the program had gone on for N times as long\n"
	      "  --mapped TABLE  how many MiB the programs map, by patterns of file names;\n"
	      "                  unless given: mapped.csv in FILE's folder, or in traces-2 beside it\n"
	      "  --constants     RandomX's constants were seen in the registers\n"
	      "  --help          this text\n", out);
}

static unsigned long number(const char *option, const char *text)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || end == text || !n || n > 1000000 || *text == '-') {
		fprintf(stderr, "judge: %s takes a number from 1 to 1000000, not '%s'\n",
			option, text);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "starts", required_argument, NULL, 's' },
		{ "repeat", required_argument, NULL, 'r' },
		{ "mapped", required_argument, NULL, 'm' },
		{ "constants", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long n_starts = 0, times = 1;
	const char *table = NULL;
	int status = 0, c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			n_starts = number("--starts", optarg);
			break;
		case 'r':
			times = number("--repeat", optarg);
			break;
		case 'm':
			if (access(optarg, R_OK)) {
				fprintf(stderr, "judge: %s: %s\n", optarg, strerror(errno));
				return 2;
			}
			table = optarg;
			break;
		case 'c':
			known = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	for (; optind < argc; optind++) {
		const char *path = argv[optind];

		if (judge_file(path, table ? table : table_beside(path), n_starts, times))
			status = 2;
	}
	return status;
}
