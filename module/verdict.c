// SPDX-License-Identifier: GPL-2.0
/*
 * The decision rule: does this thread compute RandomX?
 *
 * RandomX's CFROUND loads two data-dependent bits into MXCSR.RC (RandomX
 * specification, 5.4.1), so a mining thread looks, at samples far enough
 * apart, like draws from RN/RD/RU/RZ at about .31/.23/.23/.23. Three questions
 * are asked; the first decides alone in most cases.
 *
 * 1. Do RD, RU and RZ mix? The answer is Page's CUSUM, once for every way of
 * not being RandomX, and the least of the four sums is the evidence:
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
 * 2. Does x87's rounding control move along? fesetround() sets both; the usual
 * RandomX code never touches x87. It is not asked whether the two are equal:
 * parts of libm put one of them alone into another mode for a moment. Where x87
 * moves, the modes have to mix at random for longer: a cycle in a fixed order
 * does not, nor does a program that changes mode at nearly every sample.
 * RandomX built with fesetround(), as Debian's for i386, mixes at random; test
 * loops that do so as well, for a minute, differ from it by the third question.
 *
 * 3. Does the process map the memory? RandomX cannot run without its cache,
 * 256 MiB; the smallest of a published variant is 128 MiB (Scala's DefyX and
 * Panthera). A process that maps less is at most suspect, and if x87 moves
 * along not even that.
 *
 * Where there is no x87 (arm64), nothing tells a test loop from RandomX by its
 * control words. There the process has to use the memory, not just to map it:
 * RandomX reads all of its cache all the time. And it is at most suspect until either
 * RandomX's constants were seen in its registers, where its compiler keeps them, or its
 * modes have mixed at random for 20 s of CPU time.
 *
 * How the numbers of the first question were chosen. Scaled so that the verdict
 * is at 100. A change into a given directed mode has probability .235 in
 * RandomX; the evidence stands still for a program that shows some mode in
 * 3/(40+3) = 7 % of its changes, and falls below that. Of 12,000 random
 * combinations of GAIN, LOSS, IDLE, cap and CROSS those were kept that find
 * every miner of the samples within 45 samples (median) and 100 (99th
 * percentile) from any starting point, and among these, one that is hard to
 * mislead by made-up programs nastier than any seen. Interval arithmetic with RZ
 * in 5 % of the samples gives a false alarm every 2,000,000 samples (with 8 %,
 * every 3,500), and phases of RN/RD/RU and RN/RZ in turn, of 30 samples each,
 * every 300,000. This holds in the long run, when the balance is known: of such
 * programs with RZ in 2 % of the samples 1 in 80 gets randomx within its first
 * 600 samples, with 4 % 1 in 7, for less than a second. The optimum is flat:
 * all that halves this takes a miner a quarter longer. What it comes to on the
 * samples: `build/judge --starts 10000 FILE...`.
 *
 * Decay (7 points a second) is what separates mining from verifying: a miner
 * gains about 4 points a sample, at 20 samples a second or more. There is no
 * sharp limit below that: a thread that yields 1.8 samples a second (2 % of a
 * CPU) is found within a minute or two, at 1.3 it gets suspect; at one a second
 * chance still adds up to a verdict, after minutes to hours. A sum of threads
 * loses four times as much, as it gets the samples of all of them: a Monero
 * node that verifies a block every other second yields 2.5 a second, spread over
 * its threads.
 */
#include "verdict.h"

/* How many times faster a sum of threads fades. */
#define VERDICT_SUM_DECAY	4

/* Changes into a mode at which its count, and that of the others, is halved. */
#define VERDICT_WINDOW	128
/* By how much the rarest mode may fall short of half the most frequent. */
#define VERDICT_SLACK	6

/*
 * One sample in 13 at which x87 has moved is enough to believe that it moves
 * along; once is not, nor is a miner's that was parked in another mode.
 */
#define VERDICT_LED_MOVED	12
#define VERDICT_LED_START	12
#define VERDICT_LED_MOST	60

/*
 * The mode that last followed on a mode follows again in .33 of RandomX's
 * changes and in .75 or more of a cycle's; 5/9 is neutral. A sample without a
 * change is one in four or more; 4/19 is neutral.
 */
#define VERDICT_VARIED_UP	5
#define VERDICT_VARIED_DOWN	4
#define VERDICT_STAYED_UP	15
#define VERDICT_STAYED_DOWN	4
#define VERDICT_RANDOM_MOST	250
#define VERDICT_RANDOM		125

