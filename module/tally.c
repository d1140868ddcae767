// SPDX-License-Identifier: GPL-2.0
/* The table of tallies; tally.h describes it. */
#include "self.h"
#include "tally.h"

struct tally_table tally_table __read_mostly;
atomic_t tally_filter[1 << TALLY_FILTER_BITS] ____cacheline_aligned;
DEFINE_PER_CPU(struct tally_counters, tally_counters);

/*
 * A new tally is not evicted until it had this many samples, as long as there is a new
 * one within this many nanoseconds. A miner has one every 50 ms.
 */
#define PROOF_SAMPLES	32
#define PROOF_NS	(NSEC_PER_SEC / 10)

/**
 * tally_init() - allocate the table
 * @max_tasks: tallies it holds, a power of two, TALLY_MIN to TALLY_MAX
 *
 * Context: process; may sleep.
 * Return: 0, or -ENOMEM.
 */
int tally_init(u32 max_tasks)
{
	tally_table.key = kvcalloc(max_tasks, sizeof(*tally_table.key), GFP_KERNEL);
	/* kvcalloc() would round up to a power of two of pages: a third more. */
	tally_table.tally = vzalloc((size_t)max_tasks * sizeof(*tally_table.tally));
	tally_table.pinned = kvcalloc(BITS_TO_LONGS(max_tasks), sizeof(long), GFP_KERNEL);
	if (!tally_table.key || !tally_table.tally || !tally_table.pinned) {
		tally_exit();
		return -ENOMEM;
	}
	tally_table.size = max_tasks;
	tally_table.set_mask = max_tasks - TALLY_WAYS;
	return 0;
}

/**
 * tally_exit() - free the table
 *
 * Context: process; no user of the table may be left.
 */
void tally_exit(void)
{
	kvfree(tally_table.key);
	vfree(tally_table.tally);
	kvfree(tally_table.pinned);
	tally_table.key = NULL;
	tally_table.tally = NULL;
	tally_table.pinned = NULL;
	tally_table.size = 0;
}

u32 tally_slot(const struct tally *t)
{
	return t - tally_table.tally;
}

/**
 * tally_decay() - let old history fade
 * @t: owned, or a copy
 * @now_ms: wall time in milliseconds
 */
void tally_decay(struct tally *t, u64 now_ms)
{
	verdict_decay(&rule, &t->score, now_ms);
	if (tally_is_process(t))
		verdict_decay(&rule, &t->looks, now_ms);
}

/**
 * tally_score() - the score that decides
 * @t: owned, or a copy
 *
 * Return: of a process, the one with more evidence.
 */
const struct verdict_score *tally_score(const struct tally *t)
{
	if (tally_is_process(t) &&
	    verdict_evidence(&rule, &t->looks) > verdict_evidence(&rule, &t->score))
		return &t->looks;
	return &t->score;
}

/* Hide an owned tally from lookups. */
static void unkey(struct tally *t, unsigned long key)
{
	WRITE_ONCE(tally_table.key[tally_slot(t)], key);
	if (!tally_is_process(t))
		atomic_dec(&tally_filter[t->bucket]);
}

/**
 * tally_end() - the task is gone; its tally stays readable
 * @t: owned, and given up
 */
void tally_end(struct tally *t)
{
	t->flags |= ROUNDWATCH_EXITED;
	t->ended_ns = ktime_get_boot_fast_ns();
	unkey(t, TALLY_EXITED);
	tally_put(t);
}

/**
 * tally_get() - find a tally and own it
 * @key: of the thread or process
 * @start_ns: its start; a tally with another start belongs to a predecessor at
 *	the same address and is ended
 *
 * Context: interrupts off, so that the owner is not switched out.
 * Return: the tally, to be given up by tally_put() or tally_end(); NULL if
 * there is none; ERR_PTR(-EBUSY) if it has another owner now.
 */
struct tally *tally_get(unsigned long key, u64 start_ns)
{
	u32 slot = tally_first_slot(key);
	u32 end = slot + TALLY_WAYS;

	for (; slot < end; slot++) {
		struct tally *t = &tally_table.tally[slot];

		if (!tally_is(slot, key))
			continue;
		if (!tally_own(t)) {
			this_cpu_inc(tally_counters.contended);
			return ERR_PTR(-EBUSY);
		}
		if (tally_is(slot, key) && t->start_ns == start_ns)
			return t;
		/* It was replaced before it was owned, or its task has ended. */
		if (tally_is(slot, key))
			tally_end(t);
		else
			tally_put(t);
		return NULL;
	}
	return NULL;
}

/*
 * The order in which tallies of a full set give way: the exited before the living,
 * those that were never accused before those that were, and then the one with the
 * least evidence as of now; among equals the one that had most samples to show
 * some, so that a newcomer is not replaced before it could prove anything. The
 * pinned, among them all that stand accused, do not give way. Read without owning:
 * a wrong guess is a fair one.
 */
