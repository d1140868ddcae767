// SPDX-License-Identifier: GPL-2.0
/*
 * Does the module see rounding modes? If it does not, it must say so.
 *
 * The task that loads the module sets its own control word to a value that no program
 * uses and sleeps, so that it is switched out. The tracepoint must fire for it,
 * and the kernel must show that value. If a softirq uses the FPU in between, it
 * saves the registers itself and x86's tracepoint does not fire; so there are
 * several attempts.
 *
 * Some kernels for x86 have the registers of a task in memory while it runs in the kernel,
 * and let only KVM bring them back. There the test waits for the next task that
 * is switched out: while the tracepoint runs, its registers are still in the
 * processor, for comparison. Until then the module counts as blind.
 */
#include "roundwatch.h"
#ifdef CONFIG_X86
#include <asm/trace/fpu.h>
#else
#include <trace/events/sched.h>
#endif

#define SELFTEST_ATTEMPTS	10
#define SELFTEST_PERIOD		(HZ / 10)
/* The log says so if there was no switch in so many periods. */
#define SELFTEST_PATIENCE	50

static struct tracepoint *attached;	/* selftest_observe() is, to this one */
static struct task_struct *tested;	/* NULL: the first that is switched out */
static atomic_t fired;			/* 1: for the tested task; 2: and the result is there */
static u32 expected;
static u32 seen;
static bool same_fpu;			/* fpu_of() is right */
static int periods;			/* of conclude_later() */

static void conclude_later(struct work_struct *work);
static DECLARE_DELAYED_WORK(later, conclude_later);

/* In the context of observe_switch(). */
static void selftest_observe(PROBE_SWITCH_PARAMETERS)
{
	const struct fpu *regs = PROBE_SWITCH_FPU;

	if (!fpu_is_switch() || (tested && current != tested) || fpu_is_confidential(regs) ||
	    atomic_cmpxchg(&fired, 0, 1))
		return;
	expected = tested ? FPU_UNUSUAL : fpu_live_control();
	seen = fpu_control(regs);
	same_fpu = regs == fpu_of(current);
	if (seen == expected && same_fpu)
		WRITE_ONCE(self.blind, false);
	/* After the result; pairs with conclude_later(). */
	atomic_set_release(&fired, 2);
}

static void __maybe_unused check_prototype(void)
{
	check_switch_probe(selftest_observe);
}

static void detach(void)
{
	if (!attached)
		return;
	tracepoint_probe_unregister(attached, selftest_observe, NULL);
	attached = NULL;
	tracepoint_synchronize_unregister();
}

static void report(void)
{
	if (!atomic_read(&fired))
		pr_err("BLIND: tracepoint %s did not fire; nothing will be found\n",
		       SWITCH_TRACEPOINT);
	else if (seen != expected)
		pr_err("BLIND: the kernel shows %s %#x where the register had %#x; nothing will be found\n",
		       FPU_REGISTER, seen, expected);
	else if (!same_fpu)
		pr_err("BLIND: struct fpu is not where it was expected; not all will be found\n");
}

static void conclude_later(struct work_struct *work)
{
	if (atomic_read_acquire(&fired) != 2) {
		if (++periods == SELFTEST_PATIENCE)
			report();
		queue_delayed_work(workqueue, &later, SELFTEST_PERIOD);
		return;
	}
	detach();
	report();
	if (!self.blind)
		pr_info("self-test passed: version %s watches for RandomX: see /proc/roundwatch\n",
			ROUNDWATCH_VERSION);
}

static void attempt(void)
{
	u32 old;

	old = fpu_swap_control(FPU_UNUSUAL);
	/* Not before that, as a preemption would count as this attempt's. */
	atomic_set(&fired, 0);
	schedule_timeout_uninterruptible(1);
	fpu_swap_control(old);
}

/**
 * selftest_begin() - find out whether the module sees rounding modes
 * @tp: SWITCH_TRACEPOINT
 *
 * Clears self.blind; if it does not, the kernel log has the reason. Until an
 * observation has been made, selftest_pending() is true.
 *
 * Context: process, a user's task; sleeps.
 */
void selftest_begin(struct tracepoint *tp)
{
	int attempts;

	tested = fpu_can_make_live() ? current : NULL;
	if (tracepoint_probe_register(tp, selftest_observe, NULL)) {
		report();
		return;
	}
	attached = tp;
	if (!tested) {
		queue_delayed_work(workqueue, &later, SELFTEST_PERIOD);
		return;
	}
	for (attempts = 0; self.blind && attempts < SELFTEST_ATTEMPTS; attempts++)
		attempt();
	detach();
	report();
}

/**
 * selftest_pending() - is the result still to come?
 */
bool selftest_pending(void)
{
	return attached;
}

/**
 * selftest_exit() - end the self-test
 *
 * Context: process; may sleep.
 */
void selftest_exit(void)
{
	cancel_delayed_work_sync(&later);
	detach();
}
