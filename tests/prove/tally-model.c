// SPDX-License-Identifier: GPL-2.0
/*
 * module/tally.c, proven up to a bound: two CPUs whose probes use the table, and a reader,
 * in every order of their steps; explore.c does that. The code is the module's own.
 *
 *	tally-model [-c] [-m sc|tso] [-n OPERATIONS] [-r] [-s START] [-w WRITERS]
 *
 * The bound:
 *
 * - A table of one set of two slots, and a filter of four buckets (sed changes TALLY_WAYS
 *   and TALLY_FILTER_BITS), so that nearly everything collides.
 * - WRITERS (2) threads of one process, each on a CPU of its own, and a third thread that does
 *   not run. Each does OPERATIONS (1) in a row, in all combinations: an observation of the
 *   thread, which claims, evicts and moves as the table requires; an observation of the
 *   process; the end of the thread, whose task_struct the next one gets; and an observation
 *   that accuses the thread, which pins the tally.
 * - With -r, also a reader that copies one of the slots, in a third CPU.
 * - What is in the table at first: see start_table(); START, or all of them.
 * - A step is each access to the keys, the bits of pinned, the filter, and of a tally to seq,
 *   one count and since_ns; without -c also to start_ns, ended_ns and the word of the flags.
 *   Other words of a tally are copied and written in the step before. make_room() copies
 *   a tally in one step to choose one; the choice is checked once the tally is owned.
 * - The code as this compiler makes it, under sequential consistency or x86-TSO (the default).
 *
 * Within it, proven: a tally has at most one owner. Only its owner writes to it or changes its
 * key, so the former owner of an evicted one does not. A task finds its tally with all that was
 * counted, unless an eviction was counted since. Each observation that was not entered is
 * counted as contended or dropped. A pinned tally stays. What tally_read() returns is of one
 * moment. A task has one tally at most. At the end no tally is owned, and the filter counts
 * each thread that has a tally. No access is beyond the table.
 *
 * Not proven: any of this for larger tables, more CPUs or more operations; what notice.c
 * does to unpin; code of other compilers; that an owner is waited for long enough (a spin
 * goes on when memory changes, and does not give up); that state hashes do not collide.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "explore.h"
#include "self.h"
#include "tally-model.h"

#define SLOTS	TALLY_WAYS
#define THREADS	(WRITERS + 1)

struct verdict_rule rule = {
	.suspect = VERDICT_SUSPECT_DEFAULT,
	.randomx = VERDICT_RANDOMX_DEFAULT,
	.decay = VERDICT_DECAY_DEFAULT,
	.gap_ns = VERDICT_GAP_DEFAULT * 1000,
};

/* What the checks know; part of the state. */
static struct ghost {
	u64 owner[SLOTS];	/* CPU + 1 */
	struct task task[WRITERS];
	u64 counted[WRITERS];
	u64 evicted[WRITERS];	/* the counter when the thread last had its tally */
	u64 pinned[WRITERS];
	u64 process_counted;
	u64 lost;
	u64 busy;
} ghost;

static const struct task process = { 0x1001, 5, 77, TALLY_NO_BUCKET };
static const struct task idle = { 0x4000, 5, 79, 2 };

static int operations = 1, writers = WRITERS;
static bool coarse;

static u64 counter(size_t offset)
{
	u64 sum = 0;
	int cpu;

	for (cpu = 0; cpu < THREADS; cpu++)
		sum += *(u64 *)((char *)per_cpu_ptr(&tally_counters, cpu) + offset);
	return sum;
}

#define COUNTER(name)	counter(offsetof(struct tally_counters, name))

u64 check_word(const struct tally *t)
{
	return t->start_ns * 1000 + t->count[ROUNDWATCH_RU] + 1;
}

void check_lost(int writer, bool observation)
{
	(void)writer;
	if (observation)
		ghost.lost++;
	else
		ghost.busy++;
}

