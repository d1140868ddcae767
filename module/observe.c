// SPDX-License-Identifier: GPL-2.0
/*
 * From an observation to a sample: the hot path, and what is done now and then.
 *
 * The tracepoint fires while tasks are switched and the outgoing one is still
 * current: interrupts are off and the run queue is locked. So nothing in this file may
 * wait, wake, allocate or print.
 */
#include "task.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * A process takes over what its threads find. It samples the first sample of
 * each thread as if they all were of one thread, so that threads that end before
 * their second sample still add up.
 */
static void add(struct verdict_score *score, const struct verdict_sample *sample,
		struct verdict_change *change)
{
	if (change->first)
		*change = verdict_sample(&rule, score, sample);
	else
		verdict_take(&rule, score, change, sample->now_ms);
}

static void share(struct tally *p, struct verdict_score *score, const struct task_struct *task,
		  const struct verdict_change *change, u64 when_ms)
{
	if (verdict_contributes(score) && judge_memory(p, task->mm))
		user_share(score, score == &p->looks, p->uid, change, when_ms);
}

/* @look: what it was among the looks, not counted if it was none */
static void sample_process(const struct task_struct *task,
			   const struct verdict_sample *sample,
			   struct verdict_change *change, struct verdict_change *look,
			   bool guest)
{
	struct tally *p = get_or_claim_process(task);

	if (!p)
		return;
	if (guest)
		p->flags |= ROUNDWATCH_GUEST;
	judge_settle(p);
	add(&p->score, sample, change);
	if (look->counted)
		add(&p->looks, sample, look);
	p->samples++;
	p->uid = __kuid_val(task_uid(task));
	share(p, &p->score, task, change, sample->now_ms);
	if (look->counted)
		share(p, &p->looks, task, look, sample->now_ms);
	tally_count(p, sample->mode);
	memcpy(p->comm, task->group_leader->comm, sizeof(p->comm));
	judge(p, current->mm);
	tally_put(p);
}

/*
 * The mode at a switch that the thread asked for is no evidence, as a miner can set
 * it before. A thread that entered the kernel by an interrupt or exception did not.
 * A thread that is blocked asked for it in any case; it can have a page fault that
 * sleeps whenever it wants. A vCPU thread is always in a system call.
 */
static __always_inline bool voluntary(const struct task_struct *task, bool guest)
{
	return !task_is_running(task) || (!guest && fpu_in_system_call(task));
}

static noinline void take_sample(struct tally *t, const struct task_struct *task,
				 u32 control, u16 second, bool guest, bool is_look)
{
	struct verdict_sample sample = {
		.now_ms = now_ms(),
		.cpu_ms = (task->se.sum_exec_runtime - t->cpu_ns) >> 20,
		.thread = task->pid,
		.mode = fpu_rounding(control),
		.x87 = fpu_second_rounding(second),
		.voluntary = voluntary(task, guest),
	};
	struct verdict_change change, look = { .counted = false };
	u32 cpu = task->se.sum_exec_runtime >> 10;

	if (!t->samples)
		verdict_init(&t->score, sample.now_ms);
	else
		judge_settle(t);
	change = verdict_sample(&rule, &t->score, &sample);
	if (!change.counted)
		return;
	if (is_look) {
		sample.cpu_ms = (cpu - t->look) >> 10;
		t->look = cpu;
		look = verdict_follow(&t->trail, &sample);
	}
	t->samples++;
	t->cpu_ns = task->se.sum_exec_runtime;
	t->next_ns = t->cpu_ns + rule.gap_ns;
	t->control = control;
	t->second = second;
	t->uid = __kuid_val(task_uid(task));
	memcpy(t->comm, task->comm, sizeof(t->comm));
	if (guest)
		t->flags |= ROUNDWATCH_GUEST;
	judge(t, current->mm);
	sample_process(task, &sample, &change, &look, guest);
}

static noinline void sample_and_put(struct tally *t, const struct task_struct *task,
				    const struct fpu *fpu, u32 control)
{
	take_sample(t, task, control, fpu_second(fpu), fpu_is_guest(fpu), false);
	tally_put(t);
}

static __always_inline void observe_tally(struct tally *t, const struct task_struct *task,
					  const struct fpu *fpu, u32 control)
{
	tally_count(t, fpu_rounding(control));
	/* Most switches are voluntary and do not count: they need no call. */
	if (likely(task->se.sum_exec_runtime < t->next_ns || voluntary(task, fpu_is_guest(fpu))))
		tally_put(t);
	else
		sample_and_put(t, task, fpu, control);
}

