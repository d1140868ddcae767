// SPDX-License-Identifier: GPL-2.0
/* Checks the compiler itself: the part above #ifdef must compile, the part below must not. */
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
