// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting until no task is in the module's code.
 *
 * A call counts itself as busy by the code it is made of, so a task that is about
 * to call, or to return, is in that code uncounted. To find it, all CPUs are
 * stopped. A task that was stopped there did not go to sleep there, so it is on
 * a run queue; an interrupt or a preemption put all its registers on its
 * stack, and one of them, the instruction pointer, the function to be called or
 * the file's operations, points into the module. Whatever else looks like that
 * only makes the caller wait a moment longer.
 *
 * synchronize_rcu_tasks() would do, but not every kernel has it, and on those
 * that do it takes seconds if they are preemptible and busy.
 */
#include "roundwatch.h"

struct drain {
	const struct task_struct *caller;	/* of drain(), which is in the module, of course */
	const atomic_t *busy;
};

static bool points_here(struct task_struct *task)
{
	const unsigned long *word = (const unsigned long *)task->thread.sp;
	const unsigned long *end = (const unsigned long *)task_pt_regs(task);

	for (; word < end; word++)
		if (within_module(READ_ONCE_NOCHECK(*word), THIS_MODULE))
			return true;
	return false;
}

/* All CPUs are here, their tasks are not running. */
static int anybody_left(void *data)
{
	const struct drain *drain = data;
	struct task_struct *process, *task;
	int left = atomic_read(drain->busy);

	rcu_read_lock();
	for_each_process_thread(process, task) {
		if (READ_ONCE(task->on_rq) && !task_is_on_cpu(task) && task != drain->caller)
			left += points_here(task);
	}
	rcu_read_unlock();
	return left;
}

/**
 * drain() - wait until no call is under way
 * @busy: counts calls as they go on; they may sleep
 *
 * No new calls can be made, as far as anybody still looks for what to call.
 *
 * Context: process; sleeps.
 */
void drain(const atomic_t *busy)
{
	struct drain drain = { .caller = current, .busy = busy };

	while (stop_machine(anybody_left, &drain, NULL))
		schedule_timeout_uninterruptible(1);
}
