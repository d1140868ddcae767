// SPDX-License-Identifier: GPL-2.0
/*
 * The observation floor: looks at a task that is rarely switched out, or only when
 * it sleeps by choice.
 *
 * A look reads the live registers of the task that it interrupts. A program can
 * measure when it is interrupted. So looks come at random moments, and the time
 * since the last one, or the length of a tick, says nothing about the next: a
 * program that wants to be in RN at a look has to be in RN at all times. They come
 * even if the CPU had other observations: these may all be of a miner that sleeps
 * in RN before it is ever preempted.
 *
 * Every CPU has two timers. @moment looks and starts itself again, as long as it
 * finds the CPU at work for a program. @timer is deferrable: it runs with the tick
 * of a busy CPU, never wakes an idle one, and starts @moment. So an idle CPU is
 * woken once at most after it was busy.
 *
 * A CPU may be busy without a tick (nohz_full), or a real-time task may keep its
 * timers from running. So once in each period, the first timer that runs goes
 * through all CPUs and notes each that is busy and runs none of its own; at its
 * moments it sends these an interrupt. If there are nohz_full CPUs, the kernel keeps
 * the tick of one other CPU, so that there is a timer to do this.
 */
#include "roundwatch.h"

/* The longest time between two looks, in periods. About one in 60 would be longer. */
#define LONGEST		4

/**
 * struct lookout - state for one CPU
 * @timer: timer of the CPU
 * @moment: expires when it is time to look
 * @csd: to interrupt the CPU
 * @calling: @csd is in use
 * @seen: its count of observations at the last look
 * @random: state of the generator of moments
 * @ran: jiffies when @timer ran last
 * @asked: jiffies of the last round
 * @idle_us: its idle time at the last round
 * @busy: it was, for a quarter of the time before the last round or more
 * @remote: it is, and neither of its timers runs
 * @armed: @timer is in use; changed only while the CPU cannot come or go
 */
struct lookout {
	struct timer_list timer;
	struct hrtimer moment;
	call_single_data_t csd;
	atomic_t calling;
	u64 seen;
	u64 random;
	unsigned long ran;
	unsigned long asked;
	u64 idle_us;
	bool busy;
	bool remote;
	bool armed;
};

static DEFINE_PER_CPU(struct lookout, lookouts);
static unsigned long period __read_mostly;	/* jiffies; 0: there is no floor */
static unsigned long next_round;	/* jiffies; every CPU writes it in turn */
static int caller = -1;		/* the CPU that interrupts the remote ones; -1: there is none */
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
	atomic_set_release(&l->calling, 0);
}

/*
 * Was the CPU busy since the last round? If all of the time were required, a short
 * sleep would be sufficient to escape.
 */
static bool busy_since(struct lookout *l, int cpu)
{
	u64 idle_us = get_cpu_idle_time_us(cpu, NULL);
	u64 most_us = (u64)jiffies_to_usecs(jiffies - l->asked) * 3 / 4;
	bool busy = idle_us - l->idle_us < most_us;

	l->idle_us = idle_us;
	l->asked = jiffies;
	WRITE_ONCE(l->busy, busy);
	return busy;
}

/*
 * Note the CPUs that do not look themselves. A timer that works may be late by one
 * period if the CPU was idle. Return: whether there is any.
 */
static bool find_remote(void)
{
	bool any = false;
	int cpu;

	for_each_online_cpu(cpu) {
		struct lookout *l = &per_cpu(lookouts, cpu);
		bool remote = busy_since(l, cpu) && cpu != smp_processor_id() &&
			      time_after_eq(jiffies, READ_ONCE(l->ran) + 2 * period) &&
			      !hrtimer_active(&l->moment);

		WRITE_ONCE(l->remote, remote);
		any |= remote;
	}
	return any;
}

/* Once in each period, on the first CPU that comes here. */
static void make_round(void)
{
	unsigned long round = READ_ONCE(next_round);

	if (time_after_eq(jiffies, round) &&
	    cmpxchg(&next_round, round, jiffies + period) == round)
		WRITE_ONCE(caller, find_remote() ? smp_processor_id() : -1);
}

static bool is_caller(void)
{
	return READ_ONCE(caller) == smp_processor_id();
}

static void call_remote(void)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct lookout *l = &per_cpu(lookouts, cpu);

		if (READ_ONCE(l->remote) && !atomic_cmpxchg(&l->calling, 0, 1) &&
		    smp_call_function_single_async(cpu, &l->csd))
			atomic_set(&l->calling, 0);
	}
}

/* Marsaglia's xorshift64. The kernel's own generator may sleep here if PREEMPT_RT. */
static u32 next_random(struct lookout *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return l->random >> 32;
}

/* Each tick is as likely as another to have a look, and each moment in it. */
static ktime_t random_delay(struct lookout *l)
{
	u64 ticks = 0;

	while (ticks + 1 < LONGEST * period && next_random(l) > U32_MAX / period)
		ticks++;
	return ns_to_ktime(ticks * TICK_NSEC + ((u64)next_random(l) * TICK_NSEC >> 32));
}

static bool program_runs(void)
{
	return !(current->flags & PF_KTHREAD);
}

static enum hrtimer_restart look(struct hrtimer *moment)
{
	struct lookout *l = container_of(moment, struct lookout, moment);

	/* The timer may have moved to another CPU, as its own goes down. */
	if (l != this_cpu_ptr(&lookouts))
		return HRTIMER_NORESTART;
	see_to(l);
	if (is_caller()) {
		call_remote();
		make_round();
	}
	if (!program_runs() && !is_caller())
		return HRTIMER_NORESTART;
	hrtimer_forward_now(moment, random_delay(l));
	return HRTIMER_RESTART;
}

/* An idle CPU, or one that only runs the kernel's threads, is left alone. */
static void tick(struct timer_list *timer)
{
	struct lookout *l = container_of(timer, struct lookout, timer);

	/* The timer may run on another CPU while its own is brought up. */
	if (l == this_cpu_ptr(&lookouts)) {
		WRITE_ONCE(l->remote, false);
		WRITE_ONCE(l->ran, jiffies);
		l->random ^= (u64)get_random_u32() << 32 | get_random_u32() | 1;
		make_round();
		if ((is_caller() || READ_ONCE(l->busy) || program_runs()) &&
		    !hrtimer_active(&l->moment))
			hrtimer_start(&l->moment, random_delay(l), HRTIMER_MODE_REL_PINNED_HARD);
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
	WRITE_ONCE(l->remote, false);
	l->timer.expires = jiffies + period;
	add_timer_on(&l->timer, cpu);
}

static int watch_cpu(unsigned int cpu)
{
	arm(&per_cpu(lookouts, cpu), cpu);
	return 0;
}

static void stop(struct lookout *l)
{
	timer_delete_sync(&l->timer);
	hrtimer_cancel(&l->moment);
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
 * @hz: looks per second at a busy CPU, up to FLOOR_MAX; 0: no floor
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
		l->asked = jiffies;
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
		while (atomic_read_acquire(&per_cpu(lookouts, cpu).calling))
			cpu_relax();
}
