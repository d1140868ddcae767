// SPDX-License-Identifier: GPL-2.0
/*
 * The decision rule: does this thread compute RandomX?
 *
 * RandomX's CFROUND loads two data-dependent bits into MXCSR.RC (RandomX
 * specification, 5.4.1), so a mining thread looks, at samples far enough
 * apart, like draws from RN/RD/RU/RZ at about .31/.23/.23/.23. Nothing else
 * that was measured shows RD, RU and RZ in one thread, except programs that
 * call fesetround(), which moves x87's rounding control along with MXCSR's.
 *
 * The rule is Page's CUSUM, once for every way of not being RandomX, and the
 * least of the four sums is the evidence:
 *
 *   part[RD], part[RU], part[RZ]: "this mode hardly ever turns up". A change
 *	into the mode adds VERDICT_GAIN, a change to another mode takes
 *	VERDICT_LOSS off.
 *   part[CROSS]: "RZ and RD/RU do not mix", as when a program does interval
 *	arithmetic in one phase and truncates in another. A visit to RZ with RD
 *	or RU right before or after it adds, every other change takes off. It
 *	has only to reach half of what the others have to.
 *
 * Only changes carry weight, so it matters little how fast the machine is:
 * RandomX changes mode in .47 to .75 of all samples wherever it runs. Samples
 * that repeat the mode take VERDICT_IDLE off, which is what clears a program
 * that walks through all modes at leisure.
 *
 * All that holds only while the changes into RD, RU and RZ are balanced, in the
 * long run: none of them more than twice as frequent as another. This is what
 * tells interval arithmetic with an odd RZ in it (a software fma(), say) from
 * RandomX, however long it runs, and it costs a miner no time.
 *
 * How the numbers were chosen. Scaled so that the verdict is at 100. A change
 * into a given directed mode has probability .235 in RandomX; the evidence
 * stands still for a program that shows some mode in 3/(40+3) = 7 % of its
 * changes, and falls below that. Of 12,000 random combinations of GAIN, LOSS,
 * IDLE, cap and CROSS those were kept that find every miner of the samples
 * within 45 samples (median) and 100 (99th percentile) from any starting point,
 * and among these, one that is hard to mislead by made-up programs nastier than
 * any seen: interval arithmetic with RZ in 5 % of the samples (a false alarm
 * every 2,000,000 samples; with 8 %, every 3,500) and phases of RN/RD/RU and
 * RN/RZ in turn (of 30 samples each: every 300,000). The optimum is flat. What
 * it comes to on the samples: `build/judge --starts 10000 FILE...`.
 *
 * Decay (7 points a second) is what separates mining from verifying: a miner
 * gains about 4 points a sample, at 20 samples a second or more; of a Monero
 * node that verified a block every other second, 1.2 samples a second and thread
 * were seen. Evidence from one sample a second never gets anywhere, from 1.2 a
 * second it is enough every 4 hours; a miner held to less escapes.
 */
#include "verdict.h"

/* A task begins in RN, and so does x87: up to the first sample they agreed. */
#define VERDICT_AGREED	2

/*
 * How far the clock may seem to step back, as CPUs look at it one after the
 * other. More than that is a long pause: the clock wraps in 50 days.
 */
#define VERDICT_STEP_BACK	60000U

/* Changes into a mode at which its count, and that of the others, is halved. */
#define VERDICT_WINDOW	128
/* By how much the rarest mode may fall short of half the most frequent. */
#define VERDICT_SLACK	6

/* Above the cap evidence adds nothing but delay until a verdict falls again. */
static u32 verdict_cap(const struct verdict_rule *rule)
{
	return rule->randomx + VERDICT_GAIN;
}

static void lose(u16 *part, u32 points)
{
	*part = *part > points ? *part - points : 0;
}

/**
 * verdict_init() - the score of a task that has only been in RN so far
 * @score: to be set
 * @now_ms: wall time in milliseconds
 */
void verdict_init(struct verdict_score *score, u32 now_ms)
{
	*score = (struct verdict_score){ .agree = VERDICT_AGREED, .decay_ms = now_ms };
}

