// SPDX-License-Identifier: GPL-2.0
/*
 * The observation floor: looks at a task that is rarely switched out, or only when
 * it sleeps by choice.
 *
 * Every CPU has a timer, pinned to it and deferrable: it runs with the tick of a
 * busy CPU and never wakes an idle one. It does not look itself, as a program can
 * read the phase of the tick and be in RN whenever one comes. It starts a second
 * timer that expires at a random moment before the next tick, and that one reads
 * the live registers of the task that it interrupted. It does so even if the CPU
 * had other observations: these may all be of a miner that sleeps in RN before it
 * is ever preempted.
 *
 * A CPU may be busy without a tick (nohz_full), or a real-time task may keep its
 * timers from running. So once in each period, the first timer that runs goes
 * through all CPUs and notes each that was busy for most of the period without
 * running its own timer; at its random moment it sends these an interrupt. If there
 * are nohz_full CPUs, the kernel keeps the tick of one other CPU, so that there is a
 * timer to do this.
 */
#include "roundwatch.h"

enum call { CALL_NONE, CALL_DUE, CALL_SENT };

/**
 * struct lookout - state for one CPU
 * @timer: timer of the CPU
 * @moment: expires when it is time to look
 * @csd: to interrupt the CPU
 * @seen: its count of observations at the last look
 * @ran: jiffies when @timer ran last, or when the CPU was noted as due
 * @remote: it was noted as due
 * @busy: it was, for most of the time before the last round
 * @idle_us: its idle time at the last round
 * @armed: @timer is in use; changed only while the CPU cannot come or go
 * @calls: at @moment, the CPUs that are due are to be interrupted
 * @call: enum call: whether @csd is in use
 */
struct lookout {
	struct timer_list timer;
	struct hrtimer moment;
	call_single_data_t csd;
	u64 seen;
	unsigned long ran;
	bool remote;
	bool busy;
	u64 idle_us;
	bool armed;
	bool calls;
	atomic_t call;
};

static DEFINE_PER_CPU(struct lookout, lookouts);
static unsigned long period __read_mostly;	/* jiffies; 0: there is no floor */
static unsigned long next_round;	/* jiffies; every CPU writes it in turn */
static int hotplug_state;

/* Look at the task of this CPU. Interrupts may be on; the task cannot leave. */
static void see_to(struct lookout *l)
{
	bool switched = this_cpu_read(tally_counters.observations) != l->seen;
	unsigned long flags;

	local_irq_save(flags);
	observe_look(switched);
	local_irq_restore(flags);
	l->seen = this_cpu_read(tally_counters.observations);
}

static void interrupted(void *data)
{
	struct lookout *l = data;

	see_to(l);
	atomic_set_release(&l->call, CALL_NONE);
}

/*
 * Was the CPU busy for most of the time since the last round? If all of the time
 * were required, a short sleep would be sufficient to escape.
 */
static bool busy_since(struct lookout *l, int cpu)
{
	u64 idle_us = get_cpu_idle_time_us(cpu, NULL);
	bool busy = idle_us - l->idle_us < jiffies_to_usecs(period) / 2;

	l->idle_us = idle_us;
	WRITE_ONCE(l->busy, busy);
	return busy;
}

/* A working timer may be late by one period if the CPU was idle. */
static bool overdue(const struct lookout *l)
{
	unsigned long late = READ_ONCE(l->remote) ? period : 2 * period;

	return time_after_eq(jiffies, READ_ONCE(l->ran) + late);
}

/* Note the CPUs that are due. Return: whether there is any. */
static bool find_due(void)
{
	bool any = false;
	int cpu;

	for_each_online_cpu(cpu) {
		struct lookout *l = &per_cpu(lookouts, cpu);

		if (!busy_since(l, cpu) || cpu == smp_processor_id() || !overdue(l) ||
		    atomic_cmpxchg(&l->call, CALL_NONE, CALL_DUE) != CALL_NONE)
			continue;
		WRITE_ONCE(l->remote, true);
		WRITE_ONCE(l->ran, jiffies);
		any = true;
	}
	return any;
}

static void call_due(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct lookout *l = &per_cpu(lookouts, cpu);

		if (atomic_cmpxchg(&l->call, CALL_DUE, CALL_SENT) == CALL_DUE &&
		    smp_call_function_single_async(cpu, &l->csd))
			atomic_set(&l->call, CALL_NONE);
	}
}

static enum hrtimer_restart look(struct hrtimer *moment)
{
	struct lookout *l = container_of(moment, struct lookout, moment);

