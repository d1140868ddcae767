// SPDX-License-Identifier: GPL-2.0
/*
 * load - imitates programs that use rounding modes but do not mine
 *
 * load KIND [SECONDS [PROCESSES [MIB]]]
 *
 * Each process uses KIND as its name. With MIB it also uses as much memory.
 */
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../rounding.h"

#define RN	0
#define RD	1
#define RU	2
#define RZ	3

static double deadline;
static volatile double sink;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Interval arithmetic: encloses the logistic map, lower bound RD, upper RU. */
static void interval(void)
{
	volatile double lo, hi, x;
	int i, n;

	while (now() < deadline) {
		lo = 0.3;
		hi = 0.3 + 1e-15;
		for (i = 0; i < 400; i++) {
			double l = lo, h = hi;

			set_mode(RD);
			for (n = 0; n < 200; n++)
				lo = 3.7 * l * (1.0 - h);
			set_mode(RU);
			for (n = 0; n < 200; n++)
				hi = 3.7 * h * (1.0 - l);
			if (hi - lo > 0.5) {
				lo = 0.3;
				hi = 0.3 + 1e-15;
			}
		}
		set_mode(RN);
		x = 0;
		for (i = 0; i < 20000; i++)
			x += sqrt(i);
		sink = x;
	}
}

/* An emulator: RZ, denormals are zero; occasionally code of the host in RN. */
static void emulator(void)
{
	unsigned int host = get_control();
	unsigned int guest = (host & ~CONTROL_MODES) | CONTROL_FLUSH | mode_bits(RZ);
	volatile float acc = 1;
	int i;

	while (now() < deadline) {
		set_control(guest);
		for (i = 0; i < 200000; i++)
			acc = acc * 1.0001f + (float)(i & 7);
		if (acc > 1e30f)
			acc = 1;
		set_control(host);
		for (i = 0; i < 20000; i++)
			sink = sqrt(i);
	}
}

/* A test suite that cycles through all modes with fesetround(). */
static void fenv(void)
{
	static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
	unsigned int seed = 1;
	int i;

	while (now() < deadline) {
		seed = seed * 1103515245 + 12345;
		fesetround(modes[seed >> 16 & 3]);
		for (i = 0; i < 2000; i++)
			sink = rint(i * 0.1);
	}
}

/* All modes in turn. */
static void cycle(void)
{
	static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
	int i, n;

	for (n = 0; now() < deadline; n++) {
		fesetround(modes[n & 3]);
		for (i = 0; i < 2000; i++)
			sink = rint(i * 0.1);
	}
}

/* Stochastic arithmetic: each operation rounds up or down, at random. */
static void stochastic(void)
{
	unsigned int seed = 1;
	volatile double x;
	int i, n;

	while (now() < deadline) {
		x = 0.3;
		for (n = 0; n < 100; n++) {
			seed = seed * 1103515245 + 12345;
			set_mode(seed >> 16 & 1 ? RU : RD);
			for (i = 0; i < 20; i++)
				x = 3.7 * x * (1.0 - x);
		}
		set_mode(RN);
		for (i = 0; i < 2000; i++)
			sink = sqrt(x + i);
	}
}

