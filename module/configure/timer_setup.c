// SPDX-License-Identifier: GPL-2.0
/* A timer's function gets the timer as its argument: from 4.15 on. */
#include <linux/timer.h>

#ifdef PROBE
void function(struct timer_list *timer);
void probe(struct timer_list *timer)
{
	timer_setup(timer, function, TIMER_DEFERRABLE | TIMER_PINNED);
}
#endif
