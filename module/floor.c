// SPDX-License-Identifier: GPL-2.0
/*
 * The observation floor: a task that is hardly ever switched out, or only when
 * it likes, is looked at.
 *
 * Every CPU has a timer, pinned to it and deferrable: it runs off the tick of a
 * busy CPU and never wakes an idle one. The registers of the task that it
 * interrupted are looked at where they are, live. That the CPU yielded
 * observations meanwhile is no reason not to: they may all be of a miner that
 * goes to sleep of its own accord before it is ever preempted, in RN.
 *
 * A CPU may be busy without a tick (nohz_full), or its timers may starve (by a
 * real-time task). So once a period, whichever timer comes first goes through
 * all CPUs and sends an interrupt to each that has been busy for most of the
 * period while its own timer did not run. Where CPUs are nohz_full the kernel
 * keeps the tick of one other CPU alive, so that there is a timer to do this.
 */
#include "roundwatch.h"

/**
 * struct lookout - of one CPU
 * @timer: of the CPU
 * @csd: to interrupt it
 * @seen: its count of observations when last looked at
 * @ran: jiffies when it was last seen to, or was about to be
 * @remote: that was by an interrupt from another CPU
 * @idle_us: its idle time at the last round
 * @pending: @csd is under way
 */
struct lookout {
	struct timer_list timer;
	call_single_data_t csd;
	u64 seen;
	unsigned long ran;
	bool remote;
	u64 idle_us;
	atomic_t pending;
};

static DEFINE_PER_CPU(struct lookout, lookouts);
static unsigned long period;		/* jiffies; 0: there is no floor */
static unsigned long next_round;
static int hotplug_state;

/* Sees to the CPU it runs on. Interrupts may be on, the task cannot leave. */
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
	atomic_set_release(&l->pending, 0);
}

/*
 * Has the CPU been busy for most of the time since the last round? All of it
 * would be too much to ask, or a moment's sleep would do to escape.
 */
static bool busy_since(struct lookout *l, int cpu)
{
	u64 idle_us = get_cpu_idle_time_us(cpu, NULL);
	bool busy = idle_us - l->idle_us < jiffies_to_usecs(period) / 2;

	l->idle_us = idle_us;
	return busy;
}

/* A timer that works may be late, by a period if the CPU was idle. */
static bool overdue(const struct lookout *l)
{
	unsigned long late = READ_ONCE(l->remote) ? period : 2 * period;

	return time_after_eq(jiffies, READ_ONCE(l->ran) + late);
}

static void see_to_others(void)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct lookout *l = &per_cpu(lookouts, cpu);

		if (!busy_since(l, cpu) || cpu == smp_processor_id() || !overdue(l) ||
		    atomic_cmpxchg(&l->pending, 0, 1))
			continue;
		WRITE_ONCE(l->remote, true);
		WRITE_ONCE(l->ran, jiffies);
		if (smp_call_function_single_async(cpu, &l->csd))
			atomic_set(&l->pending, 0);
	}
}

static void tick(struct timer_list *timer)
{
	struct lookout *l = container_of(timer, struct lookout, timer);
	unsigned long round = READ_ONCE(next_round);

	/* On its way to a CPU that comes back, the timer may run elsewhere. */
	if (l == this_cpu_ptr(&lookouts)) {
		WRITE_ONCE(l->remote, false);
		WRITE_ONCE(l->ran, jiffies);
		see_to(l);
		if (time_after_eq(jiffies, round) &&
		    cmpxchg(&next_round, round, jiffies + period) == round)
			see_to_others();
	}
	mod_timer(timer, jiffies + period);
}

static int watch_cpu(unsigned int cpu)
{
	struct lookout *l = &per_cpu(lookouts, cpu);

	timer_setup(&l->timer, tick, TIMER_DEFERRABLE | TIMER_PINNED);
	WRITE_ONCE(l->ran, jiffies);
	l->timer.expires = jiffies + period;
	add_timer_on(&l->timer, cpu);
	return 0;
}

static int leave_cpu(unsigned int cpu)
{
	struct lookout *l = &per_cpu(lookouts, cpu);

	timer_delete_sync(&l->timer);
	return 0;
}

/**
 * floor_init() - keep every busy CPU under observation
 * @hz: observations a second, at least; 0 for none, at most FLOOR_MAX
 *
 * Context: process; may sleep. After probe_init().
 * Return: 0, or a negative error.
 */
int floor_init(unsigned int hz)
{
	int state, cpu;

	if (!hz)
		return 0;
	/* A CPU whose timer runs may interrupt one whose turn is yet to come. */
	for_each_possible_cpu(cpu) {
		struct lookout *l = &per_cpu(lookouts, cpu);

		l->csd = (call_single_data_t){ .func = interrupted, .info = l };
		l->ran = jiffies;
	}
	period = max(1UL, (unsigned long)HZ / hz);
	next_round = jiffies + period;
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "roundwatch:floor",
				  watch_cpu, leave_cpu);
	if (state < 0) {
		pr_err("cannot watch CPUs come and go (error %d); not loaded\n", state);
		return state;
	}
	hotplug_state = state;
	return 0;
}

/**
 * floor_exit() - stop looking
 *
 * Context: process; may sleep. Before probe_exit(), which also waits for what
 * is left of the interrupts, as they run with interrupts off.
 */
void floor_exit(void)
{
	int cpu;

	if (!hotplug_state)
		return;
	cpuhp_remove_state(hotplug_state);
	hotplug_state = 0;
	/* No timer is left that could send another. */
	for_each_possible_cpu(cpu)
		while (atomic_read_acquire(&per_cpu(lookouts, cpu).pending))
			cpu_relax();
}
