// SPDX-License-Identifier: GPL-2.0
/* From a score to a verdict, and to the notice of one that changed. */
#include "roundwatch.h"
#include "trace.h"

/*
 * Pages that the process maps, or where there is only one witness, that it uses. Huge
 * pages of hugetlbfs are counted apart.
 */
static unsigned long pages(const struct mm_struct *mm)
{
	unsigned long used;

	if (!rule.lone)
		return READ_ONCE(mm->total_vm);
	used = get_mm_rss((struct mm_struct *)mm);
#ifdef CONFIG_HUGETLB_PAGE
	used += atomic_long_read(&mm->hugetlb_usage);
#endif
	return used;
}

/**
 * judge_memory() - does the process have the memory that RandomX cannot do without?
 * @t: owned, of the process or of one of its threads
 * @mm: of the running task; NULL if it is about to end
 *
 * What the programs of a guest map, the host does not see.
 *
 * Context: the probes.
 * Return: whether it does, as far as is known.
 */
bool judge_memory(struct tally *t, const struct mm_struct *mm)
{
	unsigned long mib;

	if (!(t->flags & ROUNDWATCH_GUEST) && mm) {
		mib = pages(mm) >> (20 - PAGE_SHIFT);
		t->mapped_mib = min_t(unsigned long, mib, U16_MAX);
		verdict_witness(&t->score, mib >= VERDICT_MEMORY_MIB);
		if (tally_is_process(t))
			verdict_witness(&t->looks, mib >= VERDICT_MEMORY_MIB);
	}
	return !t->score.small;
}

static void judge_registers(struct tally *t)
{
	if (!fpu_has_constants())
		return;
	verdict_recognize(&t->score);
	if (tally_is_process(t))
		verdict_recognize(&t->looks);
}

static void set_verdict(struct tally *t, u8 verdict, u32 evidence)
{
	u8 before = t->verdict;

	if (verdict == before)
		return;
	t->verdict = verdict;
	t->highest = max(t->highest, verdict);
	t->since_ns = ktime_get_boot_fast_ns();
	trace_verdict(t, evidence, before);
	if (max(verdict, before) >= ROUNDWATCH_SUSPECT)
		notice_change(t);
}

/**
 * judge_settle() - let the verdict fall as far as its evidence has decayed
 * @t: owned
 *
 * Before a sample enters the score: a verdict that fell between two samples must
 * rise again from where it is now, not from where it was.
 *
 * Context: the probes.
 */
void judge_settle(struct tally *t)
{
	u32 evidence;
	u8 verdict;

	if (t->verdict < ROUNDWATCH_SUSPECT)
		return;
	tally_decay(t, now_ms());
	evidence = verdict_evidence(&rule, tally_score(t));
	verdict = verdict_decide(&rule, evidence, t->verdict);
	/* Nothing rises without a sample. */
	if (verdict < t->verdict)
		set_verdict(t, verdict, evidence);
}

/**
 * judge() - a sample has entered the score; the verdict may change
 * @t: owned, of a thread or of its process
 * @mm: of the running task
 *
 * Context: the probes.
 */
void judge(struct tally *t, const struct mm_struct *mm)
{
	u32 evidence;

	if (verdict_asks(&rule, &t->score) ||
	    (tally_is_process(t) && verdict_asks(&rule, &t->looks))) {
		judge_memory(t, mm);
		judge_registers(t);
	}
	evidence = verdict_evidence(&rule, tally_score(t));
	set_verdict(t, verdict_decide(&rule, evidence, t->verdict), evidence);
}

/**
 * judge_end() - the task has ended, or runs another program
 * @t: owned, and given up
 *
 * Context: the probes.
 */
void judge_end(struct tally *t)
{
	judge_settle(t);
	if (t->verdict >= ROUNDWATCH_SUSPECT)
		notice_change(t);
	tally_end(t);
}
