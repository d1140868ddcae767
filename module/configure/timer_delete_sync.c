// SPDX-License-Identifier: GPL-2.0
/* timer_delete_sync() replaced del_timer_sync(): from 6.2 on. */
#include <linux/timer.h>

#ifdef PROBE
void probe(struct timer_list *timer)
{
	timer_delete_sync(timer);
}
#endif
