// SPDX-License-Identifier: GPL-2.0
/*
 * evader - what a miner can do to hide, without a miner
 *
 * evader [--memory MIB] [--nap MODE] [--x87] [--modes MODES]...
 *        [--children HOW | --exec MS | --spread PROCESSES] SECONDS
 *
 * Loads random rounding modes into MXCSR, as a RandomX thread does, and maps as much
 * memory. Prints the CPU time used, in seconds, at the end.
 *
 * With --spread the processes run for 40 ms each, in turns. With --modes it draws from
 * these modes only (012: RN, RD, RU); if it is given more than once, each process takes
 * the next.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../rounding.h"

static unsigned long memory_mib = 300, nap = 4, exec_ms;
static unsigned long spread;
static const char *children, *modes[4] = { "0123" };
static unsigned int kinds;
static bool x87;

static double clock_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void round_to(unsigned int mode)
{
	set_control(CONTROL_INIT | CONTROL_FLUSH | mode_bits(mode));
#ifndef __aarch64__
	unsigned short fcw = 0x37f | mode << 10;

	if (x87)
		__asm__ volatile("fldcw %0" : : "m" (fcw));
#endif
}

/* Mixes @of for so much CPU time, until the deadline. Makes system calls only to nap. */
static void mix(const char *of, double cpu_s, double deadline)
{
	static const struct timespec moment = { .tv_nsec = 200000 };
	static unsigned long long dice;
	double start = clock_s(CLOCK_PROCESS_CPUTIME_ID), last = start, now = start;
	size_t n = strlen(of);
	int i, k;

	if (!dice)
		dice = getpid() * 0x9e3779b97f4a7c15ULL + 1;
	while (now - start < cpu_s && clock_s(CLOCK_MONOTONIC) < deadline) {
		for (i = 0; i < 50; i++) {
			dice ^= dice << 13;
			dice ^= dice >> 7;
			dice ^= dice << 17;
			round_to(of[(dice >> 33) % n] - '0');
			for (k = 0; k < 10000; k++)
				__asm__ volatile("");
		}
		now = clock_s(CLOCK_PROCESS_CPUTIME_ID);
		if (nap < 4 && now - last > 0.009) {
			round_to(nap);
			nanosleep(&moment, NULL);
			last = now;
		}
	}
}

/* A child that mixes for 30 ms, by a way that makes another process its parent. */
static void one_child(double deadline)
{
	pid_t pid;

	if (!strcmp(children, "clone-parent"))
		pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	else
		pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		/* The one in the middle is gone before the other ends. */
		if (!strcmp(children, "twice") && fork())
			_exit(0);
		mix(modes[0], 0.03, deadline);
		_exit(0);
	}
	/* A stranger's child, or an orphan, cannot be waited for. */
	if (strcmp(children, "clone-parent") && strcmp(children, "twice"))
		waitpid(pid, NULL, 0);
	else
		usleep(40000);
}

static void have_children(double deadline)
{
	pid_t pid;

	if (!strcmp(children, "namespace")) {
		if (unshare(CLONE_NEWPID))
			die("unshare");
		pid = fork();
		if (pid < 0)
			die("fork");
		if (pid) {
			waitpid(pid, NULL, 0);
			return;
		}
	}
	if (!strcmp(children, "subreaper") && prctl(PR_SET_CHILD_SUBREAPER, 1))
		die("prctl");
	while (clock_s(CLOCK_MONOTONIC) < deadline)
		one_child(deadline);
}

static void run_again(char **argv, double deadline)
{
	static char left[32];
	int i = 0;

	mix(modes[0], exec_ms / 1000.0, deadline);
	snprintf(left, sizeof(left), "%.3f", deadline - clock_s(CLOCK_MONOTONIC));
	while (argv[i + 1])
		i++;
	argv[i] = left;
	if (left[0] != '-')
		execv(argv[0], argv);
}

/* One process of the ring: waits for its turn, mixes, and passes the turn on. */
static void take_turns(unsigned long i, int in, int out, double deadline)
{
	char turn;

	while (read(in, &turn, 1) == 1 && clock_s(CLOCK_MONOTONIC) < deadline) {
		mix(modes[kinds ? i % kinds : 0], 0.04, deadline);
		if (write(out, &turn, 1) != 1)
			break;
	}
	_exit(0);
}

/* At the end, each process sees that nobody is left who could pass the turn to it. */
static void run_in_turns(double deadline)
{
	int first[2], in, next[2];
	unsigned long i;

	if (pipe(first))
		die("pipe");
	in = first[0];
	for (i = 0; i < spread; i++) {
		bool last = i == spread - 1;

		if (!last && pipe(next))
			die("pipe");
		switch (fork()) {
		case -1:
			die("fork");
			break;
		case 0:
			if (!last) {
				close(next[0]);
				close(first[1]);
			}
			take_turns(i, in, last ? first[1] : next[1], deadline);
		}
		close(in);
		if (!last) {
			close(next[1]);
			in = next[0];
		}
	}
	if (write(first[1], "", 1) != 1)
		die("write");
	close(first[1]);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "memory", required_argument, NULL, 'm' },
		{ "nap", required_argument, NULL, 'n' },
		{ "x87", no_argument, NULL, 'x' },
		{ "children", required_argument, NULL, 'c' },
		{ "exec", required_argument, NULL, 'e' },
		{ "spread", required_argument, NULL, 's' },
		{ "modes", required_argument, NULL, 'M' },
		{ NULL, 0, NULL, 0 },
	};
	double deadline;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'm':
			memory_mib = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			nap = strtoul(optarg, NULL, 10);
			break;
		case 'x':
			x87 = true;
			break;
		case 'c':
			children = optarg;
			break;
		case 'e':
			exec_ms = strtoul(optarg, NULL, 10);
			break;
		case 's':
			spread = strtoul(optarg, NULL, 10);
			break;
		case 'M':
			if (kinds == sizeof(modes) / sizeof(*modes) || !*optarg ||
			    strspn(optarg, "0123") != strlen(optarg))
				return 2;
			modes[kinds++] = optarg;
			break;
		default:
			return 2;
		}
	}
	if (optind + 1 != argc)
		return 2;
	deadline = clock_s(CLOCK_MONOTONIC) + strtod(argv[optind], NULL);
	if (memory_mib && mmap(NULL, memory_mib << 20, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		die("mmap");
	if (children)
		have_children(deadline);
	else if (spread)
		run_in_turns(deadline);
	else if (exec_ms)
		run_again(argv, deadline);
	else
		mix(modes[0], 1e9, deadline);
	printf("cpu %.1f\n", clock_s(CLOCK_PROCESS_CPUTIME_ID));
	return 0;
}
