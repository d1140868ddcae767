// SPDX-License-Identifier: GPL-2.0
/* Fuzzes module/tally.c: the table stays consistent while tasks start, change and end. */
#include <stdio.h>
#include <stdlib.h>

#include "self.h"
#include "tally.h"

#include "input.h"

#define SLOTS	32	/* two sets, so that they fill quickly */
#define TASKS	64

struct verdict_rule rule = { .decay = VERDICT_DECAY_DEFAULT };

static u64 ended;	/* tallies ended here, or because another task was found in their place */

static unsigned long key_of(u8 task)
{
	unsigned long address = 0xffff888100000000UL + task * 8192UL;

	return task & 1 ? tally_process_key((void *)address) : tally_thread_key((void *)address);
}

static u16 bucket_of(u8 task)
{
	return task & 1 ? TALLY_NO_BUCKET : tally_bucket((void *)key_of(task));
}

static u32 slots_with(unsigned long key)
{
	u32 n = 0, slot;

	for (slot = 0; slot < SLOTS; slot++)
		n += tally_table.key[slot] == key;
	return n;
}

static u32 live_pinned(void)
{
	u32 n = 0, slot;

	for (slot = 0; slot < SLOTS; slot++)
		n += tally_table.key[slot] != TALLY_FREE &&
		     tally_table.key[slot] != TALLY_EXITED &&
		     test_bit(slot, tally_table.pinned);
	return n;
}

static void check(const struct tally *held)
{
	struct tally_counters sum;
	u64 live, exited;
	u32 slot, first, threads = 0;
	long filter = 0;
	struct tally copy;
	size_t i;

	for (slot = 0; slot < SLOTS; slot++) {
		unsigned long key = tally_table.key[slot];
		const struct tally *t = &tally_table.tally[slot];

		must((t->seq & 1) == (t == held));
		must(tally_slot(t) == slot);
		if (key == TALLY_FREE || t == held)
			continue;
		must(tally_read(slot, &copy) && copy.start_ns == t->start_ns);
		must(copy.mode <= ROUNDWATCH_RZ && !copy.flags == (key != TALLY_EXITED));
		if (key == TALLY_EXITED)
			continue;
		first = tally_first_slot(key);
		must(slot >= first && slot < first + TALLY_WAYS);
		must(slots_with(key) == 1);
	}
	for (slot = 0; slot < SLOTS; slot++)
		threads += tally_table.key[slot] != TALLY_FREE &&
			   tally_table.key[slot] != TALLY_EXITED &&
			   tally_table.tally[slot].bucket != TALLY_NO_BUCKET;
	for (i = 0; i < ARRAY_SIZE(tally_filter); i++) {
		must(atomic_read(&tally_filter[i]) >= 0);
		filter += atomic_read(&tally_filter[i]);
	}
	must(filter == threads);
	tally_sum(&sum, &live, &exited);
	must(live + exited <= SLOTS);
	must(sum.claimed == live + ended + sum.evicted);
}

static struct tally *get(u8 task, u64 start_ns, const struct tally *held)
{
	unsigned long key = key_of(task);
	u32 before = slots_with(key);
	struct tally *t = tally_get(key, start_ns);

	if (IS_ERR(t)) {
		must(PTR_ERR(t) == -EBUSY && held);
	} else if (t) {
		must(tally_table.key[tally_slot(t)] == key && t->start_ns == start_ns);
		must((t->seq & 1) && t != held);
	} else {
		must(!slots_with(key));
		ended += before;
	}
	return t;
}

static struct tally *claim(u8 task, u64 start_ns)
{
	char comm[16] = { 't', 'a' + task / 26, 'a' + task % 26 };
	struct tally_identity id = {
		.key = key_of(task),
		.start_ns = start_ns,
		.pid = task,
		.tgid = task,
		.bucket = bucket_of(task),
		.comm = comm,
	};
	struct tally *t = tally_claim(&id);

	if (t) {
		must(t->seq & 1);
		must(t->start_ns == start_ns && tally_pid(t) == task);
		must(!t->samples && !t->flags);
		must(!t->verdict && !t->changes && !t->score.part[VERDICT_RZ]);
	}
	return t;
}

static void use(struct tally *t, struct input *in)
{
	u8 op = number(in, 1);

	tally_count(t, op & 3);
	t->samples += op >> 2 & 63;
	if (op & 4)
		t->score.part[op >> 3 & 3] = number(in, 1);
	if (op & 32)
		t->verdict = op >> 6;
	if (t->verdict >= ROUNDWATCH_SUSPECT)
		tally_pin(tally_slot(t));
	else
		tally_unpin(tally_slot(t));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct tally *held = NULL, *t;

	memset(shim_percpu, 0, sizeof(shim_percpu));
	memset(tally_filter, 0, sizeof(tally_filter));
	shim_jiffies = 1000000;
	ended = 0;
	must(!tally_init(SLOTS));
	while (in.size) {
		u8 op = number(&in, 1), task = number(&in, 1) % TASKS;
		u64 start_ns = 1 + (op >> 4 & 1);

		shim_jiffies += op >> 5;
		switch (op & 7) {
		case 0:
			shim_jiffies += 100 * HZ;
			break;
		case 1:
			t = get(task, start_ns, held);
			if (IS_ERR_OR_NULL(t))
				break;
			tally_end(t);
			ended++;
			break;
		case 2:	/* a tally is in use while others come and go */
			if (held) {
				tally_put(held);
				held = NULL;
				break;
			}
			t = get(task, start_ns, held);
			held = IS_ERR(t) ? NULL : t;
			break;
		default:
			t = get(task, start_ns, held);
			if (!t) {
				u32 still = live_pinned();

				t = claim(task, start_ns);
				/* No pinned tally is evicted. */
				must(live_pinned() == still);
			}
			if (IS_ERR_OR_NULL(t))
				break;
			use(t, &in);
			tally_put(t);
		}
		check(held);
	}
	if (held)
		tally_put(held);
	tally_exit();
	return 0;
}