/**
 * verdict_decay() - let old history fade
 * @rule: the rule
 * @score: loses @rule->decay points a second since it last lost any
 * @now_ms: wall time in milliseconds; a step back of the clock takes nothing
 */
void verdict_decay(const struct verdict_rule *rule, struct verdict_score *score,
		   u32 now_ms)
{
	u32 elapsed = now_ms - score->decay_ms;
	u32 points;
	int i;

	if (elapsed > -VERDICT_STEP_BACK)
		return;
	if (!rule->decay) {
		score->decay_ms = now_ms;
		return;
	}
	/* decay <= 1000, so that points fit. */
	points = (u64)elapsed * rule->decay / 1000;
	score->decay_ms += (u64)points * 1000 / rule->decay;
	for (i = 0; i < VERDICT_PARTS; i++)
		lose(&score->part[i], points);
	/* x87's counters are hundreds of times larger and outlive pauses. */
	for (i = 0; i < 3; i++)
		lose(&score->x87[i], points / 8);
}

/**
 * verdict_take() - add one believed change to a score
 * @rule: the rule
 * @score: of the thread, or of a process that takes over what its thread found
 * @change: what verdict_sample() returned, with @change->believed set
 * @now_ms: wall time in milliseconds
 */
void verdict_take(const struct verdict_rule *rule, struct verdict_score *score,
		  const struct verdict_change *change, u32 now_ms)
{
	u32 cap = verdict_cap(rule);
	int i;

	verdict_decay(rule, score, now_ms);
	if (change->cross)
		score->mixes = true;
	if (change->to != ROUNDWATCH_RN && ++score->arrivals[change->to - 1] == VERDICT_WINDOW)
		for (i = 0; i < 3; i++)
			score->arrivals[i] /= 2;
	for (i = 0; i < VERDICT_PARTS; i++) {
		bool hit = i == VERDICT_CROSS ? change->cross :
						i + 1 == change->to;

		if (!hit)
			lose(&score->part[i], VERDICT_LOSS);
		else if ((u32)score->part[i] + VERDICT_GAIN < cap)
			score->part[i] += VERDICT_GAIN;
		else
			score->part[i] = cap;
	}
}

/*
 * Is x87 led by the same hand as MXCSR? fesetround() sets both; RandomX never
 * touches x87, so that for it they agree in RN only, or by chance if a miner
 * parked x87 elsewhere. One disagreement outweighs several agreements.
 */
static bool x87_follows(struct verdict_score *score,
			const struct verdict_sample *sample)
{
	if (sample->x87 != sample->mode)
		score->agree = score->agree > 4 ? score->agree - 4 : 0;
	else if (score->agree < 12)
		score->agree++;
	return sample->mode && sample->x87 == sample->mode && score->agree > VERDICT_AGREED;
}

/**
 * verdict_sample() - one sample of a thread
 * @rule: the rule
 * @score: the thread's
 * @sample: taken at least @rule->gap_ns of the thread's CPU time after the last
 *
 * RN at a voluntary switch is no evidence, as a miner can go there before a
 * system call: such a sample is not counted, and the caller may take the next.
 *
 * Return: what the sample was.
 */
struct verdict_change verdict_sample(const struct verdict_rule *rule,
				     struct verdict_score *score,
				     const struct verdict_sample *sample)
{
	struct verdict_change change = { .to = sample->mode };
	u8 from = score->mode;
	bool follows;
	int i;

	if (sample->mode == ROUNDWATCH_RN && sample->voluntary)
		return change;
	change.counted = true;
	follows = x87_follows(score, sample);
	change.changed = sample->mode != from;
	if (!change.changed) {
		verdict_decay(rule, score, sample->now_ms);
		for (i = 0; i < VERDICT_PARTS; i++)
			lose(&score->part[i], VERDICT_IDLE);
		return change;
	}
	score->mode = sample->mode;
	if (from == ROUNDWATCH_RN || sample->mode == ROUNDWATCH_RN) {
		score->crossed = false;
	} else if (sample->mode == ROUNDWATCH_RZ) {
		change.cross = true;
		score->crossed = true;
	} else {
		change.cross = from == ROUNDWATCH_RZ && !score->crossed;
		score->crossed = false;
	}
	if (follows) {
		u16 *x87 = &score->x87[sample->mode - 1];

		verdict_decay(rule, score, sample->now_ms);
		for (i = 0; i < VERDICT_PARTS; i++)
			lose(&score->part[i], VERDICT_LOSS);
		if (*x87 < VERDICT_X87_LIMIT)
			++*x87;
		return change;
	}
	change.believed = true;
	verdict_take(rule, score, &change, sample->now_ms);
	return change;
}

