// SPDX-License-Identifier: GPL-2.0
/*
 * What the module's probes do with a tally, from observe.c and lineage.c, without the
 * task and the rule.
 */
#include "tally-model.h"

/* As thread_tally() and observe(). */
static struct tally *find(const struct task *task)
{
	u32 slot = tally_first_slot(task->key);
	struct tally *t = &tally_table.tally[slot];
	struct tally_identity id = {
		.key = task->key,
		.start_ns = task->start_ns,
		.pid = task->pid,
		.tgid = task->pid,
		.bucket = task->bucket,
		.comm = "0123456789abcde",
	};

	if (task->bucket != TALLY_NO_BUCKET && tally_is(slot, task->key) && tally_own(t)) {
		if (tally_is(slot, task->key))
			return t;
		tally_put(t);
	}
	t = tally_get(task->key, task->start_ns);
	if (!t)
		t = tally_claim(&id);
	return IS_ERR(t) ? NULL : t;
}

bool op_observe(const struct task *task, int writer, bool accuse)
{
	struct tally *t = find(task);

	if (!t) {
		check_lost(writer, true);
		return false;
	}
	check_owned(t, task, writer);
	tally_count(t, ROUNDWATCH_RU);
	t->samples += 1000;
	/* As notice.c does. */
	if (accuse)
		tally_pin(tally_slot(t));
	check_counted(t, writer);
	t->since_ns = check_word(t);
	tally_put(t);
	return true;
}

/* As get_for_sure() and tally_end(). */
void op_end(const struct task *task, int writer)
{
	struct tally *t;

	while (IS_ERR(t = tally_get(task->key, task->start_ns))) {
		check_lost(writer, false);
		cpu_relax();
	}
	if (!t)
		return;
	check_owned(t, task, writer);
	tally_end(t);
}

bool op_read(u32 slot, struct tally *copy)
{
	return tally_read(slot, copy);
}
