// SPDX-License-Identifier: GPL-2.0
/*
 * miner - runs the real RandomX library, and discards the hashes
 *
 * Light mode (a cache of 256 MiB, no dataset). Prints the CLOCK_BOOTTIME second
 * at which the first hash starts as "first-hash SECONDS", and "hashes N" at the
 * end. With --then it continues to run for some seconds without mining.
 *
 * With --spawn it does not mine itself. When the cache is filled it prints "ready".
 * Each number on standard input starts a child that mines with this number of
 * threads and prints "pid PID" first. With an "n" after the number the child naps.
 *
 * With --rest N it sleeps after each hash, for N times as long as the hash took: for
 * tests that need a miner and not its speed.
 *
 * With --rounds it repeats this many times: mine for --seconds, pause for --then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <randomx.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
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

static unsigned long threads = 1, seconds = 10, lifetime, then, rounds = 1, rest;
static bool interpreter, forks, evade, naps, renames, spawn;
static randomx_flags flags;
static randomx_cache *cache;
static atomic_ulong *hashes, next_nonce;
static double deadline;

static void die(const char *what)
{
	fprintf(stderr, "miner: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* The kernel resets MXCSR for the handler, and restores it afterwards. */
static void nap(int sig)
{
	struct timespec moment = { .tv_nsec = 50000 };

	(void)sig;
	nanosleep(&moment, NULL);
}

/*
 * The second evader sleeps every 5 ms during a hash, always in RN, so that the
 * scheduler never has a reason to preempt it.
 */
static timer_t nap_every_5_ms(void)
{
	static const struct itimerspec every = { { .tv_nsec = 5000000 }, { .tv_nsec = 5000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
	timer_t timer;

	event._sigev_un._tid = gettid();
	signal(SIGRTMIN, nap);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &every, NULL))
		die("timer");
	return timer;
}

static void sleep_for(double length)
{
	struct timespec ts = { .tv_sec = length, .tv_nsec = (length - (long)length) * 1e9 };

	nanosleep(&ts, NULL);
}

/* Compute up to @n hashes (0: no limit) until the deadline. */
static void mine(unsigned long n)
{
	randomx_vm *vm = randomx_create_vm(flags, cache, NULL);
	unsigned char hash[RANDOMX_HASH_SIZE];
	timer_t timer = NULL;
	unsigned long i;
	char name[32];

	if (!vm)
		die("randomx_create_vm");
	if (naps)
		timer = nap_every_5_ms();
	for (i = 0; (!n || i < n) && now() < deadline; i++) {
		unsigned long nonce = next_nonce++;
		double began = now();

		randomx_calculate_hash(vm, &nonce, sizeof(nonce), hash);
		++*hashes;
		if (renames) {
			snprintf(name, sizeof(name), "kworker/%lu", nonce);
			prctl(PR_SET_NAME, name);
		}
		if (rest)
			sleep_for(rest * (now() - began));
		if (evade) {
			/* The first evader selects RN whenever it enters the kernel. */
			struct timespec nap = { .tv_nsec = 50000 };

			set_mode(0);
			nanosleep(&nap, NULL);
		}
	}
	if (naps)
		timer_delete(timer);
	randomx_destroy_vm(vm);
}

static void *mine_thread(void *unused)
{
	mine(lifetime);
	return unused;
}

/* One lane: a thread, or with --lifetime a sequence of short threads or processes. */
static void *lane(void *unused)
{
	while (now() < deadline) {
		pthread_t thread;
		pid_t pid;

		if (!lifetime) {
			mine(0);
		} else if (forks) {
			pid = fork();
			if (pid < 0)
				die("fork");
			if (!pid) {
				mine(lifetime);
				_exit(0);
			}
			waitpid(pid, NULL, 0);
		} else {
			if (pthread_create(&thread, NULL, mine_thread, NULL))
				die("pthread_create");
			pthread_join(thread, NULL);
		}
	}
	return unused;
}

/* Returns in every child; in the parent, false at the end of standard input. */
static bool spawn_miners(void)
{
	char how;

	signal(SIGCHLD, SIG_IGN);
	puts("ready");
	fflush(stdout);
	while (scanf("%lu%c", &threads, &how) == 2) {
		pid_t pid = fork();

		naps = how == 'n';
		if (pid < 0)
			die("fork");
		if (!pid) {
			printf("pid %d\n", getpid());
			return true;
		}
	}
	return false;
}

static unsigned long number(const char *text, const char *option)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || end == text) {
		fprintf(stderr, "miner: %s takes a number, not '%s'\n", option, text);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "threads", required_argument, NULL, 't' },
		{ "seconds", required_argument, NULL, 's' },
		{ "lifetime", required_argument, NULL, 'l' },
		{ "fork", no_argument, NULL, 'f' },
		{ "interpreter", no_argument, NULL, 'i' },
		{ "evade", no_argument, NULL, 'e' },
		{ "naps", no_argument, NULL, 'N' },
		{ "rename", no_argument, NULL, 'R' },
		{ "rest", required_argument, NULL, 'p' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "spawn", no_argument, NULL, 'S' },
		{ "then", required_argument, NULL, 'T' },
		{ "name", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long i;
	pthread_t *lanes;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 't':
			threads = number(optarg, "--threads");
			break;
		case 's':
			seconds = number(optarg, "--seconds");
			break;
		case 'l':
			lifetime = number(optarg, "--lifetime");
			break;
		case 'T':
			then = number(optarg, "--then");
			break;
		case 'f':
			forks = true;
			break;
		case 'i':
			interpreter = true;
			break;
		case 'e':
			evade = true;
			break;
		case 'N':
			naps = true;
			break;
		case 'R':
			renames = true;
			break;
		case 'p':
			rest = number(optarg, "--rest");
			break;
		case 'r':
			rounds = number(optarg, "--rounds");
			break;
		case 'S':
			spawn = true;
			break;
		case 'n':
			prctl(PR_SET_NAME, optarg);
			break;
		default:
			fputs("usage: miner [--threads N] [--seconds N] [--interpreter] [--evade]\n"
			      "             [--naps] [--lifetime HASHES [--fork]] [--name NAME] [--rename]\n"
			      "             [--then SECONDS] [--rounds N] [--rest N] [--spawn]\n",
			      stderr);
			return 2;
		}
	}
	flags = randomx_get_flags();
	if (interpreter)
		flags &= ~RANDOMX_FLAG_JIT;
	cache = randomx_alloc_cache(flags);
	if (!cache)
		die("randomx_alloc_cache");
	randomx_init_cache(cache, "roundwatch", 10);
	if (spawn && !spawn_miners())
		return 0;
	lanes = calloc(threads, sizeof(*lanes));
	if (!lanes)
		die("calloc");
	/* Children count as well. */
	hashes = mmap(NULL, sizeof(*hashes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (hashes == MAP_FAILED)
		die("mmap");
	while (rounds--) {
		printf("first-hash %.3f\n", now());
		fflush(stdout);
		deadline = now() + seconds;
		for (i = 0; i < threads; i++)
			if (pthread_create(&lanes[i], NULL, lane, NULL))
				die("pthread_create");
		for (i = 0; i < threads; i++)
			pthread_join(lanes[i], NULL);
		printf("hashes %lu\n", *hashes);
		fflush(stdout);
		sleep(then);
	}
	return 0;
}
