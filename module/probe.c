// SPDX-License-Identifier: GPL-2.0
/*
 * The probes: from the kernel's tracepoints to tallies.
 *
 * x86_fpu_regs_deactivated fires in __switch_to(), after the registers of the
 * outgoing task, still current, were saved: interrupts are off and the run
 * queue is locked. Below it nothing may wait, wake, allocate or print.
 */
#include "fpu.h"
#include "roundwatch.h"
#include <asm/trace/fpu.h>
#include <trace/events/sched.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

/* The self-test has not passed. */
bool probe_blind;

static u32 now_ms(void)
{
	return jiffies_to_msecs(jiffies);
}

static struct tally_identity thread_identity(const struct task_struct *task, u32 bucket)
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

static struct tally_identity process_identity(const struct task_struct *task)
{
	struct tally_identity id = thread_identity(task, TALLY_NO_BUCKET);

	id.key = tally_process_key(task->signal);
	id.start_ns = id.process_start_ns;
	id.pid = id.tgid;
	id.comm = task->group_leader->comm;
	return id;
}

static struct tally *get_or_claim(const struct tally_identity *id)
{
	struct tally *t = tally_get(id->key, id->start_ns);

	if (!t)
		t = tally_claim(id);
	return IS_ERR(t) ? NULL : t;
}

/*
 * tally_get() for who cannot come again: a tally must not outlive its task. An
 * owner has interrupts off and is done in no time.
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

/* The score has moved; so may the verdict. */
static void judge(struct tally *t)
{
	u32 evidence = verdict_evidence(&rule, &t->score);
	u8 before = t->verdict;

	t->verdict = verdict_decide(&rule, evidence, before);
	if (t->verdict == before)
		return;
	t->highest = max(t->highest, t->verdict);
	t->since_ns = ktime_get_boot_fast_ns();
	trace_verdict(t, evidence, before);
	if (max(t->verdict, before) >= ROUNDWATCH_SUSPECT)
		notice_change(t);
}

/*
 * A process takes over what its threads find. The first samples of its threads
 * are to it samples of one thread of its own, so that threads that live too
 * short for a second sample still add up.
 */
static void sample_process(const struct task_struct *task,
			   const struct verdict_sample *sample,
			   const struct verdict_change *change,
			   bool first, u8 flags)
{
	struct tally_identity id = process_identity(task);
	struct verdict_change own;
	struct tally *p;

	p = get_or_claim(&id);
	if (!p)
		return;
	if (!(p->flags & ROUNDWATCH_PROCESS)) {
		p->flags = ROUNDWATCH_PROCESS;
		verdict_init(&p->score, sample->now_ms);
	}
	p->flags |= flags;
	if (first) {
		own = verdict_sample(&rule, &p->score, sample);
		change = &own;
	} else {
		verdict_take(&rule, &p->score, change, sample->now_ms);
	}
	p->samples++;
	tally_count(p, sample->mode);
	memcpy(p->comm, id.comm, sizeof(p->comm));
	judge(p);
	tally_put(p);
}

/*
 * RN at a switch that the thread asked for is no evidence, as a miner can put
 * it there before the system call. A thread that entered the kernel by an
 * interrupt or exception has no system call number (orig_ax is -1); blocked or
 * preempted then makes no difference. A vCPU is always in a system call, and
 * what it asks for is to be seen from its being blocked.
 */
static bool voluntary(const struct task_struct *task, bool guest)
{
	if (guest)
		return !task_is_running(task);
	return (long)task_pt_regs(task)->orig_ax >= 0;
}

