// SPDX-License-Identifier: GPL-2.0
/* struct fpu is a part of task_struct: before 6.16. */
#include <linux/sched.h>
#include <asm/fpu/types.h>

#ifdef PROBE
struct fpu *probe(struct task_struct *task)
{
	return &task->thread.fpu;
}
#endif
