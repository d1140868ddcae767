// SPDX-License-Identifier: GPL-2.0
/* An empty probe at the tracepoint that roundwatch uses: the base cost of a probe there. */
#include <linux/module.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#ifdef CONFIG_ARM64
#define NAME	"sched_switch"
#else
#define NAME	"x86_fpu_regs_deactivated"
#endif

static struct tracepoint *tracepoint;

/* Whatever else it is called with. */
static noinline void probe_switch(void *data)
{
}

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, NAME))
		tracepoint = tp;
}

static int __init empty_init(void)
{
	for_each_kernel_tracepoint(find, NULL);
	if (!tracepoint)
		return -ENODEV;
	return tracepoint_probe_register(tracepoint, probe_switch, NULL);
}

static void __exit empty_exit(void)
{
	tracepoint_probe_unregister(tracepoint, probe_switch, NULL);
	tracepoint_synchronize_unregister();
}

module_init(empty_init);
module_exit(empty_exit);

MODULE_DESCRIPTION("An empty probe where roundwatch has its own");
MODULE_LICENSE("GPL");
