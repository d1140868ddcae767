// SPDX-License-Identifier: GPL-2.0
/*
 * Fork, exec and exit: what a process inherits, and when a tally ends.
 *
 * A child inherits the evidence of its parent, and the parent that of its
 * short-lived children, for the next child. So a miner that forks for every hash
 * cannot hide.
 */
#include "task.h"

/*
 * Repeat tally_get() until it succeeds, because a tally must not outlive its task.
 * The owner of a tally has interrupts off and keeps it for less than a microsecond.
 */
static struct tally *get_for_sure(unsigned long key, u64 start_ns)
{
	int tries = 1000;
	struct tally *t;

	while (IS_ERR(t = tally_get(key, start_ns)) && tries--)
		cpu_relax();
	return IS_ERR(t) ? NULL : t;
}

static struct tally *get_thread(const struct task_struct *task)
{
	return get_for_sure(tally_thread_key(task), task->start_boottime);
}

static struct tally *get_process(const struct task_struct *task)
{
	return get_for_sure(tally_process_key(task->signal),
			    task->group_leader->start_boottime);
}

/* The init of a pid namespace and a subreaper have children that they did not fork. */
static bool is_adoptive(const struct task_struct *task)
{
	return (task->signal->flags & SIGNAL_UNKILLABLE) ||
	       task->signal->is_child_subreaper;
}

static void leave_to(const struct task_struct *heir, const struct verdict_score *from,
		     bool same_program)
{
	struct tally *p;

	if (is_adoptive(heir))
		return;
	p = get_or_claim_process(heir);
	if (!p)
		return;
	verdict_decay(&rule, &p->score, now_ms());
	verdict_inherit(&p->score, from, same_program);
	tally_put(p);
}

/**
 * lineage_fork() - probe on sched_process_fork: a new process inherits
 * @data: unused
 * @parent: the running task
 * @child: not running yet
 */
void lineage_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct verdict_score score;
	unsigned long flags;
	struct tally *p;

	if (child->signal == parent->signal)
		return;
	local_irq_save(flags);
	p = get_process(parent);
	if (p) {
		verdict_decay(&rule, &p->score, now_ms());
		score = p->score;
		tally_put(p);
		if (!is_adoptive(parent))
			leave_to(child, &score, true);
	}
	local_irq_restore(flags);
}

static void end_tally(struct tally *t)
{
	if (t->verdict >= ROUNDWATCH_SUSPECT)
		notice_change(t);
	tally_end(t);
}

/**
 * lineage_exec() - probe on sched_process_exec: another program starts
 * @data: unused
 * @task: the running task
 * @old_pid: unused
 * @bprm: unused
 *
 * exec resets MXCSR, so the thread's tally ends. The process's score goes on.
 */
void lineage_exec(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	unsigned long flags;
	struct tally *t;

	local_irq_save(flags);
	t = get_thread(task);
	if (t)
		end_tally(t);
	t = get_process(task);
	if (t) {
		verdict_exec(&t->score);
		tally_put(t);
	}
	local_irq_restore(flags);
}

static void end_process(struct task_struct *task)
{
	struct tally *p = get_process(task);
	struct verdict_score score;
	u8 highest;

	if (!p)
		return;
	verdict_decay(&rule, &p->score, now_ms());
	score = p->score;
	highest = p->highest;
	end_tally(p);
	/* The child was reported. Do not also accuse its parent. */
	if (highest == ROUNDWATCH_RANDOMX)
		return;
	rcu_read_lock();
	leave_to(rcu_dereference(task->real_parent), &score,
		 task->group_leader->flags & PF_FORKNOEXEC);
	rcu_read_unlock();
}

/* Probe on sched_process_exit; its parameters differ between kernels, see compat.h. */
void lineage_exit(PROBE_EXIT_PARAMETERS)
{
	unsigned long flags;
	struct tally *t;

	local_irq_save(flags);
	t = get_thread(task);
	if (t) {
		memcpy(t->comm, task->comm, sizeof(t->comm));
		end_tally(t);
	}
	if (!atomic_read(&task->signal->live))
		end_process(task);
	local_irq_restore(flags);
}
