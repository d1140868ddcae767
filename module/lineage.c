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

/*
 * Who forked a process. The kernel knows its present parent only, which another
 * process can become, by clone(CLONE_PARENT), as a subreaper, or as the init of a
 * pid namespace. So each fork is noted, with the nearest ancestors, as a forker may
 * be gone before its child. A slot has the last fork that hashes to it; a process
 * that has lost its slot leaves nothing behind.
 */
#define BIRTHS_BITS	11
#define ANCESTORS	4

struct ancestor {
	u64 start_ns;
	pid_t tgid;
};

struct birth {
	unsigned long busy;
	unsigned long key;
	u64 start_ns;
	struct ancestor ancestor[ANCESTORS];
};

static struct birth births[1 << BIRTHS_BITS];

/* The slot of a process, owned; NULL if another owns it just now. */
static struct birth *own_birth(unsigned long key)
{
	struct birth *b = &births[tally_hash(key) >> (32 - BIRTHS_BITS)];

	return test_and_set_bit_lock(0, &b->busy) ? NULL : b;
}

static void put_birth(struct birth *b)
{
	clear_bit_unlock(0, &b->busy);
}

/* Return: false if nothing is known of the process. */
static bool get_ancestors(struct ancestor *ancestor, const struct task_struct *task)
{
	unsigned long key = tally_process_key(task->signal);
	struct birth *b = own_birth(key);
	bool known;

	if (!b)
		return false;
	known = b->key == key && b->start_ns == task->group_leader->start_boottime;
	if (known)
		memcpy(ancestor, b->ancestor, sizeof(b->ancestor));
	put_birth(b);
	return known;
}

static void note_birth(const struct task_struct *parent, const struct task_struct *child)
{
	struct ancestor ancestor[ANCESTORS + 1] = {
		{ parent->group_leader->start_boottime, parent->tgid },
	};
	unsigned long key = tally_process_key(child->signal);
	struct birth *b;

	get_ancestors(ancestor + 1, parent);
	b = own_birth(key);
	if (!b)
		return;
	b->key = key;
	b->start_ns = child->start_boottime;
	memcpy(b->ancestor, ancestor, sizeof(b->ancestor));
	put_birth(b);
}

/* The nearest ancestor that lives, under RCU; NULL if there is none. */
static struct task_struct *living_ancestor(const struct task_struct *task)
{
	struct ancestor ancestor[ANCESTORS];
	struct task_struct *one;
	int i;

	if (!get_ancestors(ancestor, task))
		return NULL;
	for (i = 0; i < ANCESTORS && ancestor[i].tgid; i++) {
		one = pid_task(find_pid_ns(ancestor[i].tgid, &init_pid_ns), PIDTYPE_PID);
		if (one && one->start_boottime == ancestor[i].start_ns &&
		    atomic_read(&one->signal->live))
			return one;
	}
	return NULL;
}

/* What a process leaves to another. */
struct legacy {
	struct verdict_score score;
	struct verdict_score looks;
};

static struct legacy legacy_of(struct tally *p)
{
	tally_decay(p, now_ms());
	return (struct legacy){ p->score, p->looks };
}

static void leave_to(const struct task_struct *heir, const struct legacy *from,
		     bool same_program)
{
	struct tally *p = get_or_claim_process(heir);

	if (!p)
		return;
	tally_decay(p, now_ms());
	verdict_inherit(&p->score, &from->score, same_program);
	verdict_inherit(&p->looks, &from->looks, same_program);
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
	struct legacy legacy;
	unsigned long flags;
	struct tally *p;

	if (child->signal == parent->signal)
		return;
	local_irq_save(flags);
	note_birth(parent, child);
	p = get_process(parent);
	if (p) {
		legacy = legacy_of(p);
		tally_put(p);
		leave_to(child, &legacy, true);
	}
	local_irq_restore(flags);
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
		judge_end(t);
	t = get_process(task);
	if (t) {
		verdict_exec(&t->score);
		verdict_exec(&t->looks);
		tally_put(t);
	}
	local_irq_restore(flags);
}

static void end_process(struct task_struct *task)
{
	struct tally *p = get_process(task);
	const struct task_struct *heir;
	struct legacy legacy;
	u8 highest;

	if (!p)
		return;
	legacy = legacy_of(p);
	highest = p->highest;
	judge_end(p);
	/* It was reported itself; its forker must not be accused of the same. */
	if (highest == ROUNDWATCH_RANDOMX)
		return;
	rcu_read_lock();
	heir = living_ancestor(task);
	if (heir)
		leave_to(heir, &legacy, task->group_leader->flags & PF_FORKNOEXEC);
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
		judge_end(t);
	}
	if (!atomic_read(&task->signal->live))
		end_process(task);
	local_irq_restore(flags);
}