static noinline void take_sample(struct tally *t, const struct task_struct *task,
				 u32 mxcsr, u16 fcw, bool guest)
{
	struct verdict_sample sample = {
		.now_ms = now_ms(),
		.mode = fpu_rounding(mxcsr),
		.x87 = fpu_x87_rounding(fcw),
		.voluntary = voluntary(task, guest),
	};
	struct verdict_change change;
	bool first = !t->samples;

	if (first)
		verdict_init(&t->score, sample.now_ms);
	change = verdict_sample(&rule, &t->score, &sample);
	if (!change.counted)
		return;
	t->samples++;
	t->cpu_ns = task->se.sum_exec_runtime;
	t->next_ns = t->cpu_ns + rule.gap_ns;
	t->mxcsr = mxcsr;
	t->fcw = fcw;
	memcpy(t->comm, task->comm, sizeof(t->comm));
	if (guest)
		t->flags |= ROUNDWATCH_GUEST;
	if (change.changed && !change.believed)
		t->flags |= ROUNDWATCH_X87;
	judge(t);
	if (change.believed)
		sample_process(task, &sample, &change, first,
			       t->flags & (ROUNDWATCH_GUEST | ROUNDWATCH_X87));
}

static noinline void sample_and_put(struct tally *t, const struct task_struct *task,
				    const struct fpu *fpu, u32 mxcsr)
{
	take_sample(t, task, mxcsr, fpu_fcw(fpu_image(fpu), fpu_has_header()),
		    fpu_is_guest(fpu));
	tally_put(t);
}

static __always_inline void observe_tally(struct tally *t, const struct task_struct *task,
					  const struct fpu *fpu, u32 mxcsr)
{
	tally_count(t, fpu_rounding(mxcsr));
	if (unlikely(task->se.sum_exec_runtime >= t->next_ns))
		sample_and_put(t, task, fpu, mxcsr);
	else
		tally_put(t);
}

/* The tally of the running thread; a new one, if it has none and is not in RN. */
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
 * in the first slot of its set, and no more is due than to count; all else is
 * left to functions called last, so that this one has no registers to save.
 */
static noinline void observe(const struct fpu *fpu)
{
	const struct task_struct *task;
	unsigned long key;
	struct tally *t;
	u32 mxcsr, slot;

	/* Not a context switch but fpu__drop(): memory is not the registers. */
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
	if (unlikely(!tally_is(slot, key))) {
		tally_put(t);
		return;
	}
	observe_tally(t, task, fpu, mxcsr);
}

static __always_inline void observe_switch(const struct fpu *fpu)
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
	observe_switch(fpu);
}

/*
 * The hot path, for nearly every task at nearly every switch: one that is in
 * RN and has no tally. Nine instructions and a
 * static branch. MXCSR is read as it stands in
 * memory: if it is stale, the register held RN, and then memory that says RN
 * is right as well; observe() looks closer, also at whether this is a switch.
 */
static void probe_fpu(void *data, struct fpu *fpu)
{
	this_cpu_inc(tally_counters.observations);
	if (trace_observation_enabled())
		trace_switch(fpu);
	else
		observe_switch(fpu);
}

/**
 * probe_look() - observe the running task, whose registers are not saved
 * @switched: tasks were switched on this CPU since it was last looked at
 *
 * They are live unless they were saved meanwhile, be it for another task or for
 * the kernel's own use. This also goes for the registers of a guest, which a VM
 * exit leaves in place.
 *
 * If not @switched, the task has been on this CPU for the floor's period, or
 * nearly. That is more than the gap between samples, and its sum_exec_runtime
 * may be old on a CPU without a tick: such a look always counts.
 *
 * Context: an interrupt, or a softirq on the way out of one, with interrupts off.
 */
void probe_look(bool switched)
{
	const struct task_struct *task = current;
	const struct fpu *fpu = fpu_of(task);
	struct tally *t;
	u32 mxcsr;

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
	if (!switched || task->se.sum_exec_runtime >= t->next_ns)
		take_sample(t, task, mxcsr, fpu_live_fcw(), fpu_is_guest(fpu));
	tally_put(t);
}

/*
 * What a process found goes on to what it forks, and what its short-lived
 * children found comes back to it, for the next child: a miner that forks for
 * every hash hides nothing. The init of a pid namespace and a subreaper are
 * parents of what is not theirs, and are left out.
 */
