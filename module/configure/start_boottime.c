// SPDX-License-Identifier: GPL-2.0
/* task_struct has start_boottime instead of real_start_time: after 5.4. */
#include <linux/sched.h>

#ifdef PROBE
u64 probe(struct task_struct *task)
{
	return task->start_boottime;
}
#endif