void check_owned(const struct tally *t, const struct task *task, int writer)
{
	bool fresh = !t->count[ROUNDWATCH_RU];

	explore_check(tally_slot(t) < SLOTS);
	explore_check(ghost.owner[tally_slot(t)] == (u64)writer + 1);
	explore_check(t->start_ns == task->start_ns && t->bucket == task->bucket);
	explore_check(tally_table.key[tally_slot(t)] == task->key);
	explore_check(fresh || t->since_ns == check_word(t));
	if (task == &process)
		return;
	explore_check(t->pid == task->pid);
	if (!fresh || !ghost.counted[writer]) {
		explore_check(t->count[ROUNDWATCH_RU] == ghost.counted[writer]);
		return;
	}
	explore_check(COUNTER(evicted) > ghost.evicted[writer]);
	explore_check(ghost.pinned[writer] != task->start_ns);
	ghost.counted[writer] = 0;
}

/* Counts, but is not put back yet. */
void check_counted(struct tally *t, int writer)
{
	if (tally_is_process(t)) {
		ghost.process_counted++;
		return;
	}
	ghost.counted[writer]++;
	ghost.evicted[writer] = COUNTER(evicted);
}

static bool within(const void *address, const void *memory, size_t size)
{
	return (const char *)address >= (const char *)memory &&
	       (const char *)address < (const char *)memory + size;
}

static const size_t steps[] = {
	offsetof(struct tally, count[ROUNDWATCH_RU]), offsetof(struct tally, since_ns),
	offsetof(struct tally, start_ns), offsetof(struct tally, ended_ns),
	offsetof(struct tally, flags) & ~7UL,
};

static enum explore_access access_tally(int self, const void *address, size_t size, bool write)
{
	size_t offset = (const char *)address - (const char *)tally_table.tally, i;
	u32 slot = offset / sizeof(struct tally);

	offset %= sizeof(struct tally);
	if (offset == offsetof(struct tally, seq))
		return EXPLORE_STEP;
	if (write)
		explore_require(ghost.owner[slot] == (u64)self + 1,
				"only its owner writes to a tally");
	for (i = 0; i < ARRAY_SIZE(steps) - (coarse ? 3 : 0); i++)
		if (offset < steps[i] + 8 && offset + size > steps[i])
			return EXPLORE_STEP;
	return EXPLORE_QUIET;
}

static enum explore_access access_memory(int self, const void *address, size_t size, bool write)
{
	size_t i;

	if (within(address, tally_table.tally, SLOTS * sizeof(struct tally)))
		return access_tally(self, address, size, write);
	if (within(address, tally_table.key, SLOTS * sizeof(long))) {
		i = (const unsigned long *)address - tally_table.key;
		if (write)
			explore_require(ghost.owner[i] == (u64)self + 1,
					"only the owner changes a key");
		return EXPLORE_STEP;
	}
	if (within(address, tally_table.pinned, sizeof(long)) ||
	    within(address, tally_filter, sizeof(tally_filter)))
		return EXPLORE_STEP;
	explore_require(!within(address, tally_table.tally - 64, 128 * sizeof(struct tally)) &&
			!within(address, tally_table.key - 64, 128 * sizeof(long)) &&
			!within(address, tally_table.pinned - 64, 128 * sizeof(long)),
			"no access is beyond the table");
	return EXPLORE_PRIVATE;
}

static void name_memory(char *to, size_t size, const void *address)
{
	size_t offset;

	if (within(address, tally_table.key, SLOTS * sizeof(long))) {
		snprintf(to, size, "key[%td]", (unsigned long *)address - tally_table.key);
	} else if (within(address, tally_table.tally, SLOTS * sizeof(struct tally))) {
		offset = (char *)address - (char *)tally_table.tally;
		snprintf(to, size, "tally[%zu] + %zu%s", offset / sizeof(struct tally),
			 offset % sizeof(struct tally),
			 offset % sizeof(struct tally) ? "" : " (seq)");
	} else if (within(address, tally_filter, sizeof(tally_filter))) {
		snprintf(to, size, "filter[%td]", (atomic_t *)address - tally_filter);
	} else {
		snprintf(to, size, "pinned");
	}
}