/* Changes into each of RD, RU and RZ before a process adds to its user's score. */
#define VERDICT_CONTRIBUTES	4

/* CPU time that one sample can speak for. */
#define VERDICT_CPU_MOST	100

#define U16_MOST		0xffff

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

static u32 less(u32 from, u32 points)
{
	return from > points ? from - points : 0;
}

static void lose(u16 *part, u32 points)
{
	*part = less(*part, points);
}

/**
 * verdict_init() - the score of a task that has only been in RN so far
 * @score: to be set
 * @now_ms: wall time in milliseconds
 */
void verdict_init(struct verdict_score *score, u64 now_ms)
{
	*score = (struct verdict_score){ .led = VERDICT_LED_START, .decay_ms = now_ms };
}

/**
 * verdict_decay() - let old history fade
 * @rule: the rule
 * @score: loses @rule->decay points a second since it last lost any
 * @now_ms: wall time in milliseconds; a step back of the clock takes nothing
 */
void verdict_decay(const struct verdict_rule *rule, struct verdict_score *score,
		   u64 now_ms)
{
	u32 decay = score->sum ? VERDICT_SUM_DECAY * rule->decay : rule->decay;
	u64 fade;
	u32 points;
	int i;

	/* CPUs look at the clock one after the other. */
	if (now_ms <= score->decay_ms)
		return;
	fade = (now_ms - score->decay_ms) * decay + score->fade;
	points = fade / 1000 < U16_MOST ? fade / 1000 : U16_MOST;
	score->fade = fade % 1000;
	score->decay_ms = now_ms;
	for (i = 0; i < VERDICT_PARTS; i++)
		lose(&score->part[i], points);
	lose(&score->mixed_ms, points);
}

/*
 * RandomX has no favourite among RD, RU and RZ. A program that goes to one of them
 * more than twice as often as to another is something else, chance aside.
 */
static bool balanced(u32 least_often, const u8 *arrivals)
{
	u32 most = arrivals[0];
	int i;

	for (i = 1; i < 3; i++)
		most = arrivals[i] > most ? arrivals[i] : most;
	return 2 * least_often + VERDICT_SLACK >= most;
}

static u32 rarest(const u8 *arrivals)
{
	return least(least(arrivals[0], arrivals[1]), arrivals[2]);
}

/* Do RD, RU and RZ mix? In points, up to the cap. */
static u32 mixing(const struct verdict_score *score)
{
	u32 points = 2 * score->part[VERDICT_CROSS];
	int i;

	if (!score->mixes || !balanced(rarest(score->arrivals), score->arrivals))
		return 0;
	for (i = 0; i < 3; i++)
		points = least(points, score->part[i]);
	return points;
}

/* Neither in a fixed order, nor another mode at nearly every sample. */
static bool is_random(const struct verdict_score *score)
{
	return least(score->varied, score->stayed) >= VERDICT_RANDOM;
}

static void step(u8 *counter, bool up, u32 gain, u32 loss, u32 most)
{
	*counter = up ? least(*counter + gain, most) : less(*counter, loss);
}

static void take_change(u32 cap, struct verdict_score *score, const struct verdict_change *change)
{
	int i;

	if (change->cross)
		score->mixes = true;
	if (change->to != ROUNDWATCH_RN && ++score->arrivals[change->to - 1] == VERDICT_WINDOW)
		for (i = 0; i < 3; i++)
			score->arrivals[i] /= 2;
	for (i = 0; i < VERDICT_PARTS; i++) {
		bool hit = i == VERDICT_CROSS ? change->cross : i + 1 == change->to;

		if (hit)
			score->part[i] = least(score->part[i] + VERDICT_GAIN, cap);
		else
			lose(&score->part[i], VERDICT_LOSS);
	}
	step(&score->varied, !change->repeated, VERDICT_VARIED_UP, VERDICT_VARIED_DOWN,
	     VERDICT_RANDOM_MOST);
}

/**
 * verdict_take() - add a sample to a score
 * @rule: the rule
 * @score: of the thread, or of a sum that takes over what its threads find
 * @change: what verdict_sample() returned, with @change->counted set
 * @now_ms: wall time in milliseconds
 *
 * A sum takes over all samples, also those that speak against RandomX.
 */