static bool is_adoptive(const struct task_struct *task)
{
	return (task->signal->flags & SIGNAL_UNKILLABLE) ||
	       task->signal->is_child_subreaper;
}

static void leave_to(const struct task_struct *heir, const struct verdict_score *from,
		     bool same_program)
{
	struct tally_identity id;
	struct tally *p;

	if (is_adoptive(heir))
		return;
	id = process_identity(heir);
	p = get_or_claim(&id);
	if (!p)
		return;
	if (!(p->flags & ROUNDWATCH_PROCESS)) {
		p->flags = ROUNDWATCH_PROCESS;
		verdict_init(&p->score, now_ms());
	}
	verdict_decay(&rule, &p->score, now_ms());
	verdict_inherit(&p->score, from, same_program);
	tally_put(p);
}

static void probe_fork(void *data, struct task_struct *parent, struct task_struct *child)
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

/* exec resets MXCSR and begins another program; the process's score goes on. */
static void probe_exec(void *data, struct task_struct *task, pid_t old_pid,
		       struct linux_binprm *bprm)
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
	/* Who was found out has nothing to leave. */
	if (highest == ROUNDWATCH_RANDOMX)
		return;
	rcu_read_lock();
	leave_to(rcu_dereference(task->real_parent), &score,
		 task->group_leader->flags & PF_FORKNOEXEC);
	rcu_read_unlock();
}

static void probe_exit_task(PROBE_EXIT_PARAMETERS)
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

/* Lets the compiler see that the probes are exactly what the tracepoints call. */
static void __maybe_unused check_prototypes(void)
{
	check_trace_callback_type_sched_process_exit(probe_exit_task);
	check_trace_callback_type_sched_process_exec(probe_exec);
	check_trace_callback_type_sched_process_fork(probe_fork);
	check_trace_callback_type_x86_fpu_regs_deactivated(probe_fpu);
	check_trace_callback_type_x86_fpu_regs_deactivated(selftest_observe);
}

/*
 * The tracepoints are not exported to modules and are looked up by name. In
 * the order of attachment: a task must not be tallied before its end is seen.
 */
static struct hook {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
	bool attached;
} hooks[] = {
	{ "sched_process_exit", probe_exit_task },
	{ "sched_process_exec", probe_exec },
	{ "sched_process_fork", probe_fork },
	{ "x86_fpu_regs_deactivated", probe_fpu },
};

#define FPU_HOOK	(&hooks[ARRAY_SIZE(hooks) - 1])

static void find_hook(struct tracepoint *tp, void *data)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!strcmp(tp->name, hooks[i].name))
			hooks[i].tracepoint = tp;
}

/**
 * probe_init() - attach to the kernel
 *
 * Context: process; may sleep. Probes may run before it returns.
 * Return: 0; -ENODEV if the kernel lacks a tracepoint, or another error; then
 * nothing is attached.
 */
int probe_init(void)
{
	size_t i;
	int err;

	for_each_kernel_tracepoint(find_hook, NULL);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].tracepoint)
			continue;
		pr_err("this kernel has no tracepoint %s (built without CONFIG_TRACEPOINTS or older than 4.8?); not loaded\n",
		       hooks[i].name);
		return -ENODEV;
	}
	selftest_begin(FPU_HOOK->tracepoint);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		err = tracepoint_probe_register(hooks[i].tracepoint, hooks[i].probe, NULL);
		if (err) {
			pr_err("cannot attach to tracepoint %s (error %d); not loaded\n",
			       hooks[i].name, err);
			probe_exit();
			return err;
		}
		hooks[i].attached = true;
	}
	return 0;
}

/**
 * probe_exit() - detach from the kernel
 *
 * Context: process; may sleep. When it returns no probe is running.
 */
void probe_exit(void)
{
	size_t i = ARRAY_SIZE(hooks);

	selftest_exit();
	while (i--) {
		if (hooks[i].attached)
			tracepoint_probe_unregister(hooks[i].tracepoint, hooks[i].probe, NULL);
		hooks[i].attached = false;
	}
	tracepoint_synchronize_unregister();
}