/**
 * verdict_inherit() - a process starts with, or leaves behind, what was found
 * @score: gets the larger of its own and @from's parts
 * @from: the parent's score at a fork, the child's at its end; as decayed as
 *	@score is
 * @same_program: there was no exec between the two, so that the first sample of
 *	the one may follow on the last of the other
 *
 * What is inherited makes no evidence until @score's owner mixes modes itself:
 * interval arithmetic that is run after a miner, by the same parent, is still
 * interval arithmetic.
 */
void verdict_inherit(struct verdict_score *score,
		     const struct verdict_score *from, bool same_program)
{
	int i;

	for (i = 0; i < VERDICT_PARTS; i++)
		if (score->part[i] < from->part[i])
			score->part[i] = from->part[i];
	if (same_program) {
		score->mode = from->mode;
		score->crossed = from->crossed;
		score->agree = from->agree;
	}
}

/**
 * verdict_exec() - another program begins in the same process
 * @score: of the process; its parts stay, as a miner could exec itself
 */
void verdict_exec(struct verdict_score *score)
{
	int i;

	score->mode = ROUNDWATCH_RN;
	score->crossed = false;
	score->mixes = false;
	score->agree = VERDICT_AGREED;
	for (i = 0; i < 3; i++)
		score->arrivals[i] = 0;
}

/*
 * RandomX has no favourite among RD, RU and RZ. Whoever goes to one of them more
 * than twice as often as to another is something else, chance aside.
 */
static bool balanced(const struct verdict_score *score)
{
	const u8 *n = score->arrivals;
	u32 min = n[0], max = n[0];
	int i;

	for (i = 1; i < 3; i++) {
		min = n[i] < min ? n[i] : min;
		max = n[i] > max ? n[i] : max;
	}
	return 2 * min + VERDICT_SLACK >= max;
}

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

/**
 * verdict_evidence() - the score as one number
 * @rule: the rule
 * @score: decayed by the caller
 *
 * Return: 0 to @rule->randomx + VERDICT_GAIN. What x87 followed counts up to
 * @rule->suspect at most, however long it goes on.
 */
u32 verdict_evidence(const struct verdict_rule *rule,
		     const struct verdict_score *score)
{
	u32 evidence = score->mixes && balanced(score) ? 2 * score->part[VERDICT_CROSS] : 0;
	u32 x87 = VERDICT_X87_LIMIT;
	int i;

	for (i = 0; i < 3; i++) {
		evidence = least(evidence, score->part[i]);
		x87 = least(x87, score->x87[i]);
	}
	x87 = (u64)x87 * rule->suspect / VERDICT_X87_LIMIT;
	return x87 > evidence ? x87 : evidence;
}

/**
 * verdict_decide() - the verdict on a task that has left RN at least once
 * @rule: the rule
 * @evidence: what verdict_evidence() returned
 * @before: the verdict so far
 *
 * A verdict rises at its threshold and falls at a quarter of it, so that it
 * does not flicker while the evidence wanders.
 *
 * Return: enum roundwatch_verdict, ROUNDWATCH_ROUNDING or above.
 */
u8 verdict_decide(const struct verdict_rule *rule, u32 evidence, u8 before)
{
	if (evidence >= rule->randomx ||
	    (before == ROUNDWATCH_RANDOMX && 4 * evidence >= rule->randomx))
		return ROUNDWATCH_RANDOMX;
	if (evidence >= rule->suspect ||
	    (before >= ROUNDWATCH_SUSPECT && 4 * evidence >= rule->suspect))
		return ROUNDWATCH_SUSPECT;
	return ROUNDWATCH_ROUNDING;
}
