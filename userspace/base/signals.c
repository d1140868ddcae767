// SPDX-License-Identifier: GPL-2.0
/* For subcommands that run until a signal comes, or for some time. */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/util.h"

/* After a signal: the time between two interruptions of blocking calls, and how many there are. */
#define TICK_US		100000
#define TICKS		10

static volatile sig_atomic_t came, ticks;
static void (*last_resort)(void);

/* All that end a program by default, except those of crashes. */
static const int deadly[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF,
	SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU, SIGXFSZ,
};

static void on_signal(int number)
{
	static const struct itimerval tick = {
		.it_interval.tv_usec = TICK_US, .it_value.tv_usec = TICK_US,
	};

	if (came && number == SIGALRM) {
		if (++ticks < TICKS || !last_resort)
			return;
		last_resort();
		_exit(128 + came);
	}
	/* One between a check and a blocking call would be lost without the timer. */
	if (!came)
		setitimer(ITIMER_REAL, &tick, NULL);
	came = number;
}

static void on_crash(int number)
{
	last_resort();
	raise(number);
}

static void deadly_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		sigaddset(set, deadly[i]);
}

void signals_catch(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigaction before;
	sigset_t set;

	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++) {
		sigaction(deadly[i], NULL, &before);
		if (deadly[i] != SIGHUP || before.sa_handler != SIG_IGN)
			sigaction(deadly[i], &action, NULL);
	}
	deadly_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool signals_came(void)
{
	return came;
}

int signals_poll(struct pollfd *fds, nfds_t n, const struct timespec *timeout)
{
	sigset_t set, before;
	int ready = -1, err = EINTR;

	deadly_set(&set);
	sigprocmask(SIG_BLOCK, &set, &before);
	set = before;
	sigdelset(&set, SIGWINCH);
	if (!came) {
		ready = ppoll(fds, n, timeout, &set);
		err = errno;
	}
	/*
	 * ppoll() does not look for signals if a descriptor is ready. One that is pending is
	 * delivered here.
	 */
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = err;
	return ready;
}

void signals_last_resort(void (*undo)(void))
{
	static const int crashes[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP };
	const struct sigaction action = {
		.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER,
	};
	struct sigaction before;

	last_resort = undo;
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++) {
		sigaction(crashes[i], NULL, &before);
		/* A sanitizer reports the crash itself. */
		if (before.sa_handler == SIG_DFL)
			sigaction(crashes[i], &action, NULL);
	}
}

uint64_t deadline(uint64_t seconds)
{
	return monotonic_ns() + seconds * NSEC;
}

bool deadline_left(uint64_t deadline_ns, struct timespec *left)
{
	uint64_t now = monotonic_ns(), ns = deadline_ns > now ? deadline_ns - now : 0;

	*left = (struct timespec){ ns / NSEC, ns % NSEC };
	return ns;
}
