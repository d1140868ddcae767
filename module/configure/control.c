// SPDX-License-Identifier: GPL-2.0
/* The other way round: what is above must compile, and what is below must not. */
#include <linux/module.h>
#include <linux/sched.h>

int known(struct task_struct *task)
{
	return task->pid;
}

#ifdef PROBE
int unknown(struct task_struct *task)
{
	return roundwatch_control(task);
}
#endif
