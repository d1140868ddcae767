// SPDX-License-Identifier: GPL-2.0
/* An empty probe at the tracepoint that roundwatch uses: the base cost of a probe there. */
#include <linux/module.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

struct fpu;

static struct tracepoint *tracepoint;

static noinline void probe_fpu(void *data, struct fpu *fpu)
{
}

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "x86_fpu_regs_deactivated"))
		tracepoint = tp;
}

static int __init empty_init(void)
{
	for_each_kernel_tracepoint(find, NULL);
	if (!tracepoint)
		return -ENODEV;
	return tracepoint_probe_register(tracepoint, probe_fpu, NULL);
}

static void __exit empty_exit(void)
{
	tracepoint_probe_unregister(tracepoint, probe_fpu, NULL);
	tracepoint_synchronize_unregister();
}

module_init(empty_init);
module_exit(empty_exit);

MODULE_DESCRIPTION("An empty probe at x86_fpu_regs_deactivated");
MODULE_LICENSE("GPL");
