// SPDX-License-Identifier: GPL-2.0
/*
 * Tests whether the module can see. If it cannot, it must say so.
 *
 * The task that loads the module sets its own MXCSR to a value that no program
 * uses, and sleeps, so that it is switched out. The tracepoint must fire for it,
 * and struct fpu must contain this value.
 *
 * If the registers of this task are no longer in the processor and the kernel lets
 * only KVM load them, the next task that is switched out is tested instead: while
 * the tracepoint runs, its registers are still in the processor for comparison.
 * Until then the module counts as blind.
 */
#include "arch/x86.h"
#include "roundwatch.h"
#include <asm/trace/fpu.h>

/* All exceptions masked, RD, all status flags set. */
#define SELFTEST_MXCSR	(FPU_MXCSR_INIT | ROUNDWATCH_RD << FPU_RC_SHIFT | 0x3f)

/* Tries of 0.1 s each, until a message says that the tracepoint does not fire. */
#define SELFTEST_TRIES	50

static struct tracepoint *attached;	/* selftest_observe() is attached to it */
static struct task_struct *tested;	/* NULL: the first task */
static atomic_t fired;			/* how often */
static u32 expected;
static u32 seen;
static bool same_fpu;			/* fpu_of() returns the right address */
static int tries;			/* calls of conclude_later() */

static void conclude_later(struct work_struct *work);
static DECLARE_DELAYED_WORK(later, conclude_later);

/* The tracepoint fired. Context: as for observe_switch(). */
static void selftest_observe(void *data, struct fpu *fpu)
{
	if (!irqs_disabled() || (tested && current != tested) || fpu_is_confidential(fpu) ||
	    atomic_cmpxchg(&fired, 0, 1))
		return;
	expected = tested ? SELFTEST_MXCSR : fpu_live_mxcsr();
	seen = fpu_mxcsr(fpu_image(fpu), fpu_has_header());
	same_fpu = fpu == fpu_of(current);
	if (seen == expected && same_fpu)
		WRITE_ONCE(self.blind, false);
	/* With what there is to say of it; pairs with conclude_later(). */
	atomic_set_release(&fired, 2);
}

static void __maybe_unused check_prototype(void)
{
	check_trace_callback_type_x86_fpu_regs_deactivated(selftest_observe);
}

static void detach(void)
{
	if (!attached)
		return;
	tracepoint_probe_unregister(attached, selftest_observe, NULL);
	attached = NULL;
	tracepoint_synchronize_unregister();
}

static void say(void)
{
	if (!atomic_read(&fired))
		pr_err("BLIND: tracepoint x86_fpu_regs_deactivated did not fire; nothing will be found\n");
	else if (seen != expected)
		pr_err("BLIND: struct fpu shows MXCSR %#x where the register had %#x; nothing will be found\n",
		       seen, expected);
	else if (!same_fpu)
		pr_err("BLIND: struct fpu is not where it was expected; not all will be found\n");
}

static void conclude_later(struct work_struct *work)
{
	if (atomic_read_acquire(&fired) != 2) {
		if (++tries == SELFTEST_TRIES)
			say();
		queue_delayed_work(system_power_efficient_wq, &later, HZ / 10);
		return;
	}
	detach();
	say();
	if (!self.blind)
		pr_info("self-test passed: version %s watches for RandomX: see /proc/roundwatch\n",
			ROUNDWATCH_VERSION);
}

/* MXCSR of the running task; it may have been saved to memory meanwhile. */
static u32 swap_mxcsr(u32 mxcsr)
{
	u32 old;

	local_irq_disable();
	fpu_make_live();
	old = fpu_live_mxcsr();
	asm volatile("ldmxcsr %0" : : "m" (mxcsr));
	local_irq_enable();
	return old;
}

/**
 * selftest_begin() - test whether the module can see
 * @tp: the tracepoint x86_fpu_regs_deactivated
 *
 * Sets self.blind; the kernel log says why. If selftest_pending(), the only reason
 * is that there was no observation yet; the result follows in the log.
 *
 * Context: process, a user's task; sleeps.
 */
void selftest_begin(struct tracepoint *tp)
{
	u32 old;

	self.blind = true;
	atomic_set(&fired, 0);
	tested = fpu_can_make_live() ? current : NULL;
	if (tracepoint_probe_register(tp, selftest_observe, NULL)) {
		say();
		return;
	}
	attached = tp;
	if (!tested) {
		queue_delayed_work(system_power_efficient_wq, &later, HZ / 10);
		return;
	}
	old = swap_mxcsr(SELFTEST_MXCSR);
	schedule_timeout_uninterruptible(1);
	swap_mxcsr(old);
	detach();
	say();
}

/**
 * selftest_pending() - is the result still open?
 */
bool selftest_pending(void)
{
	return attached;
}

/**
 * selftest_exit() - stop the test
 *
 * Context: process; may sleep.
 */
void selftest_exit(void)
{
	cancel_delayed_work_sync(&later);
	detach();
}