struct candidate {
	u32 slot;
	bool live;
	bool was_accused;
	bool unproven;
	u32 evidence;
	u64 samples;
};

static bool before(const struct candidate *a, const struct candidate *b)
{
	if (a->live != b->live)
		return b->live;
	if (a->was_accused != b->was_accused)
		return b->was_accused;
	if (a->unproven != b->unproven)
		return b->unproven;
	if (a->evidence != b->evidence)
		return a->evidence < b->evidence;
	return a->samples > b->samples;
}

static __no_kcsan struct candidate candidate(u32 slot, unsigned long key, u64 now_ns)
{
	struct tally t = tally_table.tally[slot];
	struct candidate c = {
		.slot = slot,
		.live = key != TALLY_EXITED,
		.samples = t.samples,
	};

	/* Among the living, only what they can show now counts. */
	c.was_accused = !c.live && t.highest >= ROUNDWATCH_SUSPECT;
	if (c.live)
		tally_decay(&t, now_ms());

	c.unproven = c.samples < PROOF_SAMPLES &&
		     now_ns - t.first_ns < (c.samples + 2) * PROOF_NS;
	/* Evidence that a process only inherited does not count. */
	if (c.samples)
		c.evidence = verdict_points(&t.score);
	if (c.samples && tally_is_process(&t))
		c.evidence += verdict_points(&t.looks);
	return c;
}

/* Own the tally of a slot if the slot still has the key. */
static struct tally *own_slot(u32 slot, unsigned long key)
{
	struct tally *t = &tally_table.tally[slot];

	if (!tally_own(t)) {
		this_cpu_inc(tally_counters.contended);
		return NULL;
	}
	if (!tally_is(slot, key)) {
		this_cpu_inc(tally_counters.contended);
		tally_put(t);
		return NULL;
	}
	return t;
}

/*
 * Finds a free slot of the set, or one whose tally gives way, and owns it.
 * Threads look from the first slot, where the hot path expects them, processes
 * from the last. NULL: no room.
 */
static struct tally *make_room(const struct tally_identity *id, u64 now_ns)
{
	u32 first = tally_first_slot(id->key), i;
	struct candidate best = {
		.live = true, .unproven = true, .evidence = U32_MAX,
	};
	unsigned long key = TALLY_FREE;
	struct tally *t;

	for (i = 0; i < TALLY_WAYS; i++) {
		bool process = id->bucket == TALLY_NO_BUCKET;
		u32 slot = process ? first + TALLY_WAYS - 1 - i : first + i;
		unsigned long k = READ_ONCE(tally_table.key[slot]);
		struct candidate c;

		if (k == TALLY_FREE) {
			best.slot = slot;
			key = k;
			goto found;
		}
		if (test_bit(slot, tally_table.pinned))
			continue;
		c = candidate(slot, k, now_ns);
		if (before(&c, &best)) {
			best = c;
			key = k;
		}
	}
	/*
	 * Tasks that all claim as fast as they come must leave a miner among them,
	 * once it is in, the time to prove itself.
	 */
	if (best.live && best.unproven) {
		this_cpu_inc(tally_counters.dropped);
		return NULL;
	}
found:
	t = own_slot(best.slot, key);
	/* Only an owner pins: what was read above may have changed since. */
	if (t && test_bit(best.slot, tally_table.pinned)) {
		tally_put(t);
		this_cpu_inc(tally_counters.dropped);
		return NULL;
	}
	if (t && key != TALLY_FREE && key != TALLY_EXITED) {
		this_cpu_inc(tally_counters.evicted);
		unkey(t, TALLY_EXITED);
	}
	return t;
}

/*
 * All but the seq, which belongs to the slot, and which must not be touched: were
 * it even but for a moment, the tally would have a second owner.
 */
static void fill(struct tally *t, const struct tally *with)
{
	const size_t skip = sizeof(t->seq);

	memcpy((char *)t + skip, (const char *)with + skip, sizeof(*t) - skip);
}

/*
 * The kernel uses the task_struct of a task that is gone again at once, so that
 * the new task's tally belongs where the old task's stands. That one moves to
 * the slot that was found. One that is pinned stays, and its successor has to do
 * with the second best.
 */
static struct tally *move_in(struct tally *found, u32 first)
{
	struct tally *home = &tally_table.tally[first];

	if (found == home || !tally_is(first, TALLY_EXITED) || !tally_own(home))
		return found;
	if (!tally_is(first, TALLY_EXITED) || test_bit(first, tally_table.pinned)) {
		tally_put(home);
		return found;
	}
	fill(found, home);
	WRITE_ONCE(tally_table.key[tally_slot(found)], TALLY_EXITED);
	tally_put(found);
	return home;
}

