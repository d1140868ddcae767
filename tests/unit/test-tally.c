// SPDX-License-Identifier: GPL-2.0
/*
 * The table of tallies, module/tally.c: what each call does, what a flood of
 * tasks does to a miner, and what threads in the place of CPUs do to it all.
 *
 * SLOW is set where a sanitizer makes everything some ten times slower.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "self.h"
#include "tally.h"
#include "tap.h"

#ifndef SLOW
#define SLOW 0
#endif

/* Reads that tally.h says are plain by design; the compiler may not tear them. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:^tally_is$\nrace:^tally_likely$\n";
}

/* To know those it has to remember where a read was; it forgets soon else. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "history_size=7";
}

struct verdict_rule rule = {
	.suspect = VERDICT_SUSPECT_DEFAULT,
	.randomx = VERDICT_RANDOMX_DEFAULT,
	.decay = VERDICT_DECAY_DEFAULT,
	.gap_ns = VERDICT_GAP_DEFAULT * 1000,
};

/* Marsaglia's xorshift32. */
static u32 next_random(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void setup(u32 size)
{
	memset(shim_percpu, 0, sizeof(shim_percpu));
	memset(tally_filter, 0, sizeof(tally_filter));
	shim_jiffies = 1000000;
	if (tally_init(size))
		abort();
}

static struct tally_counters counters(u64 *live, u64 *exited)
{
	struct tally_counters sum;

	tally_sum(&sum, live, exited);
	return sum;
}

static long filter_total(void)
{
	long total = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tally_filter); i++)
		total += atomic_read(&tally_filter[i]);
	return total;
}

static bool filter_negative(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tally_filter); i++)
		if (atomic_read(&tally_filter[i]) < 0)
			return true;
	return false;
}

#define PROCESS_START(start)	((start) ^ 0x5555aaaa5555aaaaULL)

static void name_of(char comm[16], u32 pid)
{
	memset(comm, 0, 16);
	snprintf(comm, 16, "task-%u", pid);
}

static struct tally *claim(unsigned long key, u64 start_ns, u32 pid, u32 bucket)
{
	char comm[16];
	struct tally_identity id = {
		.key = key,
		.start_ns = start_ns,
		.process_start_ns = PROCESS_START(start_ns),
		.pid = pid,
		.tgid = ~pid,
		.uid = pid + 1,
		.bucket = bucket,
		.comm = comm,
	};

	name_of(comm, pid);
	return tally_claim(&id);
}

/* The n-th key, from 0, of the set that 4096 belongs to. */
static unsigned long key_of_set(unsigned int n)
{
	unsigned long key = 4096;

	for (;; key += 64)
		if (tally_first_slot(key) == tally_first_slot(4096) && !n--)
			return key;
}

static int slots_with(unsigned long key)
{
	int n = 0;
	u32 slot;

	for (slot = 0; slot < tally_table.size; slot++)
		n += READ_ONCE(tally_table.key[slot]) == key;
	return n;
}

