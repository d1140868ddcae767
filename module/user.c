// SPDX-License-Identifier: GPL-2.0
/*
 * What the processes of one user find together.
 *
 * A miner that spreads over many processes, each of which runs too seldom to be
 * detected, cannot leave its user. Each process that mixes all modes by itself, and
 * has the memory, adds its samples to the score of its user and takes over what the
 * others found. The verdict is that of the process; a user has none. Looks add up
 * apart, as they do in a process.
 */
#include "roundwatch.h"

#define ACCOUNTS_BITS	8

/* Slots by hash of the uid; one is given to another user once its evidence is gone. */
static struct account {
	unsigned long busy;
	u32 uid;
	struct verdict_score score;
	struct verdict_score looks;
} accounts[1 << ACCOUNTS_BITS];

static bool take_over(struct account *u, u32 uid, u64 when_ms)
{
	verdict_decay(&rule, &u->score, when_ms);
	verdict_decay(&rule, &u->looks, when_ms);
	if (u->uid == uid && u->score.sum)
		return true;
	if (verdict_points(&u->score) || verdict_points(&u->looks))
		return false;
	u->uid = uid;
	verdict_init(&u->score, when_ms);
	verdict_init(&u->looks, when_ms);
	u->score.sum = true;
	u->looks.sum = true;
	return true;
}

/**
 * user_share() - add a sample of a process to the score of its user
 * @process: its score, as of the sample, or that of its looks; takes over the user's
 * @looks: it is that of its looks
 * @uid: real, in the initial namespace
 * @change: the sample
 * @when_ms: its time
 *
 * Does nothing if another CPU is at it with this user.
 *
 * Context: the probes; takes no lock.
 */
void user_share(struct verdict_score *process, bool looks, u32 uid,
		const struct verdict_change *change, u64 when_ms)
{
	struct account *u = &accounts[uid * 0x61C88647U >> (32 - ACCOUNTS_BITS)];
	struct verdict_score *sum = looks ? &u->looks : &u->score;

	if (test_and_set_bit_lock(0, &u->busy))
		return;
	if (take_over(u, uid, when_ms)) {
		verdict_take(&rule, sum, change, when_ms);
		verdict_inherit(process, sum, false);
	}
	clear_bit_unlock(0, &u->busy);
}
