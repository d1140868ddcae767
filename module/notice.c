// SPDX-License-Identifier: GPL-2.0
/*
 * From a verdict that changed, found where nothing may wait or print, to the
 * kernel log and to the readers of the device.
 *
 * The probe sets the bit of the tally's slot and queues an irq_work, that queues
 * a work item, and that compares the slot with what was last told of it. What
 * is new goes to a ring of records, which every reader follows at its own pace.
 * As evidence decays, verdicts also fall without a sample to notice it by, so
 * while there is anybody accused, the accused are looked through every second.
 */
#include "roundwatch.h"

#define RING	256		/* records; a power of two */

/* What was last told of a slot. */
struct told {
	u64 start_ns;
	u32 pid;
	u8 verdict;
	bool process;
	bool exited;
};

static unsigned long *changed;		/* a bit for each slot */
static struct told *told;
static unsigned long *accused;		/* a bit for each slot told to be suspect or randomx */

static struct roundwatch_tally *ring;
static u64 head;			/* records ever written */
static u64 lost_records;		/* by all readers together */
static DEFINE_MUTEX(ring_lock);

static void publish(const struct roundwatch_tally *r)
{
	mutex_lock(&ring_lock);
	ring[head % RING] = *r;
	WRITE_ONCE(head, head + 1);
	mutex_unlock(&ring_lock);
	chardev_wake();
}

/* Whom a line was printed for lately: one a process, however many threads. */
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

static void tell(u32 slot)
{
	struct told *last = &told[slot];
	struct roundwatch_tally r;
	bool process, exited;

	if (!record_tally(&r, slot))
		return;
	process = r.flags & ROUNDWATCH_PROCESS;
	exited = r.flags & ROUNDWATCH_EXITED;
	if (last->pid != r.pid || last->start_ns != r.start_ns || last->process != process) {
		/* Another's slot by now. */
		*last = (struct told){
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
	publish(&r);
	if (r.highest == ROUNDWATCH_RANDOMX)
		log_once(&r);
}

static void work_through(struct work_struct *work);
static DECLARE_DELAYED_WORK(notice_work, work_through);

static void work_through(struct work_struct *work)
{
	u32 slot;

	for_each_set_bit(slot, changed, tally_table.size) {
		clear_bit(slot, changed);
		tell(slot);
	}
	for_each_set_bit(slot, accused, tally_table.size)
		tell(slot);
	if (!bitmap_empty(accused, tally_table.size))
		queue_delayed_work(system_power_efficient_wq, &notice_work, HZ);
}

static void hand_over(struct irq_work *work)
{
	mod_delayed_work(system_power_efficient_wq, &notice_work, 0);
}

static struct irq_work hand_over_work;

/**
 * notice_change() - a tally's verdict changed, to or from an accusation
 * @t: owned
 *
 * Context: the probes; takes no lock.
 */
void notice_change(const struct tally *t)
{
	set_bit(tally_slot(t), changed);
	irq_work_queue(&hand_over_work);
}

/**
 * notice_start() - a reader begins to follow
 * @reader: will be given what is published from now on
 */
void notice_start(struct notice_reader *reader)
{
	reader->next = READ_ONCE(head);
}

bool notice_pending(const struct notice_reader *reader)
{
	return READ_ONCE(head) != reader->next;
}

/**
 * notice_read() - the next record for a reader
 * @reader: with one pending
 * @r: where to
 *
 * Context: process; may sleep.
 * Return: 0, or how many records the reader has lost; then @r is not set.
 */
u64 notice_read(struct notice_reader *reader, struct roundwatch_tally *r)
{
	u64 lost = 0;

	mutex_lock(&ring_lock);
	if (head - reader->next > RING) {
		lost = head - RING - reader->next;
		reader->next = head - RING;
		WRITE_ONCE(lost_records, lost_records + lost);
	} else {
		*r = ring[reader->next++ % RING];
	}
	mutex_unlock(&ring_lock);
	return lost;
}

/**
 * notice_lost() - how many records readers have lost so far
 *
 * Context: any.
 */
u64 notice_lost(void)
{
	return READ_ONCE(lost_records);
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
	changed = kvcalloc(BITS_TO_LONGS(tally_table.size), sizeof(*changed), GFP_KERNEL);
	accused = kvcalloc(BITS_TO_LONGS(tally_table.size), sizeof(*accused), GFP_KERNEL);
	told = kvcalloc(tally_table.size, sizeof(*told), GFP_KERNEL);
	ring = kvcalloc(RING, sizeof(*ring), GFP_KERNEL);
	if (changed && accused && told && ring)
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
	irq_work_sync(&hand_over_work);
	cancel_delayed_work_sync(&notice_work);
	kvfree(changed);
	kvfree(accused);
	kvfree(told);
	kvfree(ring);
}
