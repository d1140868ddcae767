// SPDX-License-Identifier: GPL-2.0
/*
 * From a verdict that rose, found where nothing may wait or print, to the
 * kernel log.
 *
 * The probe sets the bit of the tally's slot and queues an irq_work; that
 * queues a work item, which finds the bits and may take its time.
 */
#include "roundwatch.h"

static unsigned long *raised;		/* a bit for each slot */

/* Whom a line was printed for lately: one a process, however many threads. */
static struct {
	u32 tgid;
	u64 start_ns;
} told[64];
static unsigned int told_next;

static bool tell(u32 tgid, u64 start_ns)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(told); i++)
		if (told[i].tgid == tgid && told[i].start_ns == start_ns)
			return false;
	told[told_next].tgid = tgid;
	told[told_next].start_ns = start_ns;
	told_next = (told_next + 1) % ARRAY_SIZE(told);
	return true;
}

static void print_raised(struct work_struct *work)
{
	u32 slot;

	for_each_set_bit(slot, raised, tally_table.size) {
		struct tally t;

		clear_bit(slot, raised);
		if (!tally_read(slot, &t) || t.highest < ROUNDWATCH_RANDOMX ||
		    !tell(t.tgid, t.process_start_ns))
			continue;
		pr_warn_ratelimited("randomx: %*pE[%u] uid %u computes RandomX (evidence %u of %u)\n",
				    (int)strnlen(t.comm, sizeof(t.comm)), t.comm, t.tgid,
				    t.uid, verdict_evidence(&rule, &t.score), rule.randomx);
	}
}

static DECLARE_WORK(print_work, print_raised);

static void hand_over(struct irq_work *work)
{
	schedule_work(&print_work);
}

static struct irq_work hand_over_work;

/**
 * notice_raise() - a tally's verdict rose to suspect or above
 * @t: owned
 *
 * Context: the probe; takes no lock.
 */
void notice_raise(const struct tally *t)
{
	set_bit(tally_slot(t), raised);
	irq_work_queue(&hand_over_work);
}

/**
 * notice_init() - before the first probe
 *
 * Context: process, after tally_init(); may sleep.
 * Return: 0, or -ENOMEM.
 */
int notice_init(void)
{
	init_irq_work(&hand_over_work, hand_over);
	raised = kvcalloc(BITS_TO_LONGS(tally_table.size), sizeof(*raised), GFP_KERNEL);
	return raised ? 0 : -ENOMEM;
}

/**
 * notice_exit() - after the last probe
 *
 * Context: process; may sleep.
 */
void notice_exit(void)
{
	irq_work_sync(&hand_over_work);
	cancel_work_sync(&print_work);
	kvfree(raised);
}
