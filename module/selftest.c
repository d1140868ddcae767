// SPDX-License-Identifier: GPL-2.0
/*
 * Does the module see? A detector that does not must say so.
 *
 * The task that loads the module sets its own MXCSR to a value that no program
 * has, sleeps for a moment, and so is switched out. The tracepoint must have
 * fired for it, and struct fpu must have shown that value.
 */
#include "fpu.h"
#include "roundwatch.h"

/* All masked, RD, and every status flag raised. */
#define SELFTEST_MXCSR	(FPU_MXCSR_INIT | ROUNDWATCH_RD << FPU_RC_SHIFT | 0x3f)

static struct task_struct *tested;
static unsigned int fired;
static u32 seen;

/**
 * selftest_observe() - the tracepoint fired
 * @data: unused
 * @fpu: of the current task
 *
 * Context: as the probe.
 */
void selftest_observe(void *data, struct fpu *fpu)
{
	if (current != tested || !irqs_disabled())
		return;
	fired++;
	seen = fpu_mxcsr(fpu_image(fpu), fpu_has_header());
}

/* MXCSR of the running task, which may have been saved to memory meanwhile. */
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
 * selftest() - see whether the module sees
 *
 * Context: process, a user's task with selftest_observe() attached; sleeps.
 * Return: whether it does; the kernel log says why not.
 */
bool selftest(void)
{
	u32 old;

	fired = 0;
	seen = 0;
	tested = current;
	old = swap_mxcsr(SELFTEST_MXCSR);
	schedule_timeout_uninterruptible(1);
	swap_mxcsr(old);
	tested = NULL;
	if (!fired)
		pr_err("BLIND: tracepoint x86_fpu_regs_deactivated did not fire; nothing will be found\n");
	else if (seen != SELFTEST_MXCSR)
		pr_err("BLIND: struct fpu shows MXCSR %#x where the register had %#x; nothing will be found\n",
		       seen, SELFTEST_MXCSR);
	return fired && seen == SELFTEST_MXCSR;
}
