// SPDX-License-Identifier: GPL-2.0
/* The length of the vectors of SVE is one of several in thread_struct: from 5.16 on. */
#include <linux/sched.h>

#ifdef PROBE
unsigned int probe(const struct task_struct *task)
{
	return task->thread.vl[ARM64_VEC_SVE];
}
#endif