/* The tally of the running thread; a new one if it has none and is not in RN. */
static struct tally *thread_tally(const struct task_struct *task, const struct fpu *fpu, u8 mode)
{
	struct tally *t = tally_get(tally_thread_key(task), task->start_boottime);
	struct tally_identity id;

	if (!t && mode != ROUNDWATCH_RN && !(task->flags & PF_EXITING) &&
	    !fpu_is_confidential(fpu)) {
		id = thread_identity(task, tally_bucket(fpu));
		t = tally_claim(&id);
	}
	return IS_ERR(t) ? NULL : t;
}

/* The task has no tally, or not in the first slot of its set. */
static noinline void observe_elsewhere(const struct task_struct *task,
				       const struct fpu *fpu, u32 control)
{
	struct tally *t = thread_tally(task, fpu, fpu_rounding(control));

	if (t)
		observe_tally(t, task, fpu, control);
}

/*
 * A task that is not in RN, or that may have a tally. Nearly always it has one,
 * in the first slot of its set, and counting is all there is to do. The rest is
 * in functions that are called last, so that this one has no registers to save.
 */
static noinline notrace __unsigned_return void observe(const struct fpu *fpu)
{
	const struct task_struct *task;
	unsigned long key;
	struct tally *t;
	u32 control, slot;

	if (unlikely(!fpu_is_switch()))
		return;
	control = fpu_control(fpu);
	task = fpu_outgoing(fpu);
	key = tally_thread_key(task);
	slot = tally_first_slot(key);
	t = &tally_table.tally[slot];
	if (unlikely(!tally_is(slot, key) || !tally_own(t))) {
		observe_elsewhere(task, fpu, control);
		return;
	}
	/* It was replaced before it was owned. */
	if (unlikely(!tally_is(slot, key))) {
		tally_put(t);
		observe_elsewhere(task, fpu, control);
		return;
	}
	observe_tally(t, task, fpu, control);
}

static __always_inline void observe_unless_plain(const struct fpu *fpu)
{
	if (likely(fpu_seems_plain(fpu) && !tally_likely(tally_bucket(fpu))))
		return;
	observe(fpu);
}

static noinline void trace_switch(const struct fpu *fpu)
{
	if (fpu_is_switch() && !(current->flags & PF_KTHREAD))
		trace_observation(current, fpu_control(fpu), fpu_second(fpu), fpu_is_guest(fpu),
				  false);
	observe_unless_plain(fpu);
}

/*
 * The probe on SWITCH_TRACEPOINT; its parameters differ, see arch/.
 *
 * The hot path, for nearly every task at nearly every switch, is that of one that
 * is in RN and has no tally: on x86, nine instructions and a static branch.
 */
notrace __unsigned_return void observe_switch(PROBE_SWITCH_PARAMETERS)
{
	/* Tasks are being switched, so the CPU is this one, and this_cpu_inc() costs more. */
	raw_cpu_inc(tally_counters.observations);
	if (trace_observation_enabled())
		trace_switch(PROBE_SWITCH_FPU);
	else
		observe_unless_plain(PROBE_SWITCH_FPU);
}

/**
 * observe_look() - observe the running task, whose registers are not saved
 * @switched: tasks were switched on this CPU since the last look
 *
 * The registers are in the processor unless they were saved meanwhile, for
 * another task or for the kernel's own use.
 *
 * The gap between looks that count is measured by itself: a task could arrange for
 * samples at switches, in a mode of its choice, so often that no look counts. If not
 * @switched, the task has been on this CPU since the last look, while its
 * sum_exec_runtime may be old on a CPU without a tick: such a look always counts. How
 * often looks come on the average is set by the floor.
 *
 * Context: an interrupt, or a softirq on the way out of one, with interrupts off.
 */
void observe_look(bool switched)
{
	const struct task_struct *task = current;
	const struct fpu *fpu = fpu_of(task);
	u32 control, cpu;
	struct tally *t;

	if ((task->flags & PF_KTHREAD) || !fpu_can_look())
		return;
	this_cpu_inc(tally_counters.observations);
	this_cpu_inc(tally_counters.looks);
	control = fpu_live_control();
	trace_observation(task, control, fpu_live_second(), fpu_is_guest(fpu), true);
	if (!(control & FPU_RC) && !tally_likely(tally_bucket(fpu)))
		return;
	t = thread_tally(task, fpu, fpu_rounding(control));
	if (!t)
		return;
	tally_count(t, fpu_rounding(control));
	cpu = task->se.sum_exec_runtime >> 10;
	if (!switched || cpu - t->look >= rule.gap_ns >> 10)
		take_sample(t, task, control, fpu_live_second(), fpu_is_guest(fpu), true);
	tally_put(t);
}
