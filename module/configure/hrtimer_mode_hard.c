// SPDX-License-Identifier: GPL-2.0
/* Timers that expire in hard interrupts also on PREEMPT_RT: from 5.4 on. */
#include <linux/hrtimer.h>

#ifdef PROBE
enum hrtimer_mode probe(void)
{
	return HRTIMER_MODE_REL_PINNED_HARD;
}
#endif