static void test_lifecycle(void)
{
	u64 live, exited;
	struct tally copy, *t;
	u32 slot;

	setup(64);
	ok(!tally_get(4096, 7), "an empty table finds nothing");
	ok(!tally_read(0, &copy), "a free slot cannot be read");
	ok(!tally_likely(5), "the filter begins empty");

	t = claim(4096, 7, 42, 5);
	if (!ok(t && !IS_ERR(t), "an empty table has room"))
		return;
	slot = tally_slot(t);
	ok(slot >= tally_first_slot(4096) && slot < tally_first_slot(4096) + TALLY_WAYS,
	   "the slot is one of the key's set");
	ok(t->start_ns == 7 && t->process_start_ns == PROCESS_START(7) && t->pid == 42 &&
	   t->tgid == ~42U && t->uid == 43 && t->bucket == 5 && !strcmp(t->comm, "task-42"),
	   "a claimed tally has the identity");
	ok(!t->count[0] && !t->count[1] && !t->changes && !t->samples && !t->verdict &&
	   !t->flags && !t->next_ns && t->first_ns == ktime_get_boot_fast_ns() &&
	   t->since_ns == t->first_ns && t->last == shim_jiffies && t->id,
	   "and zeros, and the time");
	ok(t->seq & 1, "it is owned");
	ok(!tally_read(slot, &copy), "what is owned cannot be read");
	ok(PTR_ERR(tally_get(4096, 7)) == -EBUSY, "what is owned is busy");
	is(counters(&live, &exited).contended, 1, "and that is counted");
	ok(tally_likely(5), "the filter knows the bucket");

	shim_jiffies += 3;
	tally_count(t, ROUNDWATCH_RU);
	tally_count(t, ROUNDWATCH_RU);
	tally_count(t, ROUNDWATCH_RN);
	tally_put(t);
	ok(!(t->seq & 1), "put gives it up");
	ok(tally_get(4096, 7) == t, "get finds it");
	tally_put(t);
	ok(tally_read(slot, &copy) && copy.count[ROUNDWATCH_RU] == 2 &&
	   copy.count[ROUNDWATCH_RN] == 1 && copy.changes == 2 &&
	   copy.last == shim_jiffies &&
	   copy.first_ns == ktime_get_boot_fast_ns() - 3 * (NSEC_PER_SEC / HZ) &&
	   copy.mode == ROUNDWATCH_RN,
	   "a reader gets what was counted");

	t = tally_get(4096, 7);
	shim_jiffies += 10;
	tally_end(t);
	ok(!tally_get(4096, 7), "get does not find what has ended");
	ok(!tally_likely(5), "neither does the filter");
	ok(tally_read(slot, &copy) && (copy.flags & ROUNDWATCH_EXITED) && copy.pid == 42 &&
	   copy.count[ROUNDWATCH_RU] == 2 && copy.ended_ns == ktime_get_boot_fast_ns(),
	   "but it stays readable, marked as exited, with the time of the end");
	counters(&live, &exited);
	ok(live == 0 && exited == 1, "and is summed up as exited");
	tally_exit();
}

static void test_identity(void)
{
	u64 live, exited;
	struct tally copy, *t, *p;
	u32 slot;

	setup(64);
	t = claim(4096, 7, 42, 5);
	tally_count(t, ROUNDWATCH_RZ);
	t->score.part[VERDICT_RZ] = 99;
	t->verdict = t->highest = ROUNDWATCH_RANDOMX;
	t->flags = ROUNDWATCH_GUEST;
	t->samples = 17;
	t->next_ns = 1000;
	slot = tally_slot(t);
	tally_put(t);

	ok(!tally_get(4096, 8), "another start at the same address is another task");
	ok(tally_read(slot, &copy) && (copy.flags & ROUNDWATCH_EXITED),
	   "its predecessor there has ended by that");
	is(atomic_read(&tally_filter[5]), 0, "and left the filter");
	t = claim(4096, 8, 43, 6);
	ok(t && t->pid == 43 && t->start_ns == 8 && !t->count[3] && !t->score.part[VERDICT_RZ] &&
	   !t->verdict && !t->highest && !t->flags && !t->samples && !t->next_ns,
	   "the successor inherits nothing");
	tally_put(t);
	ok(!tally_get(4096, 7), "the old start is not found");
	ok(!tally_get(4096, 8), "and ended the new one: the task that asks is the present one");

	t = claim(tally_thread_key((void *)4096), 9, 44, 6);
	tally_put(t);
	p = claim(tally_process_key((void *)4096), 9, 44, TALLY_NO_BUCKET);
	ok(p && p != t, "a thread and a process at one address are two");
	tally_put(p);
	ok(tally_get(4096 | 1, 9) == p, "the process is found by its key");
	is(filter_total(), 1, "a process is not in the filter");
	tally_end(p);
	ok(tally_get(4096, 9) == t, "the thread outlives it");
	tally_end(t);
	is(filter_total(), 0, "the filter is empty after the last");
	counters(&live, &exited);
	is(live, 0, "and nobody lives");
	tally_exit();
}

/* Evidence as of now; the score fades from now on. */
static void set_evidence(struct tally *t, u16 points)
{
	t->score.part[VERDICT_RU] = points;
	t->score.decay_ms = now_ms();
}

/* As notice.c does for a tally that is accused. */
static void accuse(struct tally *t, u8 verdict)
{
	t->verdict = t->highest = verdict;
	tally_pin(tally_slot(t));
}

