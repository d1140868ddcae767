// SPDX-License-Identifier: GPL-2.0
/* The tracepoint sched_process_exit passes whether the whole process ends: after 6.12. */
#include <linux/module.h>
#include <trace/events/sched.h>

#ifdef PROBE
void probe(void *data, struct task_struct *task, bool group_dead);
void attach(void)
{
	check_trace_callback_type_sched_process_exit(probe);
}
#endif
