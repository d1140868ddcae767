// SPDX-License-Identifier: GPL-2.0
/* Once hrtimer_init() and an assignment: from 6.13 on. */
#include <linux/hrtimer.h>

#ifdef PROBE
void probe(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *timer))
{
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
}
#endif