/* A full set: which tally gives way? All are old enough for whatever grace there is. */
static void test_full_set(void)
{
	struct tally_counters sum;
	u64 live, exited;
	struct tally *t;
	int i;

	setup(16 * TALLY_WAYS);
	for (i = 0; i < TALLY_WAYS; i++) {
		t = claim(key_of_set(i), 1, i, i);
		t->samples = 1000;
		tally_put(t);
	}
	shim_jiffies += 1000 * HZ;
	for (i = 0; i < TALLY_WAYS; i++) {
		t = tally_get(key_of_set(i), 1);
		set_evidence(t, 30 + i);
		tally_put(t);
	}
	sum = counters(&live, &exited);
	ok(live == TALLY_WAYS && !exited && !sum.evicted && !sum.dropped &&
	   sum.claimed == TALLY_WAYS, "a set takes %d", TALLY_WAYS);

	/* The two with the most evidence exit; one of them was accused. */
	t = tally_get(key_of_set(15), 1);
	t->verdict = t->highest = ROUNDWATCH_ROUNDING;
	tally_end(t);
	t = tally_get(key_of_set(14), 1);
	t->highest = ROUNDWATCH_SUSPECT;
	tally_end(t);
	t = claim(key_of_set(16), 1, 16, 16);
	ok(t, "a full set with exited tallies has room");
	t->samples = 1000;
	set_evidence(t, 500);
	tally_put(t);
	for (i = 0; i < TALLY_WAYS; i++) {
		struct tally copy;

		if (tally_read(tally_first_slot(4096) + i, &copy) && copy.pid == 14)
			break;
	}
	ok(i < TALLY_WAYS, "of two exited, the one that was not accused gave way");
	t = claim(key_of_set(17), 1, 17, 17);
	t->samples = 1000;
	set_evidence(t, 500);
	tally_put(t);
	sum = counters(&live, &exited);
	ok(live == TALLY_WAYS && !exited && !sum.evicted, "the exited go first, nobody is evicted");

	/* Evidence 30 to 43 is left, and two of 500. */
	t = claim(key_of_set(18), 1, 18, 18);
	ok(t, "a full set of old tallies has room for a newcomer");
	t->samples = 1000;
	set_evidence(t, 500);
	tally_put(t);
	ok(!slots_with(key_of_set(0)), "the one with the least evidence gave way");
	is(counters(&live, &exited).evicted, 1, "and was counted");
	is(atomic_read(&tally_filter[0]), 0, "and is not in the filter any more");
	is(atomic_read(&tally_filter[18]), 1, "the newcomer is");

	/* Equals: 1 and 2 have the same evidence, 2 had more time to show some. */
	t = tally_get(key_of_set(1), 1);
	set_evidence(t, 32);
	tally_put(t);
	t = tally_get(key_of_set(2), 1);
	t->samples = 2000;
	tally_put(t);
	t = claim(key_of_set(19), 1, 19, 19);
	t->samples = 1000;
	set_evidence(t, 500);
	tally_put(t);
	ok(slots_with(key_of_set(1)) && !slots_with(key_of_set(2)),
	   "of equals, the one with more samples gave way");

	/* A pinned one never does, however little evidence it has just now. */
	t = tally_get(key_of_set(1), 1);
	accuse(t, ROUNDWATCH_SUSPECT);
	set_evidence(t, 0);
	tally_put(t);
	t = claim(key_of_set(20), 1, 20, 20);
	t->samples = 1000;
	set_evidence(t, 500);
	tally_put(t);
	ok(slots_with(key_of_set(1)) && !slots_with(key_of_set(3)),
	   "a pinned one stays and the next gives way");
	for (i = 0; i < 21; i++) {
		t = slots_with(key_of_set(i)) ? tally_get(key_of_set(i), 1) : NULL;
		if (!t)
			continue;
		accuse(t, i & 1 ? ROUNDWATCH_SUSPECT : ROUNDWATCH_RANDOMX);
		tally_put(t);
	}
	shim_jiffies += 1000 * HZ;
	sum = counters(&live, &exited);
	for (i = 0; i < 1000; i++)
		if (claim(key_of_set(30), i, 30, 30))
			break;
	is(i, 1000, "a set of pinned ones takes nobody");
	is(counters(&live, &exited).dropped, sum.dropped + 1000, "each time it is counted");
	is(filter_total(), TALLY_WAYS, "who was not let in is not in the filter");

	for (i = 0; i < 21; i++) {
		t = tally_get(key_of_set(i), 1);
		if (t)
			tally_end(t);
	}
	is(filter_total(), 0, "the filter is empty when all have ended");
	ok(!filter_negative(), "no bucket of it is negative");
	sum = counters(&live, &exited);
	ok(!live && exited == TALLY_WAYS, "and all of them are exited");
	is(sum.claimed, TALLY_WAYS + 5, "claims add up");
	tally_exit();
}

