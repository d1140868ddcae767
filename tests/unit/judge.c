// SPDX-License-Identifier: GPL-2.0
/*
 * judge - what the module's rule says of recorded samples
 *
 * judge [--starts N] [--gap-us N] FILE.csv...
 *
 * Columns of a file: thread index, wall time (us), CPU time of the thread
 * (us), R or S (S: blocked of its own accord), MXCSR (hex), x87 control word
 * (hex). Samples are fed to verdict.c as the module's probe feeds them.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * One thread from row @first on, as module/observe.c does it: nothing is kept of
 * a thread that never left RN; from then on a sample counts when the thread
 * has used gap_ns of CPU since the last that did.
 */
static struct result judge(const struct thread *t, size_t first, u8 until)
{
	struct result r = { 0 };
	struct verdict_score score;
	u64 next = 0, counted = 0;
	u8 verdict = ROUNDWATCH_CLEAR;
	size_t i;

	for (i = first; i < t->rows; i++) {
		const struct row *row = &t->row[i];
		struct verdict_sample sample = {
			.now_ms = row->wall_us / 1000,
			.mode = row->mxcsr >> 13 & 3,
			.x87 = row->fcw >> 10 & 3,
			.voluntary = row->state == 'S',
		};

		if (verdict == ROUNDWATCH_CLEAR) {
			if (sample.mode == ROUNDWATCH_RN)
				continue;
			verdict_init(&score, sample.now_ms);
			next = 0;
		}
		if (row->cpu_us * 1000 >= next &&
		    verdict_sample(&rule, &score, &sample).counted) {
			next = row->cpu_us * 1000 + rule.gap_ns;
			counted++;
		}
		verdict = verdict_decide(&rule, verdict_evidence(&rule, &score),
					 verdict);
		if (verdict > r.verdict) {
			r = (struct result){
				.verdict = verdict,
				.row = i - first + 1,
				.counted = counted,
				.cpu_us = row->cpu_us - t->row[first].cpu_us,
			};
			if (verdict >= until)
				break;
		}
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

static int judge_file(const char *path, unsigned long n_starts)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	FILE *file = fopen(path, "r");
	struct thread *list = NULL, *t;
	unsigned long line = 0;
	size_t n = 0, i;
	char buf[256];
	int status = 0;

	if (!file) {
		fprintf(stderr, "judge: %s: %s\n", path, strerror(errno));
		return 2;
	}
	while (fgets(buf, sizeof(buf), file)) {
		unsigned long long wall, cpu;
		struct row row;
		char end;

		line++;
		if (sscanf(buf, "%ld ,%llu ,%llu ,%c ,%x ,%x%c", &row.thread,
			   &wall, &cpu, &row.state, &row.mxcsr, &row.fcw,
			   &end) < 6 ||
		    (row.state != 'R' && row.state != 'S')) {
			if (line == 1 || buf[0] == '#')
				continue;	/* a heading */
			fprintf(stderr, "judge: %s:%lu: not a sample: %s",
				path, line, buf);
			status = 2;
			break;
		}
		row.wall_us = wall;
		row.cpu_us = cpu;
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
	for (i = 0; i < n && !status; i++) {
		struct result r;

		t = &list[i];
		r = judge(t, 0, ROUNDWATCH_RANDOMX);
		if (n_starts) {
			if (r.verdict > ROUNDWATCH_ROUNDING)
				starts(name, t, r.verdict, n_starts);
			continue;
		}
		printf("%s thr=%ld samples=%zu verdict=%s", name, t->index,
		       t->rows, names[r.verdict]);
		if (r.row)
			printf(" first_sample=%llu first_cpu_ms=%llu\n",
			       (unsigned long long)r.row,
			       (unsigned long long)r.cpu_us / 1000);
		else
			puts(" first_sample=- first_cpu_ms=-");
	}
	for (i = 0; i < n; i++)
		free(list[i].row);
	free(list);
	return status;
}

static void usage(FILE *out)
{
	fputs("Usage: judge [--starts N] FILE.csv...\n"
	      "What the decision rule says of recorded samples, one line a thread:\n"
	      "  FILE thr=N samples=N verdict=V first_sample=N first_cpu_ms=N\n"
	      "samples are the rows of the thread; first_* tell when the verdict was first\n"
	      "reached, counted from the thread's first row.\n\n"
	      "  --starts N  instead, for threads that get above rounding: counted samples\n"
	      "              and CPU time to that verdict from N random starting points\n"
	      "  --help      this text\n", out);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "starts", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long n_starts = 0;
	int status = 0, c;
	char *end;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			errno = 0;
			n_starts = strtoul(optarg, &end, 10);
			if (errno || *end || end == optarg || !n_starts ||
			    n_starts > 1000000 || *optarg == '-') {
				fprintf(stderr, "judge: --starts takes a number from 1 to 1000000, not '%s'\n",
					optarg);
				return 2;
			}
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
	for (; optind < argc; optind++)
		if (judge_file(argv[optind], n_starts))
			status = 2;
	return status;
}
