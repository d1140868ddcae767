// SPDX-License-Identifier: GPL-2.0
/*
 * tsc - prints how many thousand times a second the processor's time-stamp counter counts
 *
 * QEMU's emulated processors have the counter of this one. A kernel that boots on a busy
 * host measures its rate against timers that come late, and may be wrong by a factor of ten:
 * then its clock runs as much faster, for good.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>

#ifdef __x86_64__
#include <x86intrin.h>

struct moment {
	double ns;
	unsigned long long ticks;
};

/* Of several attempts the one in which least was between the two readings of the counter. */
static struct moment now(void)
{
	struct moment best = { 0 };
	unsigned long long least = -1ULL;

	for (int i = 0; i < 100; i++) {
		unsigned long long before = __rdtsc(), after;
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		after = __rdtsc();
		if (after - before >= least)
			continue;
		least = after - before;
		best.ns = ts.tv_sec * 1e9 + ts.tv_nsec;
		best.ticks = before + least / 2;
	}
	return best;
}

int main(void)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	struct moment first = now(), last;

	nanosleep(&tenth, NULL);
	last = now();
	printf("%.0f\n", (last.ticks - first.ticks) / (last.ns - first.ns) * 1e6);
	return 0;
}
#else
int main(void)
{
	return 1;
}
#endif