/* Many keys through one size of table; each must be found again. */
static void test_size(u32 size)
{
	unsigned long base = 0xffff888100000000UL;
	u32 n = size < 1000 ? size / 2 : 1000, i, bad = 0, sets = 0;
	struct tally_counters sum;
	u64 live, exited;
	struct tally *t;

	setup(size);
	for (i = 0; i < n; i++) {
		unsigned long key = base + i * 8192UL;
		u32 first = tally_first_slot(key);

		bad += first % TALLY_WAYS || first + TALLY_WAYS > size;
		sets += !READ_ONCE(tally_table.key[first]);
		t = claim(key, i, i, tally_bucket((void *)key));
		bad += !t;
		if (t)
			tally_put(t);
	}
	is(bad, 0, "%u slots: %u claims, all in sets of the table", size, n);
	for (i = 0, bad = 0; i < n; i++) {
		t = tally_get(base + i * 8192UL, i);
		bad += !t || t->pid != i;
		if (t)
			tally_end(t);
	}
	is(bad, 0, "%u slots: all found again", size);
	/* Addresses of a slab cache are evenly spaced; the hash has to scatter them. */
	ok(sets >= (size / TALLY_WAYS < n ? size / TALLY_WAYS : n) / 2,
	   "%u slots: they spread over %u sets", size, sets);
	sum = counters(&live, &exited);
	ok(sum.claimed == n && !sum.evicted && !sum.dropped && !sum.contended && !live &&
	   exited == n && !filter_total() && !filter_negative(), "%u slots: it adds up", size);
	tally_exit();
}

static void test_init(void)
{
	unsigned int i;
	int err;

	for (i = 1; i <= 2; i++) {
		shim_fail_alloc = i;
		err = tally_init(TALLY_DEFAULT);
		ok(err == -ENOMEM && !tally_table.key && !tally_table.tally && !tally_table.size,
		   "no memory for allocation %u: an error, and nothing is left", i);
		tally_exit();
	}
	shim_fail_alloc = 0;
	is(sizeof(struct tally) % 64, 0, "a tally is whole cache lines");
	ok(offsetof(struct tally, seq) == 0 && offsetof(struct tally, mode) < 64 &&
	   offsetof(struct tally, next_ns) < 64 && offsetof(struct tally, last) < 64,
	   "what an observation touches is in the first");
}

/*
 * The flood. Decoys claim tallies as fast as they can; among them is a miner
 * with a processor of its own, a sample every 50 ms. As module/observe.c does it,
 * for what is decided here.
 */
struct flood {
	const char *name;
	u32 slots, decoys;
	u64 cpu_ns;	/* what a decoy uses between two observations */
	u32 life;	/* observations it lives on the average; 0: for ever */
	u8 modes[2];	/* that it alternates between */
	u32 percent;	/* how many of them are observed in 50 ms */
};

struct task {
	unsigned long key;
	u64 start_ns;
	u64 cpu_ns;
	u32 pid;
};

static u32 random_flood;

/* Return: samples the task's tally has; 0: it has none. */
static u64 observe(const struct task *task, u8 mode, u8 *verdict)
{
	struct tally *t = tally_get(task->key, task->start_ns);
	u64 samples;

	if (!t && mode != ROUNDWATCH_RN)
		t = claim(task->key, task->start_ns, task->pid, task->pid % 4096);
	if (IS_ERR_OR_NULL(t))
		return 0;
	tally_count(t, mode);
	if (task->cpu_ns >= t->next_ns) {
		struct verdict_sample sample = { .now_ms = shim_jiffies, .mode = mode };

		if (!t->samples)
			verdict_init(&t->score, sample.now_ms);
		verdict_sample(&rule, &t->score, &sample);
		t->samples++;
		t->next_ns = task->cpu_ns + rule.gap_ns;
		t->verdict = verdict_decide(&rule, verdict_evidence(&rule, &t->score),
					    t->verdict);
		if (t->verdict >= ROUNDWATCH_SUSPECT)
			tally_pin(tally_slot(t));
	}
	samples = t->samples;
	*verdict = t->verdict;
	tally_put(t);
	return samples;
}

static u8 miner_mode(u32 *state)
{
	u32 r = next_random(state) % 100;

	return r < 31 ? ROUNDWATCH_RN : r < 54 ? ROUNDWATCH_RD : r < 77 ? ROUNDWATCH_RU :
	       ROUNDWATCH_RZ;
}

