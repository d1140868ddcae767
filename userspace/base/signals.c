// SPDX-License-Identifier: GPL-2.0
/* For subcommands that go on until they are interrupted, or for some time. */
#include "base/signals.h"
#include "base/util.h"

static volatile sig_atomic_t came;

static void on_signal(int number)
{
	(void)number;
	came = 1;
}

void signals_block(sigset_t *waiting)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		sigaddset(&blocked, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigdelset(waiting, numbers[i]);
	signal(SIGPIPE, SIG_IGN);
}

bool signals_came(void)
{
	return came;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC + now.tv_nsec;
}

uint64_t deadline(uint64_t seconds)
{
	return now_ns() + seconds * NSEC;
}

bool deadline_left(uint64_t deadline_ns, struct timespec *left)
{
	uint64_t now = now_ns(), ns = deadline_ns > now ? deadline_ns - now : 0;

	*left = (struct timespec){ ns / NSEC, ns % NSEC };
	return ns;
}