void verdict_take(const struct verdict_rule *rule, struct verdict_score *score,
		  const struct verdict_change *change, u64 now_ms)
{
	int i;

	verdict_decay(rule, score, now_ms);
	score->borrowed = false;
	score->sum |= score->thread && score->thread != change->thread;
	score->thread = change->thread;
	if (change->moved || change->changed)
		step(&score->led, change->moved, VERDICT_LED_MOVED, 1, VERDICT_LED_MOST);
	step(&score->stayed, !change->changed, VERDICT_STAYED_UP, VERDICT_STAYED_DOWN,
	     VERDICT_RANDOM_MOST);
	if (change->changed)
		take_change(rule->randomx + VERDICT_GAIN, score, change);
	else
		for (i = 0; i < VERDICT_PARTS; i++)
			lose(&score->part[i], VERDICT_IDLE);
	if (is_random(score) && mixing(score) >= rule->suspect)
		score->mixed_ms = least(score->mixed_ms + change->cpu_ms, VERDICT_LED_CAP);
}

/**
 * verdict_follow() - what a sample is in a sequence of samples
 * @trail: of the sequence
 * @sample: the next
 *
 * A voluntary sample is no evidence in any mode, as a miner can choose both:
 * it is not counted, and the sequence stays as it is.
 *
 * Return: what the sample was.
 */
struct verdict_change verdict_follow(struct verdict_trail *trail,
				     const struct verdict_sample *sample)
{
	struct verdict_change change = {
		.thread = sample->thread,
		.cpu_ms = least(sample->cpu_ms, VERDICT_CPU_MOST),
		.to = sample->mode,
	};
	u32 from = trail->mode;

	if (sample->voluntary)
		return change;
	change.counted = true;
	change.first = !trail->begun;
	change.moved = sample->x87 != trail->x87;
	change.changed = sample->mode != from;
	trail->begun = true;
	trail->x87 = sample->x87;
	if (!change.changed)
		return change;
	trail->mode = sample->mode;
	change.repeated = (trail->next >> 2 * from & 3) == sample->mode;
	trail->next = (trail->next & ~(3 << 2 * from)) | sample->mode << 2 * from;
	if (from == ROUNDWATCH_RN || sample->mode == ROUNDWATCH_RN) {
		trail->crossed = false;
	} else if (sample->mode == ROUNDWATCH_RZ) {
		change.cross = true;
		trail->crossed = true;
	} else {
		change.cross = from == ROUNDWATCH_RZ && !trail->crossed;
		trail->crossed = false;
	}
	return change;
}

/**
 * verdict_sample() - one sample of a thread
 * @rule: the rule
 * @score: the thread's; or that of a sum, for the first sample of each of its
 *	threads, which then are to it samples of one thread of its own
 * @sample: taken at least @rule->gap_ns of the thread's CPU time after the last
 *
 * A voluntary sample is not counted, and the caller may take the next.
 *
 * Return: what the sample was.
 */
struct verdict_change verdict_sample(const struct verdict_rule *rule,
				     struct verdict_score *score,
				     const struct verdict_sample *sample)
{
	struct verdict_change change = verdict_follow(&score->trail, sample);

	if (change.counted)
		verdict_take(rule, score, &change, sample->now_ms);
	return change;
}

/**
 * verdict_inherit() - a process starts with, or leaves behind, what was found
 * @score: gets the larger of its own and @from's
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
	if (score->mixed_ms < from->mixed_ms)
		score->mixed_ms = from->mixed_ms;
	score->known |= same_program && from->known;
	if (same_program) {
		score->trail = from->trail;
		score->led = from->led;
		score->varied = from->varied;
		score->stayed = from->stayed;
		score->borrowed = true;
	}
}

/**
 * verdict_exec() - another program begins in the same process
 * @score: of the process
 *
 * What a process found is its own, whatever it runs: a miner could exec itself
 * for every hash. Only where the last sample was the parent's, in another
 * program, the next does not follow on it.
 */
void verdict_exec(struct verdict_score *score)
{
	if (!score->borrowed)
		return;
	score->trail = (struct verdict_trail){ .next = score->trail.next };
	score->borrowed = false;
	score->led = VERDICT_LED_START;
	score->known = false;
}

/**
 * verdict_points() - all parts of a score together
 * @score: decayed by the caller
 *
 * Return: the sum; 0 if nothing is left of what was found.
 */
