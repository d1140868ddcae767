// SPDX-License-Identifier: GPL-2.0
/*
 * roundwatch: finds RandomX miners by their changes of the rounding mode.
 *
 * The path of an observation: probe -> observe -> tally -> verdict -> notice ->
 * stream -> chardev. procfs shows the present tallies.
 */
#include "roundwatch.h"

static unsigned int max_tasks = TALLY_DEFAULT;
module_param(max_tasks, uint, 0444);
MODULE_PARM_DESC(max_tasks, "tallies in the table, a power of two, 16 to 1048576 (default 4096)");

static unsigned int suspect_evidence = VERDICT_SUSPECT_DEFAULT;
module_param(suspect_evidence, uint, 0444);
MODULE_PARM_DESC(suspect_evidence, "evidence for the verdict suspect, 1 to randomx_evidence (default 70)");

static unsigned int randomx_evidence = VERDICT_RANDOMX_DEFAULT;
module_param(randomx_evidence, uint, 0444);
MODULE_PARM_DESC(randomx_evidence, "evidence for the verdict randomx, 40 to 10000 (default 100)");

static unsigned int decay = VERDICT_DECAY_DEFAULT;
module_param(decay, uint, 0444);
MODULE_PARM_DESC(decay, "evidence lost per second, 0 to 1000 (default 7)");

static unsigned int gap_us = VERDICT_GAP_DEFAULT;
module_param(gap_us, uint, 0444);
MODULE_PARM_DESC(gap_us, "CPU time in microseconds between two samples of a thread, 100 to 1000000 (default 10000)");

static unsigned int floor_hz = FLOOR_DEFAULT;
module_param(floor_hz, uint, 0444);
MODULE_PARM_DESC(floor_hz, "looks per second at a busy CPU; 0: none (default 20, at most HZ)");

struct self self __read_mostly = { .blind = true };
struct verdict_rule rule __read_mostly;
struct workqueue_struct *workqueue __read_mostly;

static bool allowed(const char *name, unsigned int value, unsigned int min, unsigned int max)
{
	if (value >= min && value <= max)
		return true;
	pr_err("%s=%u is out of range: %u to %u; not loaded\n", name, value, min, max);
	return false;
}

static int set_rule(void)
{
	if (!allowed("max_tasks", max_tasks, TALLY_MIN, TALLY_MAX) ||
	    !allowed("randomx_evidence", randomx_evidence, VERDICT_RANDOMX_MIN,
		      VERDICT_RANDOMX_MAX) ||
	    !allowed("suspect_evidence", suspect_evidence, VERDICT_SUSPECT_MIN,
		      randomx_evidence) ||
	    !allowed("decay", decay, VERDICT_DECAY_MIN, VERDICT_DECAY_MAX) ||
	    !allowed("floor_hz", floor_hz, 0, FLOOR_MAX) ||
	    !allowed("gap_us", gap_us, VERDICT_GAP_MIN, VERDICT_GAP_MAX))
		return -EINVAL;
	if (!is_power_of_2(max_tasks)) {
		pr_err("max_tasks=%u is not a power of two, as %lu and %lu are; not loaded\n",
		       max_tasks, rounddown_pow_of_two(max_tasks),
		       roundup_pow_of_two(max_tasks));
		return -EINVAL;
	}
	rule = (struct verdict_rule){
		.suspect = suspect_evidence,
		.randomx = randomx_evidence,
		.decay = decay,
		.gap_ns = gap_us * NSEC_PER_USEC,
		.lone = !FPU_HAS_SECOND,
	};
	return 0;
}

static int __init roundwatch_init(void)
{
	int err;

	err = set_rule();
	if (err)
		return err;
	self.floor_hz = floor_hz;
	self.loaded_ns = ktime_get_boottime_ns();
	workqueue = alloc_workqueue("roundwatch", WQ_UNBOUND, 0);
	if (!workqueue)
		return -ENOMEM;
	err = tally_init(max_tasks);
	if (err)
		goto no_tally;
	err = stream_init();
	if (err)
		goto no_stream;
	err = notice_init();
	if (err)
		goto no_notice;
	err = probe_init();
	if (err)
		goto no_probe;
	err = floor_init(floor_hz);
	if (err)
		goto no_floor;
	err = procfs_init();
	if (err)
		goto no_procfs;
	err = chardev_init();
	if (err)
		goto no_chardev;
	if (selftest_pending())
		pr_info("version %s is loaded; its self-test waits for a task to be switched out\n",
			ROUNDWATCH_VERSION);
	else if (self.blind)
		pr_err("version %s is loaded, but BLIND: see above\n", ROUNDWATCH_VERSION);
	else
		pr_info("version %s watches for RandomX: see /proc/roundwatch\n",
			ROUNDWATCH_VERSION);
	return 0;

no_chardev:
	procfs_exit();
no_procfs:
	floor_exit();
no_floor:
	probe_exit();
no_probe:
	notice_exit();
no_notice:
	stream_exit();
no_stream:
	tally_exit();
no_tally:
	destroy_workqueue(workqueue);
	return err;
}

static void __exit roundwatch_exit(void)
{
	chardev_exit();
	procfs_exit();
	floor_exit();
	probe_exit();
	notice_exit();
	stream_exit();
	tally_exit();
	destroy_workqueue(workqueue);
}

module_init(roundwatch_init);
module_exit(roundwatch_exit);
MODULE_DESCRIPTION("Finds RandomX (Monero) miners by their changes of rounding mode");
MODULE_AUTHOR("The roundwatch authors");
MODULE_VERSION(ROUNDWATCH_VERSION);
MODULE_LICENSE("GPL");
