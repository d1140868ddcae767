// SPDX-License-Identifier: GPL-2.0
/*
 * blinder - a kernel whose struct fpu does not show what the registers hold
 *
 * Comes first on the tracepoint, and inverts the status flags in the image of
 * every task, before roundwatch's self-test looks at it. Hardly a program cares.
 */
#include "arch/x86.h"

static struct tracepoint *tracepoint;

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "x86_fpu_regs_deactivated"))
		tracepoint = tp;
}

static void blind(void *data, struct fpu *fpu)
{
	struct xregs_state *image = (struct xregs_state *)fpu_image(fpu);

	if (irqs_disabled())
		image->i387.mxcsr ^= 0x3f;
}

static int __init blinder_init(void)
{
	for_each_kernel_tracepoint(find, NULL);
	/* Probes are called by priority, the highest first; 10 is the default. */
	return tracepoint ? tracepoint_probe_register_prio(tracepoint, blind, NULL, 100) : -ENODEV;
}

static void __exit blinder_exit(void)
{
	tracepoint_probe_unregister(tracepoint, blind, NULL);
	tracepoint_synchronize_unregister();
}

module_init(blinder_init);
module_exit(blinder_exit);
MODULE_DESCRIPTION("Makes roundwatch blind");
MODULE_LICENSE("GPL");
