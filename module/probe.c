// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the kernel's tracepoints, attaches the probes to them and detaches them.
 *
 * The tracepoints are not exported to modules, so they are looked up by name.
 */
#include "roundwatch.h"
#ifdef CONFIG_X86
#include <asm/trace/fpu.h>
#endif
#include <trace/events/sched.h>

/* Makes the compiler compare each probe with the prototype of its tracepoint. */
static void __maybe_unused check_prototypes(void)
{
	check_trace_callback_type_sched_process_exit(lineage_exit);
	check_trace_callback_type_sched_process_exec(lineage_exec);
	check_trace_callback_type_sched_process_fork(lineage_fork);
	check_switch_probe(observe_switch);
}

/* In the order of attachment: a task must not get a tally before its end is seen. */
static struct hook {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
	bool attached;
} hooks[] = {
	{ "sched_process_exit", lineage_exit },
	{ "sched_process_exec", lineage_exec },
	{ "sched_process_fork", lineage_fork },
	{ SWITCH_TRACEPOINT, observe_switch },
};

#define SWITCH_HOOK	(&hooks[ARRAY_SIZE(hooks) - 1])

static void find_hook(struct tracepoint *tp, void *data)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!strcmp(tp->name, hooks[i].name))
			hooks[i].tracepoint = tp;
}

/**
 * probe_init() - attach to the kernel
 *
 * The self-test runs first, so that its changes to the registers of the loading
 * task are not observed.
 *
 * Context: process; may sleep. Probes may run before it returns.
 * Return: 0; -ENODEV if the kernel lacks a tracepoint, or another error; then
 * nothing is attached.
 */
int probe_init(void)
{
	size_t i;
	int err;

	for_each_kernel_tracepoint(find_hook, NULL);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].tracepoint)
			continue;
		pr_err("this kernel has no tracepoint %s (built without CONFIG_TRACEPOINTS or older than 4.8?); not loaded\n",
		       hooks[i].name);
		return -ENODEV;
	}
	selftest_begin(SWITCH_HOOK->tracepoint);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		err = tracepoint_probe_register(hooks[i].tracepoint, hooks[i].probe, NULL);
		if (err) {
			pr_err("cannot attach to tracepoint %s (error %d); not loaded\n",
			       hooks[i].name, err);
			probe_exit();
			return err;
		}
		hooks[i].attached = true;
	}
	return 0;
}

/**
 * probe_exit() - detach from the kernel
 *
 * Context: process; may sleep. When it returns no probe is running.
 */
void probe_exit(void)
{
	size_t i = ARRAY_SIZE(hooks);

	selftest_exit();
	while (i--) {
		if (hooks[i].attached)
			tracepoint_probe_unregister(hooks[i].tracepoint, hooks[i].probe, NULL);
		hooks[i].attached = false;
	}
	tracepoint_synchronize_unregister();
}
