// SPDX-License-Identifier: GPL-2.0
/* From tallies, and from the module itself, to the records of uapi/roundwatch.h. */
#include "roundwatch.h"

/* How long the tally of a task that has ended is shown; an accused one always is. */
#define EXITED_SECONDS	600

/*
 * A living task's last observation is kept in jiffies, which cost nothing to read.
 * It is as exact as a tick; no other time of a tally moves between two records.
 */
static u64 last_ns(const struct tally *t, u64 now_ns)
{
	u64 ago = get_jiffies_64() - t->last;

	if (t->flags & ROUNDWATCH_EXITED)
		return t->ended_ns;
	return now_ns - min(now_ns - t->first_ns, ago * (NSEC_PER_SEC / HZ));
}

/*
 * Let the evidence of a living task decay since its last sample, and with it the
 * verdict, which then is from another time.
 */
static void fade(struct tally *t, u64 now_ns)
{
	const struct tally last = *t;
	u64 ms = now_ms(), fell_ms, ago_ns;
	u8 verdict;

	tally_decay(t, ms);
	verdict = verdict_decide(&rule, verdict_evidence(&rule, tally_score(t)), t->verdict);
	if (verdict < t->verdict) {
		fell_ms = verdict_fell_ms(&rule, &last.score, t->verdict, verdict, ms);
		if (tally_is_process(t))
			fell_ms = max(fell_ms, verdict_fell_ms(&rule, &last.looks, t->verdict,
							       verdict, ms));
		ago_ns = (ms - fell_ms) * (NSEC_PER_SEC / MSEC_PER_SEC);
		t->since_ns = max(t->since_ns, now_ns - min(now_ns, ago_ns));
	}
	t->verdict = verdict;
}

/**
 * record_tally() - the record of a slot, as of now
 * @r: where to put it
 * @slot: of the table
 *
 * The evidence of a living task decays between its samples, and with it the
 * verdict; that of a task that has ended stays as it was.
 *
 * Context: process.
 * Return: false if there is nothing to show: the slot is free, or the task
 * never left RN, or it ended long ago.
 */
bool record_tally(struct roundwatch_tally *r, u32 slot)
{
	u64 now_ns = ktime_get_boottime_ns();
	const struct verdict_score *score;
	struct tally t;
	int i;

	if (!tally_read(slot, &t))
		return false;
	/* It has nothing but what it inherited. */
	if (!t.samples)
		return false;
	if (!(t.flags & ROUNDWATCH_EXITED))
		fade(&t, now_ns);
	else if (t.highest < ROUNDWATCH_SUSPECT &&
		 now_ns - t.ended_ns > EXITED_SECONDS * NSEC_PER_SEC)
		return false;
	score = tally_score(&t);
	*r = (struct roundwatch_tally){
		.header = {
			.size = sizeof(*r),
			.type = ROUNDWATCH_TALLY,
			.abi = ROUNDWATCH_ABI,
			.time_ns = now_ns,
		},
		.flags = t.flags | (score->small ? ROUNDWATCH_SMALL : 0) |
			 (verdict_is_led(score) ? ROUNDWATCH_X87 : 0),
		.pid = tally_pid(&t),
		.tgid = t.tgid,
		.uid = t.uid,
		.verdict = t.verdict,
		.highest = t.highest,
		.mode = t.mode,
		.evidence = verdict_evidence(&rule, score),
		.start_ns = t.start_ns,
		.process_start_ns = tally_process_start_ns(&t),
		.first_ns = t.first_ns,
		.last_ns = last_ns(&t, now_ns),
		.verdict_ns = t.since_ns,
		.changes = t.changes,
		.samples = t.samples,
		.id = t.id,
		.mapped = (u64)t.mapped_mib << 20,
	};
	if (!tally_is_process(&t)) {
		r->mxcsr = t.control;
		r->fcw = t.second;
		r->cpu_ns = t.cpu_ns;
	}
	memcpy(r->comm, t.comm, sizeof(r->comm));
	r->comm[sizeof(r->comm) - 1] = '\0';
	for (i = 0; i < VERDICT_PARTS; i++)
		r->score[i] = score->part[i];
	for (i = 0; i < ROUNDWATCH_MODES; i++)
		r->count[i] = t.count[i];
	return true;
}

/* One writer, notice.c's work, and readers that take each number as it is. */
static struct reached {
	u64 processes;
	u64 last_ns;
} reached[ROUNDWATCH_RANDOMX + 1];

/**
 * record_reached() - a process has reached a verdict for the first time
 * @verdict: ROUNDWATCH_SUSPECT or ROUNDWATCH_RANDOMX
 * @when_ns: CLOCK_BOOTTIME
 *
 * Context: process, one at a time.
 */
void record_reached(u8 verdict, u64 when_ns)
{
	struct reached *r = &reached[verdict];

	WRITE_ONCE(r->processes, r->processes + 1);
	WRITE_ONCE(r->last_ns, when_ns);
}

/**
 * record_info() - the record of the module itself
 * @info: where to put it
 *
 * Context: process.
 */
void record_info(struct roundwatch_info *info)
{
	struct tally_counters sum;
	u64 live, exited;

	tally_sum(&sum, &live, &exited);
	*info = (struct roundwatch_info){
		.header = {
			.size = sizeof(*info),
			.type = ROUNDWATCH_INFO,
			.abi = ROUNDWATCH_ABI,
			.time_ns = ktime_get_boottime_ns(),
		},
		.version = ROUNDWATCH_VERSION,
		.flags = self.blind ? ROUNDWATCH_BLIND : 0,
		.max_tasks = tally_table.size,
		.loaded_ns = self.loaded_ns,
		.realtime_offset_ns = ktime_get_real_ns() - ktime_get_boottime_ns(),
		.observations = sum.observations,
		.live = live,
		.exited = exited,
		.claimed = sum.claimed,
		.evicted = sum.evicted,
		.dropped = sum.dropped,
		.contended = sum.contended,
		.suspect_evidence = rule.suspect,
		.randomx_evidence = rule.randomx,
		.gap_us = rule.gap_ns / NSEC_PER_USEC,
		.decay = rule.decay,
		.looks = sum.looks,
		.floor_hz = self.floor_hz,
		.machine = FPU_MACHINE,
		.lost = stream_lost(),
		.reached_suspect = READ_ONCE(reached[ROUNDWATCH_SUSPECT].processes),
		.reached_randomx = READ_ONCE(reached[ROUNDWATCH_RANDOMX].processes),
		.suspect_ns = READ_ONCE(reached[ROUNDWATCH_SUSPECT].last_ns),
		.randomx_ns = READ_ONCE(reached[ROUNDWATCH_RANDOMX].last_ns),
	};
}