/*
 * Threads of one process may claim for it at the same moment, and must not end
 * up with two tallies. Each shows its own first and then looks for the other's;
 * a thread that sees one gives up, and if both do, the next sample claims again.
 */
static bool has_twin(const struct tally *t, unsigned long key)
{
	u32 slot = tally_first_slot(key);
	u32 end = slot + TALLY_WAYS;

	/* Ours is shown before the others are looked at; pairs with the twin's. */
	smp_mb();
	for (; slot < end; slot++)
		if (READ_ONCE(tally_table.key[slot]) == key && slot != tally_slot(t))
			return true;
	return false;
}

/* Counted per CPU, so that no cache line is shared; the CPU number makes it unique. */
static u64 new_id(void)
{
	static DEFINE_PER_CPU(u64, claims);

	return (u64)(smp_processor_id() + 1) << 48 | this_cpu_inc_return(claims);
}

/**
 * tally_claim() - a tally for a task that has none
 * @id: of the task; only the task itself, or its parent in fork, may claim
 *
 * Context: interrupts off.
 * Return: a tally of zeros but for the identity, owned; NULL if the table has
 * no room for it.
 */
struct tally *tally_claim(const struct tally_identity *id)
{
	u64 now_ns = ktime_get_boot_fast_ns();
	struct tally *t = make_room(id, now_ns);
	struct tally fresh = {
		.start_ns = id->start_ns,
		.tgid = id->tgid,
		.uid = id->uid,
		.bucket = id->bucket,
		.first_ns = now_ns,
		.last = get_jiffies_64(),
		.since_ns = now_ns,
		.id = new_id(),
	};

	if (!t)
		return NULL;
	memcpy(fresh.comm, id->comm, sizeof(fresh.comm));
	if (id->bucket != TALLY_NO_BUCKET) {
		t = move_in(t, tally_first_slot(id->key));
		fresh.pid = id->pid;
		fresh.process_start_ns = id->process_start_ns;
	}
	fill(t, &fresh);
	if (id->bucket != TALLY_NO_BUCKET)
		atomic_inc(&tally_filter[id->bucket]);
	WRITE_ONCE(tally_table.key[tally_slot(t)], id->key);
	if (id->bucket == TALLY_NO_BUCKET && has_twin(t, id->key)) {
		unkey(t, TALLY_FREE);
		tally_put(t);
		this_cpu_inc(tally_counters.contended);
		return NULL;
	}
	this_cpu_inc(tally_counters.claimed);
	return t;
}

/* Word by word and hidden from the race detector: seq shows whether there was a race. */
static __no_kcsan void copy_racy(struct tally *to, const struct tally *from)
{
	const u64 *src = (const u64 *)from;
	u64 *dst = (u64 *)to;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(u64); i++)
		dst[i] = READ_ONCE(src[i]);
}

/**
 * tally_read() - a consistent copy of a tally
 * @slot: of the table, below tally_table.size
 * @copy: where to
 *
 * Context: any but the probe.
 * Return: false if the slot is free, or did not hold still.
 */
bool tally_read(u32 slot, struct tally *copy)
{
	const struct tally *t = &tally_table.tally[slot];
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		unsigned long seq;

		if (READ_ONCE(tally_table.key[slot]) == TALLY_FREE)
			return false;
		/* The copy comes after seq; pairs with tally_put(). */
		seq = smp_load_acquire(&t->seq);
		if (!(seq & 1)) {
			copy_racy(copy, t);
			/* And before seq is looked at again; pairs with who owns it. */
			smp_rmb();
			if (READ_ONCE(t->seq) == seq)
				return true;
		}
		cpu_relax();
	}
	return false;
}

/**
 * tally_sum() - the counters of all CPUs
 * @sum: where to
 * @live: tallies whose task lives
 * @exited: tallies whose task is gone
 *
 * Context: any but the probe.
 */
void tally_sum(struct tally_counters *sum, u64 *live, u64 *exited)
{
	u32 slot;
	int cpu;

	*sum = (struct tally_counters){ 0 };
	for_each_possible_cpu(cpu) {
		const struct tally_counters *c = per_cpu_ptr(&tally_counters, cpu);

		sum->observations += READ_ONCE(c->observations);
		sum->looks += READ_ONCE(c->looks);
		sum->claimed += READ_ONCE(c->claimed);
		sum->evicted += READ_ONCE(c->evicted);
		sum->dropped += READ_ONCE(c->dropped);
		sum->contended += READ_ONCE(c->contended);
	}
	*live = 0;
	*exited = 0;
	for (slot = 0; slot < tally_table.size; slot++) {
		unsigned long key = READ_ONCE(tally_table.key[slot]);

		*live += key != TALLY_FREE && key != TALLY_EXITED;
		*exited += key == TALLY_EXITED;
	}
}