/* seq says whether a tally is owned, but not by which CPU. */
static void see_store(int self, const void *address, u64 value)
{
	size_t offset = (const char *)address - (const char *)tally_table.tally;
	u32 slot = offset / sizeof(struct tally);

	if (!within(address, tally_table.tally, SLOTS * sizeof(struct tally)) ||
	    offset % sizeof(struct tally) != offsetof(struct tally, seq))
		return;
	if (value & 1) {
		explore_require(!ghost.owner[slot], "a tally has at most one owner");
		ghost.owner[slot] = self + 1;
	} else {
		explore_require(ghost.owner[slot] == self + 1ULL,
				"only its owner gives up a tally");
		ghost.owner[slot] = 0;
	}
}

static void see_locked(int self, const void *address, u64 old, u64 value)
{
	if (old != value)
		see_store(self, address, value);
}

static void enter(int self)
{
	shim_cpu = self;
}

static void check_copy(const struct tally *copy)
{
	bool exited = copy->flags & ROUNDWATCH_EXITED;

	explore_check(!(copy->seq & 1));
	if (copy->count[ROUNDWATCH_RU])
		explore_check(copy->since_ns == check_word(copy));
	else
		explore_check(copy->since_ns == ktime_get_boot_fast_ns());
	explore_check(copy->ended_ns == (exited ? ktime_get_boot_fast_ns() : 0));
}

static void end_task(int writer)
{
	struct task *task = &ghost.task[writer];

	op_end(task, writer);
	task->start_ns++;
	task->pid += 10;
	ghost.counted[writer] = 0;
}

static void write_table(int writer)
{
	struct task *task = &ghost.task[writer];
	int i, operation;

	for (i = 0; i < operations; i++) {
		operation = explore_choose(4, "observes, of the process, ends, is accused:");
		explore_forget(4 * i + operation);
		switch (operation) {
		case 0:
			op_observe(task, writer, false);
			break;
		case 1:
			op_observe(&process, writer, false);
			break;
		case 2:
			end_task(writer);
			break;
		case 3:
			if (op_observe(task, writer, true))
				ghost.pinned[writer] = task->start_ns;
			break;
		}
		explore_forget(4 * i);
	}
}

static void read_table(void)
{
	u32 slot = explore_choose(SLOTS, "reads slot");
	struct tally copy;

	explore_forget(slot);
	if (op_read(slot, &copy))
		check_copy(&copy);
}

static void thread(int self)
{
	if (self < writers)
		write_table(self);
	else
		read_table();
}

static void check_end(void)
{
	int bucket[1 << TALLY_FILTER_BITS] = { 0 };
	int i, writer, found;

	for (i = 0; i < SLOTS; i++) {
		const struct tally *t = &tally_table.tally[i];
		unsigned long key = tally_table.key[i];

		explore_check(!(t->seq & 1) && !ghost.owner[i]);
		if (key == TALLY_FREE || key == TALLY_EXITED)
			continue;
		explore_require(i == 0 || tally_table.key[0] != key, "a task has one tally");
		if (t->bucket != TALLY_NO_BUCKET)
			bucket[t->bucket]++;
		else if (!COUNTER(evicted) && t->start_ns == process.start_ns)
			explore_check(t->count[ROUNDWATCH_RU] == ghost.process_counted);
	}
	for (i = 0; i < 1 << TALLY_FILTER_BITS; i++)
		explore_require(tally_filter[i].counter == bucket[i],
				"the filter has each thread that has a tally");
	explore_check(COUNTER(contended) + COUNTER(dropped) == ghost.lost + ghost.busy);
	for (writer = 0; writer < WRITERS; writer++) {
		found = !ghost.pinned[writer];
		for (i = 0; i < SLOTS; i++)
			found += tally_table.tally[i].start_ns == ghost.pinned[writer];
		explore_require(found, "a pinned tally stays");
	}
}

