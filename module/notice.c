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
 *
 * A slot stays pinned from the moment that its tally has news until the news was
 * published, and as long as its tally stands accused: nothing else may be put
 * there, so that no rise and no end is lost.
 */
#include "roundwatch.h"

/**
 * struct reported - what was last reported of a slot
 * @id: of the tally; 0: nothing was reported
 * @verdict: the one reported last
 * @highest: the highest one reported
 * @exited: the end was reported
 * @unlogged: a line for the kernel log is due
 */
struct reported {
	u64 id;
	u8 verdict;
	u8 highest;
	bool exited;
	bool unlogged;
};

static unsigned long *changed __read_mostly;	/* a bit for each slot */
static unsigned long *accused __read_mostly;	/* a bit for each slot to compare every second */
static struct reported *reported __read_mostly;

/* The processes that a line was printed for lately: one each, whatever its threads do. */
static struct {
	u32 tgid;
	u64 start_ns;
} logged[64];
static unsigned int logged_next;

/*
 * The processes that were accused lately, to count each once, whatever its threads do: the table
 * may have replaced the tally that accused it first.
 */
static struct risen {
	u64 start_ns;
	u32 tgid;
	u8 highest;
} risen[1024];
static unsigned int risen_next;

static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

/* False if there were too many lines lately; then the caller must try again. */
static bool log_once(const struct roundwatch_tally *r)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(logged); i++)
		if (logged[i].tgid == r->tgid && logged[i].start_ns == r->process_start_ns)
			return true;
	if (!__ratelimit(&limit))
		return false;
	logged[logged_next].tgid = r->tgid;
	logged[logged_next].start_ns = r->process_start_ns;
	logged_next = (logged_next + 1) % ARRAY_SIZE(logged);
	pr_warn("randomx: %*pE[%u] uid %u computes RandomX (evidence %u of %u); see roundwatch explain %u\n",
		(int)strlen(r->comm), r->comm, r->tgid, r->uid, r->evidence, rule.randomx, r->tgid);
	return true;
}

static struct risen *find_risen(const struct roundwatch_tally *r)
{
	struct risen *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(risen); i++)
		if (risen[i].tgid == r->tgid && risen[i].start_ns == r->process_start_ns)
			return &risen[i];
	p = &risen[risen_next];
	risen_next = (risen_next + 1) % ARRAY_SIZE(risen);
	*p = (struct risen){
		.start_ns = r->process_start_ns,
		.tgid = r->tgid,
		.highest = ROUNDWATCH_ROUNDING,
	};
	return p;
}

/* Who becomes randomx has become suspect on the way. */
static void count_rise(const struct roundwatch_tally *r)
{
	struct risen *p = find_risen(r);

	while (p->highest < r->highest)
		record_reached(++p->highest, r->header.time_ns);
}

static void publish(const struct roundwatch_tally *r, struct reported *last)
{
	if (r->highest > last->highest)
		count_rise(r);
	last->verdict = r->verdict;
	last->highest = r->highest;
	last->exited = r->flags & ROUNDWATCH_EXITED;
	stream_publish(r);
	last->unlogged = r->highest == ROUNDWATCH_RANDOMX;
}

/*
 * A verdict that rose, and has fallen again or was the last before the end, is
 * reported as risen first: an end says nothing new about a verdict.
 */
static void publish_rise(const struct roundwatch_tally *r, u8 verdict, struct reported *last)
{
	struct roundwatch_tally then = *r;

	then.verdict = verdict;
	then.flags &= ~ROUNDWATCH_EXITED;
	publish(&then, last);
}

static void compare(const struct roundwatch_tally *r, u32 slot)
{
	bool exited = r->flags & ROUNDWATCH_EXITED;
	struct reported *last = &reported[slot];

	if (last->id != r->id)
		*last = (struct reported){
			.id = r->id,
			.verdict = ROUNDWATCH_ROUNDING,
			.highest = ROUNDWATCH_ROUNDING,
		};
	if (r->highest > max(last->highest, r->verdict))
		publish_rise(r, r->highest, last);
	else if (exited && r->verdict > last->verdict)
		publish_rise(r, r->verdict, last);
	if (last->verdict != r->verdict || last->exited != exited)
		publish(r, last);
	if (last->unlogged)
		last->unlogged = !log_once(r);
	if ((r->verdict >= ROUNDWATCH_SUSPECT && !exited) || last->unlogged)
		__set_bit(slot, accused);
	else
		__clear_bit(slot, accused);
}

/* Unless its tally is accused, or has news again. */
static void unpin(u32 slot)
{
	if (test_bit(slot, accused))
		return;
	tally_unpin(slot);
	/* Pairs with notice_change(): it sees the slot unpinned, or the bit is seen here. */
	smp_mb__after_atomic();
	if (test_bit(slot, changed))
		tally_pin(slot);
}

static void compare_slots(const unsigned long *slots, bool processes)
{
	struct roundwatch_tally r;
	u32 slot;

	for_each_set_bit(slot, slots, tally_table.size) {
		if (tally_is_process(&tally_table.tally[slot]) != processes)
			continue;
		clear_bit(slot, changed);
		/* A change from now on sets the bit again. */
		smp_mb__after_atomic();
		if (record_tally(&r, slot))
			compare(&r, slot);
		else
			set_bit(slot, changed);	/* it did not hold still: once more, later */
		unpin(slot);
	}
}

static void compare_changed(struct work_struct *work);
static DECLARE_DELAYED_WORK(notice_work, compare_changed);

/* Threads first, so that the end of a process comes after the ends of its threads. */
static void compare_changed(struct work_struct *work)
{
	compare_slots(changed, false);
	compare_slots(accused, false);
	compare_slots(changed, true);
	compare_slots(accused, true);
	if (!bitmap_empty(accused, tally_table.size) || !bitmap_empty(changed, tally_table.size))
		queue_delayed_work(workqueue, &notice_work, HZ);
}

static void queue_notice(struct irq_work *work)
{
	mod_delayed_work(workqueue, &notice_work, 0);
}

/* Hard, as on a PREEMPT_RT kernel others run in a thread of the CPU. */
static struct irq_work notice_irq_work = IRQ_WORK_INIT_HARD(queue_notice);

/**
 * notice_change() - a tally's verdict changed, to or from an accusation
 * @t: owned
 *
 * Context: the probes; takes no lock.
 */
void notice_change(const struct tally *t)
{
	u32 slot = tally_slot(t);

	set_bit(slot, changed);
	/* Pairs with unpin(). */
	smp_mb__after_atomic();
	tally_pin(slot);
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
	/* No line about lines that come a little later. */
	ratelimit_set_flags(&limit, RATELIMIT_MSG_ON_RELEASE);
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
