// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions per context switch: two processes on one processor pass a byte back and forth over
 * two pipes, so each round trip is two switches.
 *
 * This counts instructions only under QEMU's -icount shift=0, where the guest's time-stamp counter
 * is the number of instructions executed: it runs at 1 GHz of virtual time, and a batch is never
 * idle. No kernel clock and no calibration are involved; verify_counter() checks this.
 * Instructions of interrupts are counted, too: the tick adds about 4 per switch.
 * Run it with SCHED_FIFO: preemption by the fair class varies by up to 1,000 per switch.
 * Waiting tasks cost the scheduler 13 per switch; hence the pauses and the median.
 *
 * Both processes load MXCSR, or FPCR, in every round even if it does not change, so that all modes
 * execute the same instructions.
 */
#define _GNU_SOURCE
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../rounding.h"
#ifndef __aarch64__
#include <x86intrin.h>
#endif

#define MODES		4

#define MAX_BATCHES	1000

static unsigned int control[MODES];	/* value for a round, by its number modulo MODES */
static char byte;

static void usage(FILE *to)
{
	fputs("usage: pingpong [OPTION…]\n"
	      "  --mode N    rounding mode of both processes (0, nearest)\n"
	      "  --walk      the next of the four modes in every round\n"
	      "  --warmup N  round trips before anything is measured (5000)\n"
	      "  --rounds N  round trips of a batch (2000)\n"
	      "  --batches N (25)\n"
	      "  --pause MS  pause before each batch, for other tasks to finish their work (100)\n"
	      "Prints instructions per switch: median, minimum and maximum of the batches, and each.\n",
	      to);
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value > max)
		errx(2, "%s is not a number from 0 to %lu", text, max);
	return value;
}

/* Of instructions, if it counts at 1 GHz and an instruction takes 1 ns. */
static uint64_t counter(void)
{
#ifdef __aarch64__
	uint64_t count;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r" (count));
	return count;
#else
	return __rdtsc();
#endif
}

/* Two instructions per iteration. */
static uint64_t count_turns(unsigned long turns)
{
	uint64_t begin = counter();

#ifdef __aarch64__
	__asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(turns) : : "cc");
#else
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(turns));
#endif
	return counter() - begin;
}

/* An interrupt may add to one attempt, but not to all of them. */
static uint64_t count_turns_undisturbed(unsigned long turns)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t count = count_turns(turns);

		if (count < least)
			least = count;
	}
	return least;
}

static void verify_counter(void)
{
	const unsigned long turns = 10000;
	uint64_t count = count_turns_undisturbed(2 * turns) - count_turns_undisturbed(turns);

	if (count + 4 < 2 * turns || count > 2 * turns + 4)
		errx(1, "%lu instructions counted as %lu: this is not QEMU with -icount shift=0",
		     2 * turns, (unsigned long)count);
}

static void get(int pipe)
{
	if (read(pipe, &byte, 1) != 1)
		_exit(0);	/* the other process has ended */
}

static void put(int pipe)
{
	if (write(pipe, &byte, 1) != 1)
		err(1, "pipe");
}

static void __attribute__((noreturn)) answer(int from, int to)
{
	for (unsigned long round = 0;; round++) {
		set_control(control[round % MODES]);
		get(from);
		put(to);
	}
}

static double batch(int to, int from, unsigned long rounds)
{
	uint64_t begin = counter();

	for (unsigned long round = 0; round < rounds; round++) {
		set_control(control[round % MODES]);
		put(to);
		get(from);
	}
	return (counter() - begin) / (2.0 * rounds);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "mode", required_argument, NULL, 'm' },
		{ "walk", no_argument, NULL, 'w' },
		{ "warmup", required_argument, NULL, 'u' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "batches", required_argument, NULL, 'b' },
		{ "pause", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	unsigned long warmup = 5000, rounds = 2000, batches = 25, pause_ms = 100, mode = 0;
	static double sorted[MAX_BATCHES], result[MAX_BATCHES];
	int there[2], back[2], option;
	bool walk = false;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'm':
			mode = number(optarg, MODES - 1);
			break;
		case 'w':
			walk = true;
			break;
		case 'u':
			warmup = number(optarg, 100000000);
			break;
		case 'r':
			rounds = number(optarg, 100000000);
			break;
		case 'b':
			batches = number(optarg, MAX_BATCHES);
			break;
		case 'p':
			pause_ms = number(optarg, 10000);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc || !rounds || !batches) {
		usage(stderr);
		return 2;
	}
	verify_counter();
	for (unsigned long i = 0; i < MODES; i++)
		control[i] = CONTROL_INIT | mode_bits(walk ? i : mode);

	if (pipe(there) || pipe(back))
		err(1, "pipe");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(there[1]);
		close(back[0]);
		answer(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);

	if (warmup)
		batch(there[1], back[0], warmup);
	for (unsigned long i = 0; i < batches; i++) {
		usleep(pause_ms * 1000);
		sorted[i] = result[i] = batch(there[1], back[0], rounds);
	}
	set_control(CONTROL_INIT);
	close(there[1]);
	wait(NULL);

	qsort(sorted, batches, sizeof(*sorted), compare);
	printf("%.2f %.2f %.2f:", sorted[batches / 2], sorted[0], sorted[batches - 1]);
	for (unsigned long i = 0; i < batches; i++)
		printf(" %.2f", result[i]);
	putchar('\n');
	return 0;
}