/* In the order of the slots. */
static void put_first(const struct task *task, bool exited)
{
	int writer = task == &ghost.task[1];
	struct tally *t;

	if (!op_observe(task, writer, false))
		abort();
	if (!exited)
		return;
	t = tally_get(task->key, task->start_ns);
	tally_end(t);
}

static const char *const starts[] = {
	"empty table", "both threads", "one thread and one that does not run",
	"an exited one and a thread", "an exited one and a free slot", "a thread and the process",
	"a predecessor at the address of the process", "two exited ones",
};

static void start_table(int start)
{
	struct task *a = &ghost.task[0], *b = &ghost.task[1];
	struct task predecessor;
	int writer;

	memset(&ghost, 0, sizeof(ghost));
	*a = (struct task){ 0x2000, 100, 11, 0 };
	*b = (struct task){ 0x3000, 200, 12, 1 };
	memset(shim_percpu, 0, sizeof(shim_percpu));
	memset(tally_filter, 0, sizeof(tally_filter));
	memset(tally_table.key, 0, SLOTS * sizeof(long));
	memset(tally_table.tally, 0, SLOTS * sizeof(struct tally));
	memset(tally_table.pinned, 0, sizeof(long));
	predecessor = process;
	predecessor.start_ns = 4;
	switch (start) {
	case 1:
		put_first(a, false);
		put_first(b, false);
		break;
	case 2:
		put_first(a, false);
		put_first(&idle, false);
		break;
	case 3:
		put_first(&idle, true);
		put_first(b, false);
		break;
	case 4:
		put_first(&idle, true);
		break;
	case 5:
		put_first(a, false);
		put_first(&process, false);
		break;
	case 6:
		put_first(&predecessor, false);
		break;
	case 7:
		put_first(&idle, true);
		put_first(&predecessor, true);
		break;
	}
	for (writer = 0; writer < WRITERS; writer++)
		ghost.counted[writer] = tally_table.key[0] == ghost.task[writer].key ||
					tally_table.key[1] == ghost.task[writer].key;
	ghost.process_counted = start == 5;
	memset(ghost.owner, 0, sizeof(ghost.owner));
}

static void remember_memory(void)
{
	int cpu;

	explore_memory(tally_table.key, SLOTS * sizeof(long));
	explore_memory(tally_table.tally, SLOTS * sizeof(struct tally));
	explore_memory(tally_table.pinned, sizeof(long));
	explore_memory(tally_filter, sizeof(tally_filter));
	for (cpu = 0; cpu < THREADS; cpu++)
		explore_memory(shim_percpu[cpu], 256);
	explore_memory(&ghost, sizeof(ghost));
}

int main(int argc, char **argv)
{
	struct explore_model model = {
		.thread = thread,
		.end = check_end,
		.access = access_memory,
		.stored = see_store,
		.locked = see_locked,
		.enter = enter,
		.name = name_memory,
		.tso = true,
	};
	struct explore_result result;
	int option, start, failed = 0;
	int from = 0, to = ARRAY_SIZE(starts);
	bool reader = false;

	while ((option = getopt(argc, argv, "cm:n:rs:w:")) != -1) {
		switch (option) {
		case 'c':
			coarse = true;
			break;
		case 'm':
			model.tso = !strcmp(optarg, "tso");
			break;
		case 'n':
			operations = atoi(optarg);
			break;
		case 'r':
			reader = true;
			break;
		case 's':
			from = atoi(optarg);
			to = from + 1;
			break;
		case 'w':
			writers = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	model.threads = writers + reader;
	shim_jiffies = 1000000;
	if (tally_init(TALLY_WAYS))
		abort();
	for (start = from; start < to && !failed; start++) {
		start_table(start);
		remember_memory();
		/* Nothing is proven if no run came to its end. */
		failed = !explore_run(&model, &result) || !result.ends;
		printf("%s: %lu states, %lu ends, at most %d steps\n", starts[start],
		       result.states, result.ends, result.depth);
		fflush(stdout);
	}
	return failed;
}
