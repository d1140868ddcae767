/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of tallies: what is known about each thread that has left RN, and about
 * its process.
 *
 * The table is allocated at load and never grows. A tally is found by its key,
 * the address of the thread's task_struct or, for a process, of its
 * signal_struct with bit 0 set, in one set of TALLY_WAYS slots. Keys are stored
 * apart from the tallies, so that a lookup touches two cache lines of keys and
 * then the tally's.
 *
 * To change a tally, a CPU must own it: it sets bit 0 of @seq, or gives up the
 * change; no CPU waits. Nearly always only the thread itself tries, when it leaves
 * its CPU. The others are a thread that replaces a tally in a full set, and threads
 * of one process that update the tally of the process. Readers copy a tally and
 * compare @seq before and after, so they never delay an owner.
 */
#ifndef ROUNDWATCH_TALLY_H
#define ROUNDWATCH_TALLY_H

#include "arch/fpu.h"
#include "compat.h"
#include "verdict.h"

#define TALLY_WAYS		16
#define TALLY_MIN		TALLY_WAYS
#define TALLY_MAX		(1U << 20)
#define TALLY_DEFAULT		4096
#define TALLY_FILTER_BITS	12

/* Keys that are not an address. */
#define TALLY_FREE		0UL
#define TALLY_EXITED		2UL

/**
 * struct tally - one thread, or one process
 * @seq: odd while the tally is owned
 * @count: observations per mode
 * @next_ns: thread CPU time from which the next sample counts
 * @ended_ns: in its place, once the task is gone: CLOCK_BOOTTIME of the end
 * @last: jiffies of the last observation
 * @changes: observations whose mode was not that of the one before
 * @mode: at the last observation
 * @flags: ROUNDWATCH_PROCESS etc.
 * @verdict: the present one
 * @highest: the highest so far
 * @score: of the decision rule
 * @cpu_ns: of a thread: its CPU time at the last sample
 * @process_start_ns: of a thread: start of its process
 * @pid: of a thread, in the initial namespace
 * @control: of a thread, at the last sample: MXCSR or FPCR
 * @look: of a thread: its CPU time at the last look that counted, in units of 1024 ns
 * @second: of a thread, at the last sample: x87 control word, or 0
 * @trail: of a thread: its looks
 * @looks: of a process: a score of looks alone, as a task may have samples at
 *	switches in a mode of its choice, but not looks
 * @start_ns: of the task, and with the key its identity
 * @since_ns: CLOCK_BOOTTIME of the last change of @verdict
 * @first_ns: CLOCK_BOOTTIME of the claim
 * @id: unique as long as the module is loaded
 * @comm: at the last sample, or at exit
 * @tgid: in the initial namespace
 * @uid: real, in the initial namespace
 * @samples: how many counted
 * @bucket: of the filter; TALLY_NO_BUCKET for a process
 * @mapped_mib: memory that the process mapped when the rule last asked
 *
 * An observation touches one cache line, a sample all three.
 */
struct tally {
	unsigned long seq;
	u64 count[ROUNDWATCH_MODES];
	union {
		u64 next_ns;
		u64 ended_ns;
	};
	u64 last;
	u32 changes;
	u8 mode;
	u8 flags;
	u8 verdict;
	u8 highest;

	struct verdict_score score;
	union {
		struct {
			u64 cpu_ns;
			u64 process_start_ns;
			u32 pid;
			u32 control;
			u32 look;
			u16 second;
			struct verdict_trail trail;
		};
		struct verdict_score looks;
	};

	u64 start_ns __aligned(64);
	u64 since_ns;
	u64 first_ns;
	u64 id;
	char comm[16];
	u32 tgid;
	u32 uid;
	u32 samples;
	u16 bucket;
	u16 mapped_mib;
} __aligned(64);

#define TALLY_NO_BUCKET		U16_MAX

/**
 * struct tally_identity - the task of a new tally
 * @key: tally_thread_key() or tally_process_key()
 * @start_ns: start of the task, CLOCK_BOOTTIME
 * @process_start_ns: start of its process, CLOCK_BOOTTIME
 * @pid: in the initial namespace
 * @tgid: in the initial namespace
 * @uid: real, in the initial namespace
 * @bucket: tally_bucket() of the thread, TALLY_NO_BUCKET for a process
 * @comm: name
 */
struct tally_identity {
	unsigned long key;
	u64 start_ns;
	u64 process_start_ns;
	u32 pid;
	u32 tgid;
	u32 uid;
	u16 bucket;
	const char *comm;
};