u32 verdict_points(const struct verdict_score *score)
{
	u32 sum = 0;
	int i;

	for (i = 0; i < VERDICT_PARTS; i++)
		sum += score->part[i];
	return sum;
}

/**
 * verdict_is_led() - does x87's rounding control move along with MXCSR's?
 * @score: of a thread or a process
 */
bool verdict_is_led(const struct verdict_score *score)
{
	return score->led > VERDICT_LED_START;
}

/**
 * verdict_contributes() - does a process add to what the processes of its user find?
 * @score: of the process
 *
 * Only one that mixes all modes by itself does, and for long enough that this is not
 * chance, so that interval arithmetic and an emulator together are no miner.
 *
 * Return: whether it does; then it may also take over what the others found.
 */
bool verdict_contributes(const struct verdict_score *score)
{
	u32 least_often = rarest(score->arrivals);

	return score->mixes && least_often >= VERDICT_CONTRIBUTES &&
	       balanced(least_often, score->arrivals) && !verdict_is_led(score);
}

/* What modes are worth that have mixed for so long while x87 moved along. */
static u32 worth(const struct verdict_rule *rule, u32 mixed_ms)
{
	const u32 rest = VERDICT_LED_RANDOMX - VERDICT_LED_SUSPECT;

	if (mixed_ms < VERDICT_LED_SUSPECT)
		return mixed_ms * rule->suspect / VERDICT_LED_SUSPECT;
	return rule->suspect +
	       (mixed_ms - VERDICT_LED_SUSPECT) * (rule->randomx - rule->suspect) / rest;
}

/**
 * verdict_asks() - is it time to look at the memory of the process?
 * @rule: the rule
 * @score: as of the last sample
 *
 * Return: whether verdict_witness() should come before verdict_evidence().
 */
bool verdict_asks(const struct verdict_rule *rule, const struct verdict_score *score)
{
	return mixing(score) >= rule->suspect;
}

/**
 * verdict_witness() - what the memory of the process says
 * @score: of one of its threads, or of the process
 * @has_memory: it maps VERDICT_MEMORY_MIB or more, or nobody can tell: a guest
 */
void verdict_witness(struct verdict_score *score, bool has_memory)
{
	score->small = !has_memory;
}

/**
 * verdict_recognize() - RandomX's constants are in the registers
 * @score: of one of its threads, or of the process
 *
 * They only speak for RandomX: a miner can do without.
 */
void verdict_recognize(struct verdict_score *score)
{
	score->known = true;
}

/* Without x87, is it more than a loop that changes modes? */
static bool is_convincing(const struct verdict_score *score)
{
	return score->known || score->mixed_ms >= VERDICT_LONE_RANDOMX;
}

/**
 * verdict_evidence() - the score as one number
 * @rule: the rule
 * @score: decayed by the caller
 *
 * Return: 0 to @rule->randomx + VERDICT_GAIN.
 */
u32 verdict_evidence(const struct verdict_rule *rule,
		     const struct verdict_score *score)
{
	u32 evidence = mixing(score);
	u32 cap = U16_MOST;

	if (verdict_is_led(score))
		evidence = least(evidence, worth(rule, score->mixed_ms));
	if (score->small)
		cap = verdict_is_led(score) ? rule->suspect : rule->randomx;
	else if (rule->lone && !is_convincing(score))
		cap = rule->randomx;
	return least(evidence, cap - 1);
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

/**
 * verdict_fell_ms() - when a verdict fell that nothing judged in the meantime
 * @rule: the rule
 * @score: as it was at the last sample, not decayed since
 * @before: the verdict at that sample
 * @verdict: to which it has fallen until now
 * @now_ms: wall time in milliseconds
 *
 * Evidence only falls while it decays, so there is one such time.
 *
 * Return: the time in milliseconds.
 */
u64 verdict_fell_ms(const struct verdict_rule *rule, const struct verdict_score *score,
		    u8 before, u8 verdict, u64 now_ms)
{
	u64 above_ms = score->decay_ms;

	while (above_ms + 1 < now_ms) {
		u64 middle_ms = above_ms + (now_ms - above_ms) / 2;
		struct verdict_score faded = *score;

		verdict_decay(rule, &faded, middle_ms);
		if (verdict_decide(rule, verdict_evidence(rule, &faded), before) > verdict)
			above_ms = middle_ms;
		else
			now_ms = middle_ms;
	}
	return now_ms;
}
