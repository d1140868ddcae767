// SPDX-License-Identifier: GPL-2.0
/*
 * From a verdict that changed, in the context of the probes, to the stream and
 * to the kernel log.
 *
 * The probe must neither wait nor print. It sets the bit of the tally's slot and
 * queues an irq_work; that queues a work item, which compares the slot with what
 * was last reported of it and publishes the difference. As evidence decays,
 * verdicts also fall without a sample, so the slots of accused tasks are compared
 * once a second as long as there are any.
 */
#include "roundwatch.h"

/* What was last reported of a slot. */
struct reported {
	u64 start_ns;
	u32 pid;
	u8 verdict;
	bool process;
	bool exited;
};

static unsigned long *changed;		/* a bit for each slot */
static unsigned long *accused;		/* a bit for each slot reported as suspect or randomx */
static struct reported *reported;

/* The processes that a line was printed for lately: one each, whatever its threads do. */
static struct {
	u32 tgid;
	u64 start_ns;
} logged[64];
static unsigned int logged_next;

static void log_once(const struct roundwatch_tally *r)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(logged); i++)
		if (logged[i].tgid == r->tgid && logged[i].start_ns == r->process_start_ns)
			return;
	logged[logged_next].tgid = r->tgid;
	logged[logged_next].start_ns = r->process_start_ns;
	logged_next = (logged_next + 1) % ARRAY_SIZE(logged);
	pr_warn_ratelimited("randomx: %*pE[%u] uid %u computes RandomX (evidence %u of %u)\n",
			    (int)strlen(r->comm), r->comm, r->tgid, r->uid, r->evidence,
			    rule.randomx);
}

static void compare(u32 slot)
{
	struct reported *last = &reported[slot];
	struct roundwatch_tally r;
	bool process, exited;

	if (!record_tally(&r, slot))
		return;
	process = r.flags & ROUNDWATCH_PROCESS;
	exited = r.flags & ROUNDWATCH_EXITED;
	if (last->pid != r.pid || last->start_ns != r.start_ns || last->process != process) {
		/* The slot has another tally by now. */
		*last = (struct reported){
			.start_ns = r.start_ns,
			.pid = r.pid,
			.verdict = ROUNDWATCH_ROUNDING,
			.process = process,
		};
	}
	if (r.verdict >= ROUNDWATCH_SUSPECT && !exited)
		__set_bit(slot, accused);
	else
		__clear_bit(slot, accused);
	if (last->verdict == r.verdict && last->exited == exited)
		return;
	last->verdict = r.verdict;
	last->exited = exited;
	stream_publish(&r);
	if (r.highest == ROUNDWATCH_RANDOMX)
		log_once(&r);
}

static void compare_changed(struct work_struct *work);
static DECLARE_DELAYED_WORK(notice_work, compare_changed);

static void compare_changed(struct work_struct *work)
{
	u32 slot;

	for_each_set_bit(slot, changed, tally_table.size) {
		clear_bit(slot, changed);
		compare(slot);
	}
	for_each_set_bit(slot, accused, tally_table.size)
		compare(slot);
	if (!bitmap_empty(accused, tally_table.size))
		queue_delayed_work(system_power_efficient_wq, &notice_work, HZ);
}

static void queue_notice(struct irq_work *work)
{
	mod_delayed_work(system_power_efficient_wq, &notice_work, 0);
}

static struct irq_work notice_irq_work;

/**
 * notice_change() - a tally's verdict changed, to or from an accusation
 * @t: owned
 *
 * Context: the probes; takes no lock.
 */
void notice_change(const struct tally *t)
{
	set_bit(tally_slot(t), changed);
	irq_work_queue(&notice_irq_work);
}

/**
 * notice_init() - before the first probe
 *
 * Context: process, after tally_init(); may sleep.
 * Return: 0, or -ENOMEM.
 */
int notice_init(void)
{
	init_irq_work(&notice_irq_work, queue_notice);
	changed = kvcalloc(BITS_TO_LONGS(tally_table.size), sizeof(*changed), GFP_KERNEL);
	accused = kvcalloc(BITS_TO_LONGS(tally_table.size), sizeof(*accused), GFP_KERNEL);
	reported = kvcalloc(tally_table.size, sizeof(*reported), GFP_KERNEL);
	if (changed && accused && reported)
		return 0;
	notice_exit();
	return -ENOMEM;
}

/**
 * notice_exit() - after the last probe
 *
 * Context: process; may sleep.
 */
void notice_exit(void)
{
	irq_work_sync(&notice_irq_work);
	cancel_delayed_work_sync(&notice_work);
	kvfree(changed);
	kvfree(accused);
	kvfree(reported);
}