/* All modes at random, on x86 without x87's, and as much memory mapped as RandomX needs. */
static void walk(void)
{
	const size_t cache = 256UL << 20;
	unsigned int seed = getpid();
	int i;

	if (mmap(NULL, cache, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
	    MAP_FAILED)
		exit(1);
	while (now() < deadline) {
		seed = seed * 1103515245 + 12345;
		set_mode(seed >> 16);
		for (i = 0; i < 2000; i++)
			sink = sqrt(i);
	}
}

static void map_memory(void)
{
	/* As much as RandomX's cache; it is never touched. */
	if (mmap(NULL, 256 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
	    MAP_FAILED) {
		perror("load: mmap");
		exit(1);
	}
}

static void use_memory(size_t size)
{
	void *memory = malloc(size);

	if (!memory) {
		perror("load: malloc");
		exit(1);
	}
	memset(memory, 1, size);
}

/* Integers, as the mode must not matter. */
static int64_t ns_of(clockid_t clock, int (*get)(clockid_t, struct timespec *))
{
	struct timespec ts;

	get(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/*
 * A miner's modes, but another around each tick, which is where the coarse clock steps:
 * what happens only at ticks sees only this.
 */
static void ride(unsigned int mode)
{
	int64_t tick = ns_of(CLOCK_MONOTONIC_COARSE, clock_getres);
	int64_t coarse, before = 0, stepped = 0, phase;
	unsigned int seed = getpid();
	int i;

	map_memory();
	while (now() < deadline) {
		coarse = ns_of(CLOCK_MONOTONIC_COARSE, clock_gettime);
		phase = ns_of(CLOCK_MONOTONIC, clock_gettime);
		if (coarse != before)
			stepped = phase;
		before = coarse;
		phase -= stepped;
		seed = seed * 1103515245 + 12345;
		if (phase > tick / 10 && phase < tick * 9 / 10)
			set_mode(seed >> 16);
		else
			set_mode(mode);
		for (i = 0; i < 200; i++)
			sink = sqrt(i);
	}
}

/*
 * Runs for a moment right after each tick: who else has the CPU is preempted there,
 * and observed in a mode of its choice.
 */
static void preempt(void)
{
	int64_t tick = ns_of(CLOCK_MONOTONIC_COARSE, clock_getres);
	int64_t coarse = ns_of(CLOCK_MONOTONIC_COARSE, clock_gettime);
	int64_t due, until;
	struct timespec ts;

	while (ns_of(CLOCK_MONOTONIC_COARSE, clock_gettime) == coarse)
		continue;
	for (due = ns_of(CLOCK_MONOTONIC, clock_gettime) + tick; now() < deadline; due += tick) {
		ts.tv_sec = due / 1000000000;
		ts.tv_nsec = due % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		until = ns_of(CLOCK_MONOTONIC, clock_gettime) + tick / 50;
		while (ns_of(CLOCK_MONOTONIC, clock_gettime) < until)
			sink = sqrt(until);
	}
}

/* Stays in one mode for ever. */
static void park(unsigned int mode)
{
	int i;

	set_mode(mode);
	while (now() < deadline)
		for (i = 0; i < 100000; i++)
			sink = sqrt(i);
}

/* Parent and child in RU with different names; then exec resets the mode to RN. */
static int inherit(char *self)
{
	pid_t pid;

	set_mode(RU);
	pid = fork();
	if (pid < 0)
		return 1;
	if (!pid) {
		prctl(PR_SET_NAME, "inherit-child");
		deadline = now() + 2;
		while (now() < deadline)
			sink = sqrt(now());
		execl(self, "load", "nearest", "60", (char *)NULL);
		_exit(1);
	}
	prctl(PR_SET_NAME, "inherit-parent");
	deadline = now() + 3;
	while (now() < deadline)
		sink = sqrt(now());
	waitpid(pid, NULL, 0);
	return 0;
}

static void run(const char *kind)
{
	if (!strcmp(kind, "interval"))
		interval();
	else if (!strcmp(kind, "emulator"))
		emulator();
	else if (!strcmp(kind, "fenv"))
		fenv();
	else if (!strcmp(kind, "cycle"))
		cycle();
	else if (!strcmp(kind, "stochastic"))
		stochastic();
	else if (!strcmp(kind, "walk"))
		walk();
	else if (!strcmp(kind, "ride"))
		ride(RN);
	else if (!strcmp(kind, "ride-up"))
		ride(RU);
	else if (!strcmp(kind, "preempt"))
		preempt();
	else if (!strcmp(kind, "nearest"))
		park(RN);
	else if (!strcmp(kind, "up"))
		park(RU);
	else if (!strcmp(kind, "zero"))
		park(RZ);
	else
		exit(2);
}

int main(int argc, char **argv)
{
	long seconds = argc > 2 ? atol(argv[2]) : 10;
	long i, n = argc > 3 ? atol(argv[3]) : 1;
	long mib = argc > 4 ? atol(argv[4]) : 0;

	if (argc < 2 || argc > 5 || seconds < 1 || n < 1 || mib < 0) {
		fputs("usage: load interval|emulator|fenv|cycle|stochastic|walk|ride|ride-up|preempt|nearest|up|zero|inherit [SECONDS [PROCESSES [MIB]]]\n",
		      stderr);
		return 2;
	}
	if (!strcmp(argv[1], "inherit"))
		return inherit("/proc/self/exe");
	deadline = now() + seconds;
	prctl(PR_SET_NAME, argv[1]);
	use_memory((size_t)mib << 20);
	for (i = 1; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			fprintf(stderr, "load: fork: %s\n", strerror(errno));
			kill(0, SIGTERM);
			return 1;
		}
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			run(argv[1]);
			return 0;
		}
	}
	run(argv[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