	/* The timer may have moved to another CPU, as its own goes down. */
	if (l == this_cpu_ptr(&lookouts))
		see_to(l);
	if (l->calls) {
		l->calls = false;
		call_due();
	}
	return HRTIMER_NORESTART;
}

/* Any moment until the next tick is as likely as another. */
static ktime_t random_delay(void)
{
	return ns_to_ktime((u64)get_random_u32() * TICK_NSEC >> 32);
}

/* An idle CPU, or one that only runs the kernel's threads, is left alone. */
static void tick(struct timer_list *timer)
{
	struct lookout *l = container_of(timer, struct lookout, timer);
	unsigned long round = READ_ONCE(next_round);

	/* The timer may run on another CPU while its own is brought up. */
	if (l == this_cpu_ptr(&lookouts)) {
		WRITE_ONCE(l->remote, false);
		WRITE_ONCE(l->ran, jiffies);
		if (time_after_eq(jiffies, round) &&
		    cmpxchg(&next_round, round, jiffies + period) == round && find_due())
			l->calls = true;
		if (l->calls || READ_ONCE(l->busy) || !(current->flags & PF_KTHREAD))
			hrtimer_start(&l->moment, random_delay(), HRTIMER_MODE_REL_PINNED_HARD);
	}
	mod_timer(timer, jiffies + period);
}

/* @l may be armed already if its CPU came up between the steps of floor_init(). */
static void arm(struct lookout *l, unsigned int cpu)
{
	if (l->armed)
		return;
	l->armed = true;
	WRITE_ONCE(l->ran, jiffies);
	l->timer.expires = jiffies + period;
	add_timer_on(&l->timer, cpu);
}

static int watch_cpu(unsigned int cpu)
{
	arm(&per_cpu(lookouts, cpu), cpu);
	return 0;
}

/* The CPUs that it noted must not stay so, as nothing would interrupt them again. */
static void stop(struct lookout *l)
{
	timer_delete_sync(&l->timer);
	hrtimer_cancel(&l->moment);
	if (l->calls) {
		l->calls = false;
		call_due();
	}
}

static int leave_cpu(unsigned int cpu)
{
	struct lookout *l = &per_cpu(lookouts, cpu);

	stop(l);
	l->armed = false;
	return 0;
}

/**
 * floor_init() - start to observe every busy CPU
 * @hz: minimum observations per second, up to FLOOR_MAX; 0: no floor
 *
 * The timers are armed from here: the kernel would have watch_cpu() called by a
 * thread of each CPU, and wait forever for one where a real-time task spins.
 *
 * Context: process; may sleep. After probe_init().
 * Return: 0, or a negative error.
 */
int floor_init(unsigned int hz)
{
	int state, cpu;

	if (!hz)
		return 0;
	period = max(1UL, (unsigned long)HZ / hz);
	next_round = jiffies + period;
	/* The first timer that runs may interrupt a CPU that has none yet. */
	for_each_possible_cpu(cpu) {
		struct lookout *l = &per_cpu(lookouts, cpu);

		l->csd = (call_single_data_t){ .func = interrupted, .info = l };
		l->ran = jiffies;
		timer_setup(&l->timer, tick, TIMER_DEFERRABLE | TIMER_PINNED);
		hrtimer_setup(&l->moment, look, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	}
	state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "roundwatch:floor",
					  watch_cpu, leave_cpu);
	if (state < 0) {
		pr_err("cannot watch CPUs come and go (error %d); not loaded\n", state);
		return state;
	}
	hotplug_state = state;
	cpus_read_lock();
	for_each_online_cpu(cpu)
		arm(&per_cpu(lookouts, cpu), cpu);
	cpus_read_unlock();
	return 0;
}

/**
 * floor_exit() - stop
 *
 * Context: process; may sleep. Before probe_exit(), which also waits for running
 * interrupts, because they have interrupts off.
 */
void floor_exit(void)
{
	int cpu;

	if (!hotplug_state)
		return;
	/* From here on no timer is armed but by itself. */
	cpuhp_remove_state_nocalls(hotplug_state);
	hotplug_state = 0;
	for_each_possible_cpu(cpu)
		stop(&per_cpu(lookouts, cpu));
	/* No timer is left that could send another interrupt. */
	for_each_possible_cpu(cpu)
		while (atomic_read_acquire(&per_cpu(lookouts, cpu).call) != CALL_NONE)
			cpu_relax();
}
