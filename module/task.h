/* SPDX-License-Identifier: GPL-2.0 */
/* From a task to its tally and to that of its process. */
#ifndef ROUNDWATCH_TASK_H
#define ROUNDWATCH_TASK_H

#include "roundwatch.h"

static inline struct tally_identity thread_identity(const struct task_struct *task, u16 bucket)
{
	return (struct tally_identity){
		.key = tally_thread_key(task),
		.start_ns = task->start_boottime,
		.process_start_ns = task->group_leader->start_boottime,
		.pid = task->pid,
		.tgid = task->tgid,
		.uid = __kuid_val(task_uid(task)),
		.bucket = bucket,
		.comm = task->comm,
	};
}

static inline struct tally_identity process_identity(const struct task_struct *task)
{
	struct tally_identity id = thread_identity(task, TALLY_NO_BUCKET);

	id.key = tally_process_key(task->signal);
	id.start_ns = id.process_start_ns;
	id.pid = id.tgid;
	id.comm = task->group_leader->comm;
	return id;
}

/**
 * get_or_claim_process() - the tally of a task's process
 * @task: the task itself, or its child in fork, or its parent in exit
 *
 * Context: interrupts off.
 * Return: the tally, owned, of a new process with no evidence; NULL if the table
 * has no room or the tally has another owner.
 */
static inline struct tally *get_or_claim_process(const struct task_struct *task)
{
	struct tally_identity id = process_identity(task);
	struct tally *p = tally_get(id.key, id.start_ns);

	if (!p)
		p = tally_claim(&id);
	if (IS_ERR_OR_NULL(p))
		return NULL;
	if (!(p->flags & ROUNDWATCH_PROCESS)) {
		p->flags = ROUNDWATCH_PROCESS;
		verdict_init(&p->score, now_ms());
		verdict_init(&p->looks, now_ms());
	}
	return p;
}

#endif /* ROUNDWATCH_TASK_H */