/* Per CPU, and apart from what other CPUs write of it: the probe counts in it. */
struct tally_counters {
	u64 observations;
	u64 looks;
	u64 claimed;
	u64 evicted;
	u64 dropped;
	u64 contended;
} ____cacheline_aligned;

DECLARE_PER_CPU(struct tally_counters, tally_counters);

/**
 * struct tally_table - all of them
 * @key: of each slot
 * @tally: of each slot
 * @pinned: a bit for each slot: nothing else may be put there
 * @size: slots, a power of two
 * @set_mask: takes a hash to the first slot of a set
 *
 * The probes of all CPUs read it, so it has a cache line that nobody writes.
 */
struct tally_table {
	unsigned long *key;
	struct tally *tally;
	unsigned long *pinned;
	u32 size;
	u32 set_mask;
} ____cacheline_aligned;

extern struct tally_table tally_table;

/*
 * Number of threads with a tally for each bucket. For a thread in RN the probe reads
 * nothing else: zero means that it has no tally.
 */
extern atomic_t tally_filter[1 << TALLY_FILTER_BITS];

/* The multiplier is 2^32 divided by the golden ratio, as in <linux/hash.h>. */
static inline u32 tally_hash(unsigned long address)
{
	return (u32)address * 0x61C88647U;
}

/**
 * tally_bucket() - the filter's bucket of a thread
 * @fpu: address of its struct fpu, which all callers have
 *
 * Return: index of tally_filter[].
 */
static inline u32 tally_bucket(const void *fpu)
{
	return fpu_hash(fpu) >> (32 - TALLY_FILTER_BITS);
}

/* Not atomic_read(): the compiler cannot merge that into the comparison. */
static __always_inline bool tally_likely(u32 bucket)
{
	return tally_filter[bucket].counter != 0;
}

/* The highest bits of a product are mixed best. */
static __always_inline u32 tally_first_slot(unsigned long key)
{
	return (tally_hash(key) >> 12) & tally_table.set_mask;
}

static __always_inline bool tally_own(struct tally *t)
{
	return !test_and_set_bit(0, &t->seq);
}

static inline unsigned long tally_thread_key(const void *task)
{
	return (unsigned long)task;
}

static inline unsigned long tally_process_key(const void *signal)
{
	return (unsigned long)signal | 1;
}

static inline bool tally_is_process(const struct tally *t)
{
	return READ_ONCE(t->bucket) == TALLY_NO_BUCKET;
}

static inline u32 tally_pid(const struct tally *t)
{
	return tally_is_process(t) ? t->tgid : t->pid;
}

static inline u64 tally_process_start_ns(const struct tally *t)
{
	return tally_is_process(t) ? t->start_ns : t->process_start_ns;
}

/* A pinned slot keeps its tally, also when the task has ended. */
static inline void tally_pin(u32 slot)
{
	set_bit(slot, tally_table.pinned);
}

static inline void tally_unpin(u32 slot)
{
	clear_bit(slot, tally_table.pinned);
}

int tally_init(u32 max_tasks);
void tally_exit(void);

struct tally *tally_get(unsigned long key, u64 start_ns);
struct tally *tally_claim(const struct tally_identity *identity);
void tally_end(struct tally *t);

void tally_decay(struct tally *t, u64 now_ms);
const struct verdict_score *tally_score(const struct tally *t);

u32 tally_slot(const struct tally *t);
bool tally_read(u32 slot, struct tally *copy);
void tally_sum(struct tally_counters *sum, u64 *live, u64 *exited);

/**
 * tally_put() - give up ownership
 * @t: owned
 */
static __always_inline void tally_put(struct tally *t)
{
	/* What was changed is seen before it is given up. */
	smp_store_release(&t->seq, READ_ONCE(t->seq) + 1);
}

/**
 * tally_is() - does a slot hold this key?
 * @slot: of the table
 * @key: of a thread or process
 *
 * A plain read, because the compiler cannot merge READ_ONCE() into the comparison.
 * tally_own() is a barrier between two of them.
 *
 * Return: whether it did. Only the owner of the tally may rely on it.
 */
static __always_inline bool tally_is(u32 slot, unsigned long key)
{
	return tally_table.key[slot] == key;
}

/**
 * tally_count() - enter an observation
 * @t: owned
 * @mode: of the observation
 */
static __always_inline void tally_count(struct tally *t, u8 mode)
{
	t->count[mode]++;
	if (unlikely(t->mode != mode)) {
		t->changes++;
		t->mode = mode;
	}
	t->last = get_jiffies_64();
}

#endif /* ROUNDWATCH_TALLY_H */
