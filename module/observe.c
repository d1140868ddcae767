// SPDX-License-Identifier: GPL-2.0
/*
 * From an observation to a sample: the hot path, and what is done now and then.
 *
 * x86_fpu_regs_deactivated fires in __switch_to(), after the registers of the
 * outgoing task, still current, were saved: interrupts are off and the run
 * queue is locked. So nothing in this file may wait, wake, allocate or print.
 */
#include "arch/x86.h"
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
 * it before. A thread that entered the kernel by an interrupt or exception has no
 * system call number: orig_ax is negative, in the 32 bits that the kernel itself
 * looks at. A thread that is blocked asked for it in any case; it can have a page
 * fault that sleeps whenever it wants. A vCPU thread is always in a system call.
 */
static __always_inline bool voluntary(const struct task_struct *task, bool guest)
{
	return !task_is_running(task) || (!guest && (s32)task_pt_regs(task)->orig_ax >= 0);
}

static noinline void take_sample(struct tally *t, const struct task_struct *task,
				 u32 mxcsr, u16 fcw, bool guest, bool is_look)
{
	struct verdict_sample sample = {
		.now_ms = now_ms(),
		.cpu_ms = (task->se.sum_exec_runtime - t->cpu_ns) >> 20,
		.thread = task->pid,
		.mode = fpu_rounding(mxcsr),
		.x87 = fpu_x87_rounding(fcw),
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
	t->mxcsr = mxcsr;
	t->fcw = fcw;
	t->uid = __kuid_val(task_uid(task));
	memcpy(t->comm, task->comm, sizeof(t->comm));
	if (guest)
		t->flags |= ROUNDWATCH_GUEST;
	judge(t, current->mm);
	sample_process(task, &sample, &change, &look, guest);
}

static noinline void sample_and_put(struct tally *t, const struct task_struct *task,
				    const struct fpu *fpu, u32 mxcsr)
{
	take_sample(t, task, mxcsr, fpu_fcw(fpu_image(fpu), fpu_has_header()),
		    fpu_is_guest(fpu), false);
	tally_put(t);
}

static __always_inline void observe_tally(struct tally *t, const struct task_struct *task,
					  const struct fpu *fpu, u32 mxcsr)
{
	tally_count(t, fpu_rounding(mxcsr));
	/* Most switches are voluntary and do not count: they need no call. */
	if (likely(task->se.sum_exec_runtime < t->next_ns || voluntary(task, fpu_is_guest(fpu))))
		tally_put(t);
	else
		sample_and_put(t, task, fpu, mxcsr);
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
				       const struct fpu *fpu, u32 mxcsr)
{
	struct tally *t = thread_tally(task, fpu, fpu_rounding(mxcsr));

	if (t)
		observe_tally(t, task, fpu, mxcsr);
}

/*
 * A task that is not in RN, or that may have a tally. Nearly always it has one,
 * in the first slot of its set, and counting is all there is to do. The rest is
 * in functions that are called last, so that this one has no registers to save.
 */
static noinline void observe(const struct fpu *fpu)
{
	const struct task_struct *task;
	unsigned long key;
	struct tally *t;
	u32 mxcsr, slot;

	/* Not a context switch but fpu__drop(): memory is not what the registers are. */
	if (unlikely(!irqs_disabled()))
		return;
	mxcsr = fpu_mxcsr(fpu_image(fpu), fpu_has_header());
	task = current;
	key = tally_thread_key(task);
	slot = tally_first_slot(key);
	t = &tally_table.tally[slot];
	if (unlikely(!tally_is(slot, key) || !tally_own(t))) {
		observe_elsewhere(task, fpu, mxcsr);
		return;
	}
	/* It was replaced before it was owned. */
	if (unlikely(!tally_is(slot, key))) {
		tally_put(t);
		observe_elsewhere(task, fpu, mxcsr);
		return;
	}
	observe_tally(t, task, fpu, mxcsr);
}

static __always_inline void observe_unless_plain(const struct fpu *fpu)
{
	if (likely(!(fpu_image(fpu)->i387.mxcsr & FPU_RC) &&
		   !tally_likely(tally_bucket(fpu))))
		return;
	observe(fpu);
}

static noinline void trace_switch(const struct fpu *fpu)
{
	if (irqs_disabled())
		trace_observation(current, fpu_mxcsr(fpu_image(fpu), fpu_has_header()),
				  fpu_fcw(fpu_image(fpu), fpu_has_header()),
				  fpu_is_guest(fpu), false);
	observe_unless_plain(fpu);
}

/**
 * observe_switch() - the probe on x86_fpu_regs_deactivated
 * @data: unused
 * @fpu: of the running task
 *
 * The hot path, for nearly every task at nearly every switch, is that of one that
 * is in RN and has no tally: nine instructions and a static branch. It takes
 * MXCSR as it stands in memory. If that is stale the register held RN, and stale
 * memory that says RN is still right; observe() looks closer, and also sees
 * whether this is a switch at all.
 */
void observe_switch(void *data, struct fpu *fpu)
{
	this_cpu_inc(tally_counters.observations);
	if (trace_observation_enabled())
		trace_switch(fpu);
	else
		observe_unless_plain(fpu);
}

/**
 * observe_look() - observe the running task, whose registers are not saved
 * @switched: tasks were switched on this CPU since the last look
 *
 * The registers are in the processor unless they were saved meanwhile, for
 * another task or for the kernel's own use. This also holds for the registers of
 * a guest, as a VM exit leaves them in place.
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
	u32 mxcsr, cpu;
	struct tally *t;

	if ((task->flags & PF_KTHREAD) || !fpu_is_live())
		return;
	this_cpu_inc(tally_counters.observations);
	this_cpu_inc(tally_counters.looks);
	mxcsr = fpu_live_mxcsr();
	trace_observation(task, mxcsr, fpu_live_fcw(), fpu_is_guest(fpu), true);
	if (!(mxcsr & FPU_RC) && !tally_likely(tally_bucket(fpu)))
		return;
	t = thread_tally(task, fpu, fpu_rounding(mxcsr));
	if (!t)
		return;
	tally_count(t, fpu_rounding(mxcsr));
	cpu = task->se.sum_exec_runtime >> 10;
	if (!switched || cpu - t->look >= rule.gap_ns >> 10)
		take_sample(t, task, mxcsr, fpu_live_fcw(), fpu_is_guest(fpu), true);
	tally_put(t);
}
