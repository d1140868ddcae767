// SPDX-License-Identifier: GPL-2.0
/*
 * What the processes of one user find together.
 *
 * A miner that spreads over many processes, each of which runs too seldom to be
 * detected, cannot leave its user. Each process that mixes all modes by itself, and
 * has the memory, adds its samples to the score of its user and takes over what the
 * others found. The verdict is that of the process; a user has none.
 */
#include "roundwatch.h"

#define ACCOUNTS_BITS	8

/* Slots by hash of the uid; one is given to another user once its evidence is gone. */
static struct account {
	unsigned long busy;
	u32 uid;
	struct verdict_score score;
} accounts[1 << ACCOUNTS_BITS];

static bool has_faded(const struct account *u)
{
	u32 left = 0;
	int i;

	for (i = 0; i < VERDICT_PARTS; i++)
		left += u->score.part[i];
	return !left;
}

static void share(struct account *u, struct verdict_score *process, u32 uid,
		  const struct verdict_change *change, u64 when_ms)
{
	verdict_decay(&rule, &u->score, when_ms);
	if (u->uid != uid || !u->score.sum) {
		if (!has_faded(u))
			return;
		u->uid = uid;
		verdict_init(&u->score, when_ms);
		u->score.sum = true;
	}
	verdict_take(&rule, &u->score, change, when_ms);
	verdict_inherit(process, &u->score, false);
}

/**
 * user_share() - add a sample of a process to the score of its user
 * @process: the score, as of the sample; takes over that of the user
 * @uid: real, in the initial namespace
 * @change: the sample
 * @when_ms: its time
 *
 * Does nothing if another CPU is at it with this user.
 *
 * Context: the probes; takes no lock.
 */
void user_share(struct verdict_score *process, u32 uid, const struct verdict_change *change,
		u64 when_ms)
{
	struct account *u = &accounts[uid * 0x61C88647U >> (32 - ACCOUNTS_BITS)];

	if (test_and_set_bit_lock(0, &u->busy))
		return;
	share(u, process, uid, change, when_ms);
	clear_bit_unlock(0, &u->busy);
}