static void test_flood(const struct flood *f)
{
	struct task *decoy = calloc(f->decoys, sizeof(*decoy));
	struct task miner = { .key = 0x40, .start_ns = 1, .pid = 4095 };
	u32 tick, i, ended = 0, ticks = 6000, accused = 0, entered = 0;
	struct tally_counters sum;
	u64 samples = 0, most = 0, live, exited;
	u8 verdict = 0, ignored;
	struct tally *t;

	if (!decoy)
		abort();
	setup(f->slots);
	random_flood = 0x2545f491;
	for (i = 0; i < f->decoys; i++)
		decoy[i] = (struct task){ .key = 0x100000 + 64UL * i, .start_ns = i, .pid = i };
	for (tick = 0; tick < ticks && most < 500; tick++) {
		u32 turn = next_random(&random_flood) % f->decoys;

		shim_jiffies += HZ / 20;
		for (i = 0; i < f->decoys; i++) {
			struct task *d = &decoy[i];

			if (i == turn) {
				u64 before = samples;

				miner.cpu_ns += 50000000;
				samples = observe(&miner, miner_mode(&random_flood), &verdict);
				entered += samples && samples <= before + !before;
				most = samples > most ? samples : most;
				if (!accused && samples && verdict >= ROUNDWATCH_SUSPECT)
					accused = tick;
			}
			if (next_random(&random_flood) % 100 >= f->percent)
				continue;
			d->cpu_ns += f->cpu_ns;
			observe(d, f->modes[tick & 1], &ignored);
			if (!f->life || next_random(&random_flood) % f->life)
				continue;
			t = tally_get(d->key, d->start_ns);
			if (t) {
				tally_end(t);
				ended++;
			}
			d->start_ns += f->decoys;
			d->cpu_ns = 0;
		}
	}
	ok(most >= 60, "%u slots, %u %s: the miner keeps a tally for 60 samples", f->slots,
	   f->decoys, f->name);
	ok(accused, "%u slots, %u %s: and stands accused", f->slots, f->decoys, f->name);
	sum = counters(&live, &exited);
	diag("most samples %llu, accused after %u ms, entered %u times, evicted %llu, dropped %llu",
	     (unsigned long long)most, accused * 50, entered, (unsigned long long)sum.evicted,
	     (unsigned long long)sum.dropped);
	ok(live == sum.claimed - sum.evicted - ended && live + exited <= f->slots &&
	   filter_total() == (long)live && !filter_negative(),
	   "%u slots, %u %s: it adds up", f->slots, f->decoys, f->name);
	tally_exit();
	free(decoy);
}

static void test_floods(void)
{
	const u32 many = SLOW ? 500 : 5000;
	const u32 some = SLOW ? 200 : 1000;
	const struct flood floods[] = {
		{ "that stay and hardly run", 64, many, 10000, 0, { 2, 2 }, 100 },
		{ "that come and go", 64, many, 10000, 3, { 2, 2 }, 100 },
		{ "that run all the time", 64, many, 50000000, 0, { 2, 2 }, 100 },
		{ "that change mode all the time", 64, many, 50000000, 0, { 1, 2 }, 100 },
		{ "that stay and hardly run", 16, some, 10000, 0, { 2, 2 }, 100 },
		{ "that come and go at leisure", 16, some, 10000, 20, { 2, 2 }, 30 },
		{ "that go back to RN", 16, some, 50000000, 0, { 0, 2 }, 100 },
		{ "that change mode at leisure", 16, some, 50000000, 0, { 1, 2 }, 5 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(floods); i++)
		test_flood(&floods[i]);
}

/*
 * Threads in the place of CPUs. A task runs on one CPU at a time, for which it
 * has a lock of its own here; all else is up to the table.
 */
#define WORKERS		4
#define TASKS		96
#define PROCESSES	8

struct load {
	u32 slots;
	bool processes;		/* threads update the tally of their process as well */
	u32 yield;
	u32 ms;
	u32 exits;		/* of 1021 */
	bool one_start;		/* all start at the same time: only the key differs */
};

static struct actor {
	int running;		/* on some CPU */
	unsigned long key;
	u64 start_ns;
	u32 pid, bucket, process;
	u64 counted;		/* in its present tally, unless that was evicted */
} actors[TASKS];

/* An observation of a process is counted, lost, or in the tally that ended. */
static u64 process_tried[PROCESSES], process_lost[PROCESSES];

static struct worker {
	pthread_t thread;
	int cpu;
	u64 tried, counted, lost, ended, busy, claimed, bad_owner, bad_tally;
} workers[WORKERS];

static const struct load *load;
static int stop;
static u64 progress;
static int owner[TALLY_DEFAULT];

/*
 * Two owners of one tally is what must never be. Relaxed, so that nothing here
 * orders for ThreadSanitizer what the table should have.
 */
static void enter(struct worker *w, struct tally *t)
{
	w->bad_owner += __atomic_exchange_n(&owner[tally_slot(t)], 1, __ATOMIC_RELAXED);
}

static void leave(struct worker *w, struct tally *t)
{
	w->bad_owner += !__atomic_exchange_n(&owner[tally_slot(t)], 0, __ATOMIC_RELAXED);
}

/* A process's tally has no other. */
static u32 pid_of(const struct tally *t)
{
	return ~t->tgid;
}

static u64 total(const struct tally *t)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < ROUNDWATCH_MODES; i++)
		sum += t->count[i];
	return sum;
}

