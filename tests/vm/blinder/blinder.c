// SPDX-License-Identifier: GPL-2.0
/*
 * blinder - a kernel that does not show what the registers hold
 *
 * Comes first on the tracepoint, and changes what it shows, before roundwatch's self-test
 * looks at it: on x86 it inverts the status flags in the image of every task, which
 * hardly any program cares about; on arm64 the control word of the self-test alone.
 *
 * With busy=N, on x86, it does not. Instead it uses the FPU as the task of the self-test is
 * about to be switched out, N times: the registers are saved then, without the
 * tracepoint.
 */
#include "arch/fpu.h"

static struct tracepoint *tracepoint;
static void *probe;

static int busy;
module_param(busy, int, 0444);
MODULE_PARM_DESC(busy, "how often to use the FPU under the self-test");

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, data))
		tracepoint = tp;
}

#ifdef CONFIG_ARM64

static void use_fpu(void *data)
{
}

static void blind(void *data)
{
	u32 fpcr = fpu_control(fpu_of(current));

	if (fpcr == FPU_UNUSUAL)
		fpu_swap_control(fpcr ^ 1 << 24);
}

#else

/* On sched_switch, whose parameters differ: none is needed. */
static void use_fpu(void *data)
{
	if (busy <= 0 || !fpu_is_live() || (fpu_live_control() & 0x603f) != 0x203f)
		return;
	busy--;
	kernel_fpu_begin();
	kernel_fpu_end();
}

static void blind(void *data, struct fpu *fpu)
{
	struct xregs_state *image = (struct xregs_state *)fpu_image(fpu);

	if (irqs_disabled())
		image->i387.mxcsr ^= 0x3f;
}

#endif

static int __init blinder_init(void)
{
	probe = busy > 0 ? (void *)use_fpu : blind;
	for_each_kernel_tracepoint(find, busy > 0 ? "sched_switch" : SWITCH_TRACEPOINT);
	/* Probes are called by priority, the highest first; 10 is the default. */
	return tracepoint ? tracepoint_probe_register_prio(tracepoint, probe, NULL, 100) : -ENODEV;
}

static void __exit blinder_exit(void)
{
	tracepoint_probe_unregister(tracepoint, probe, NULL);
	tracepoint_synchronize_unregister();
}

module_init(blinder_init);
module_exit(blinder_exit);
MODULE_DESCRIPTION("Makes roundwatch blind");
MODULE_LICENSE("GPL");
