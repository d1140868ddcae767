// SPDX-License-Identifier: GPL-2.0
/* The tracepoint sched_switch passes the state of the outgoing task: from 5.18 on. */
#include <linux/module.h>
#include <trace/events/sched.h>

#ifdef PROBE
void probe(void *data, bool preempt, struct task_struct *prev, struct task_struct *next,
	   unsigned int prev_state);
void attach(void)
{
	check_trace_callback_type_sched_switch(probe);
}
#endif