static bool whole(const struct tally *t)
{
	u64 sum = total(t);
	char comm[16];

	name_of(comm, pid_of(t));
	if (t->samples != (u32)(3 * sum) || (sum && t->since_ns != ~sum) ||
	    t->uid != pid_of(t) + 1 || memcmp(comm, t->comm, sizeof(comm)))
		return false;
	if (tally_is_process(t))
		return t->looks.decay_ms == sum;
	return t->cpu_ns == sum && t->process_start_ns == PROCESS_START(t->start_ns) &&
	       t->pid == pid_of(t) && t->bucket == t->pid % 4096;
}

/* Owned; what a reader will check follows from the counts and from the pid. */
static void enter_observation(struct tally *t, u8 mode)
{
	tally_count(t, mode);
	t->samples += 3;
	t->since_ns = ~total(t);
	t->score.part[mode & 3] = total(t) % 100;
	if (tally_is_process(t))
		t->looks.decay_ms++;
	else
		t->cpu_ns++;
}

static struct tally *get_or_claim(struct worker *w, unsigned long key, u64 start_ns,
				  u32 pid, u32 bucket)
{
	u32 slot = tally_first_slot(key);
	struct tally *t = &tally_table.tally[slot];

	/* The short way of module/observe.c. */
	if (tally_is(slot, key) && tally_own(t)) {
		if (tally_is(slot, key))
			return t;
		tally_put(t);
	}
	t = tally_get(key, start_ns);
	if (!t) {
		t = claim(key, start_ns, pid, bucket);
		w->claimed += !!t;
	}
	return IS_ERR(t) ? NULL : t;
}

static void observe_process(struct worker *w, u32 process, u8 mode)
{
	unsigned long key = tally_process_key((void *)(0x7000000UL + process * 1088));
	u64 start_ns = load->one_start ? 1 : process;
	struct tally *t = get_or_claim(w, key, start_ns, process, TALLY_NO_BUCKET);

	__atomic_fetch_add(&process_tried[process], 1, __ATOMIC_RELAXED);
	w->tried++;
	if (!t) {
		__atomic_fetch_add(&process_lost[process], 1, __ATOMIC_RELAXED);
		w->lost++;
		return;
	}
	enter(w, t);
	w->counted++;
	w->bad_tally += pid_of(t) != process || t->bucket != TALLY_NO_BUCKET || !whole(t);
	enter_observation(t, mode);
	leave(w, t);
	tally_put(t);
}

static void observe_actor(struct worker *w, struct actor *a, u8 mode)
{
	struct tally *t = get_or_claim(w, a->key, a->start_ns, a->pid, a->bucket);

	w->tried++;
	if (!t) {
		w->lost++;
		return;
	}
	enter(w, t);
	w->counted++;
	w->bad_tally += t->start_ns != a->start_ns || t->pid != a->pid || !whole(t);
	if (!t->cpu_ns)
		a->counted = 0;		/* new, or evicted since */
	w->bad_tally += t->cpu_ns != a->counted;
	enter_observation(t, mode);
	a->counted++;
	leave(w, t);
	tally_put(t);
}

/* Exits and is another task at the same address from now on. */
static void end_actor(struct worker *w, struct actor *a)
{
	struct tally *t;
	u32 tries = 0;

	while (IS_ERR(t = tally_get(a->key, a->start_ns))) {
		/* An owner that was switched out is back long before that. */
		if (++tries > 100000) {
			w->bad_owner++;
			break;
		}
		w->busy++;
		sched_yield();
	}
	if (!IS_ERR_OR_NULL(t)) {
		enter(w, t);
		w->bad_tally += !whole(t);
		w->ended++;
		leave(w, t);
		tally_end(t);
	}
	if (!load->one_start)
		a->start_ns += TASKS;
	a->pid += TASKS;
	a->bucket = a->pid % 4096;
	a->counted = 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	u32 state = 77777 + w->cpu;

	shim_cpu = w->cpu;
	shim_yield = load->yield;
	shim_dice = state;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u32 r = next_random(&state) >> 4;
		struct actor *a = &actors[r % TASKS];

		if (__atomic_exchange_n(&a->running, 1, __ATOMIC_ACQUIRE))
			continue;
		if (r % 1021 < load->exits) {
			end_actor(w, a);
		} else {
			observe_actor(w, a, r >> 8 & 3);
			if (load->processes)
				observe_process(w, a->process, r >> 10 & 3);
		}
		__atomic_fetch_add(&progress, 1, __ATOMIC_RELAXED);
		if (r % 509 == 0)
			__atomic_fetch_add(&shim_jiffies, HZ, __ATOMIC_RELAXED);
		__atomic_store_n(&a->running, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

static u64 reads, bad_reads;

static void *read_all(void *arg)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	struct tally copy;
	u32 slot;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u64 live, exited;

		for (slot = 0; slot < tally_table.size; slot++) {
			if (!tally_read(slot, &copy))
				continue;
			__atomic_store_n(&reads, reads + 1, __ATOMIC_RELAXED);
			bad_reads += !whole(&copy) || (copy.seq & 1);
		}
		counters(&live, &exited);
		bad_reads += live + exited > tally_table.size;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void test_load(const char *name, const struct load *l)
{
	const struct timespec slice = { .tv_nsec = 10000000 };
	u32 slices = l->ms / 10, patience = 6000;
	struct worker all = { 0 };
	struct tally_counters sum;
	u64 live, exited, in_tables = 0, twins = 0, stuck = 0;
	struct tally copy;
	pthread_t reader;
	u32 i, slot;

	load = l;
	setup(l->slots);
	memset(workers, 0, sizeof(workers));
	memset(owner, 0, sizeof(owner));
	memset(process_tried, 0, sizeof(process_tried));
	memset(process_lost, 0, sizeof(process_lost));
	reads = bad_reads = progress = 0;
	stop = 0;
	for (i = 0; i < TASKS; i++)
		actors[i] = (struct actor){
			.key = 0xffff888000000000UL + i * 9664UL, .pid = i,
			.start_ns = l->one_start ? 1 : i, .bucket = i, .process = i % PROCESSES,
		};
	for (i = 0; i < WORKERS; i++) {
		workers[i].cpu = i;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			abort();
	}
	if (pthread_create(&reader, NULL, read_all, NULL))
		abort();
	/* On a busy machine it takes longer until enough has happened. */
	do {
		nanosleep(&slice, NULL);
		slices -= slices > 0;
	} while (patience-- && (slices || __atomic_load_n(&progress, __ATOMIC_RELAXED) < 20000 ||
				__atomic_load_n(&reads, __ATOMIC_RELAXED) < 1000 ||
				(l->slots < TASKS && counters(&live, &exited).evicted < 20)));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		all.tried += workers[i].tried;
		all.counted += workers[i].counted;
		all.lost += workers[i].lost;
		all.ended += workers[i].ended;
		all.busy += workers[i].busy;
		all.claimed += workers[i].claimed;
		all.bad_owner += workers[i].bad_owner;
		all.bad_tally += workers[i].bad_tally;
	}
	pthread_join(reader, NULL);

	sum = counters(&live, &exited);
	diag("%s: %llu observations, %llu lost, %llu contended, %llu evicted, %llu dropped, %llu reads",
	     name, (unsigned long long)all.tried, (unsigned long long)all.lost,
	     (unsigned long long)sum.contended, (unsigned long long)sum.evicted,
	     (unsigned long long)sum.dropped, (unsigned long long)reads);
	ok(all.tried >= 10000 && reads >= 1000, "%s: something happened", name);
	is(all.bad_owner, 0, "%s: no tally had two owners", name);
	is(all.bad_tally, 0, "%s: every owner found its own, with nothing missing", name);
	is(bad_reads, 0, "%s: every copy was whole", name);
	is(all.claimed, sum.claimed, "%s: claims add up", name);
	for (slot = 0; slot < tally_table.size; slot++) {
		unsigned long key = tally_table.key[slot];

		if (key == TALLY_FREE || key == TALLY_EXITED)
			continue;
		twins += slots_with(key) != 1;
		if (!tally_read(slot, &copy)) {
			stuck++;
			continue;
		}
		if (copy.bucket == TALLY_NO_BUCKET)
			in_tables += total(&copy);
	}
	is(stuck, 0, "%s: no tally is still owned", name);
	is(twins, 0, "%s: nobody has two tallies", name);
	is(live, sum.claimed - sum.evicted - all.ended, "%s: tallies add up", name);
	ok(!filter_negative(), "%s: no bucket of the filter is negative", name);
	if (l->slots > 4 * TASKS) {
		u64 tried = 0, lost = 0;

		for (i = 0; i < PROCESSES; i++) {
			tried += process_tried[i];
			lost += process_lost[i];
		}
		ok(!sum.evicted && !sum.dropped, "%s: there was room for all", name);
		is(all.lost, sum.contended - all.busy,
		   "%s: every observation was entered or counted as contended", name);
		is(in_tables, tried - lost, "%s: the processes' tallies have them all", name);
	} else {
		ok(sum.evicted > 10, "%s: there was not room for all", name);
	}
	for (i = 0; i < TASKS; i++)
		end_actor(&all, &actors[i]);
	is(filter_total(), 0, "%s: the filter is empty when all have ended", name);
	ok(!filter_negative(), "%s: and none of its buckets negative", name);
	tally_exit();
}

/*
 * Threads of a new process find something at the same moment. One of them may
 * lose, but they must not end up with a tally each: at the exit only one ends.
 */
#define ROUNDS	(SLOW ? 3000 : 20000)
#define RACERS	2

static int at_start, at_end, twins;

static void meet(int *where, int n)
{
	__atomic_fetch_add(where, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(where, __ATOMIC_ACQUIRE) < n)
		sched_yield();
}

static void *race_to_claim(void *arg)
{
	struct worker *w = arg;
	int round;

	shim_cpu = w->cpu;
	shim_yield = 40;
	shim_dice = w->cpu * 7919;
	for (round = 1; round <= ROUNDS; round++) {
		unsigned long key = tally_process_key((void *)(64UL * round));
		struct tally *t;

		meet(&at_start, RACERS * round);
		w->tried++;
		t = get_or_claim(w, key, round, round, TALLY_NO_BUCKET);
		if (t) {
			enter(w, t);
			w->counted++;
			enter_observation(t, 1);
			leave(w, t);
			tally_put(t);
		}
		meet(&at_end, RACERS * round);
		if (w->cpu)
			continue;
		twins += slots_with(key) > 1;
		while (!IS_ERR_OR_NULL(t = tally_get(key, round)))
			tally_end(t);
	}
	return NULL;
}

static void test_twins(void)
{
	struct tally_counters sum;
	u64 live, exited;
	int i;

	setup(64);
	memset(workers, 0, sizeof(workers));
	memset(owner, 0, sizeof(owner));
	at_start = at_end = twins = 0;
	for (i = 0; i < RACERS; i++) {
		workers[i].cpu = i;
		if (pthread_create(&workers[i].thread, NULL, race_to_claim, &workers[i]))
			abort();
	}
	for (i = 0; i < RACERS; i++)
		pthread_join(workers[i].thread, NULL);
	is(twins, 0, "threads that claim for their process at once get one tally");
	is(workers[0].bad_owner + workers[1].bad_owner, 0, "and never own it both");
	sum = counters(&live, &exited);
	is(live, 0, "all of them ended");
	is(workers[0].tried + workers[1].tried,
	   workers[0].counted + workers[1].counted + sum.contended + sum.dropped,
	   "and what was lost was counted");
	tally_exit();
}

int main(void)
{
	const u32 ms = SLOW ? 1500 : 700;

	test_init();
	test_lifecycle();
	test_identity();
	test_full_set();
	test_size(TALLY_MIN);
	test_size(TALLY_DEFAULT);
	test_size(TALLY_MAX);
	test_twins();
	test_load("roomy", &(struct load){ 1024, true, 0, ms, 16, false });
	test_load("roomy, disturbed", &(struct load){ 1024, true, 100, ms, 16, false });
	test_load("tight", &(struct load){ 16, true, 0, ms, 16, false });
	test_load("tight, disturbed", &(struct load){ 32, true, 100, ms, 16, false });
	test_load("short-lived, disturbed", &(struct load){ 16, true, 30, ms, 300, true });
	test_floods();
	return tap_done();
}
