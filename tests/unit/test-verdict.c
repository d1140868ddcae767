// SPDX-License-Identifier: GPL-2.0
/*
 * The decision rule, module/verdict.c: its arithmetic by hand, and what it says
 * of made-up programs. Recorded ones are for test-samples.sh.
 */
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "verdict.h"

#define RN ROUNDWATCH_RN
#define RD ROUNDWATCH_RD
#define RU ROUNDWATCH_RU
#define RZ ROUNDWATCH_RZ

#define CAP(rule) ((rule)->randomx + VERDICT_GAIN)

static const struct verdict_rule defaults = {
	.suspect = VERDICT_SUSPECT_DEFAULT,
	.randomx = VERDICT_RANDOMX_DEFAULT,
	.decay = VERDICT_DECAY_DEFAULT,
	.gap_ns = VERDICT_GAP_DEFAULT * 1000,
};

/* So that time plays no part. */
static const struct verdict_rule timeless = {
	.suspect = VERDICT_SUSPECT_DEFAULT,
	.randomx = VERDICT_RANDOMX_DEFAULT,
	.gap_ns = VERDICT_GAP_DEFAULT * 1000,
};

/* Marsaglia's xorshift64. */
static u64 random_state = 0x9e3779b97f4a7c15;

static u32 dice(u32 sides)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 20) % sides;
}

/* One thread under the rule. */
struct thread {
	const struct verdict_rule *rule;
	struct verdict_score score;
	u64 now_ms;
	u32 step_ms;
	u16 number;
	bool small;
	u8 verdict, highest;
	u32 evidence, most;
	u64 samples;
};

static void start(struct thread *t, const struct verdict_rule *rule, u64 now_ms, u32 step_ms)
{
	*t = (struct thread){ .rule = rule, .now_ms = now_ms, .step_ms = step_ms, .number = 1 };
	verdict_init(&t->score, now_ms);
}

static struct verdict_change feed(struct thread *t, u8 mode, u8 x87, bool voluntary)
{
	struct verdict_sample sample = {
		.now_ms = t->now_ms += t->step_ms,
		.cpu_ms = 10,
		.thread = t->number,
		.mode = mode,
		.x87 = x87,
		.voluntary = voluntary,
	};
	struct verdict_change change = verdict_sample(t->rule, &t->score, &sample);

	t->samples++;
	if (verdict_asks(t->rule, &t->score))
		verdict_witness(&t->score, !t->small);
	t->evidence = verdict_evidence(t->rule, &t->score);
	t->most = t->evidence > t->most ? t->evidence : t->most;
	t->verdict = verdict_decide(t->rule, t->evidence, t->verdict);
	t->highest = t->verdict > t->highest ? t->verdict : t->highest;
	return change;
}

static u8 randomx_mode(void)
{
	u32 r = dice(100);

	return r < 31 ? RN : r < 54 ? RD : r < 77 ? RU : RZ;
}

static bool parts_are(const struct thread *t, u32 rd, u32 ru, u32 rz, u32 cross)
{
	const u16 *part = t->score.part;

	if (part[VERDICT_RD] == rd && part[VERDICT_RU] == ru && part[VERDICT_RZ] == rz &&
	    part[VERDICT_CROSS] == cross)
		return true;
	diag("parts are %u %u %u %u", part[VERDICT_RD], part[VERDICT_RU], part[VERDICT_RZ],
	     part[VERDICT_CROSS]);
	return false;
}

static void test_by_hand(void)
{
	struct verdict_change c;
	struct thread t;

	/* Gain 40, loss 3, idle 1; x87 is in RN. */
	start(&t, &timeless, 0, 10);
	ok(parts_are(&t, 0, 0, 0, 0) && !verdict_evidence(&timeless, &t.score),
	   "a new score is zero");
	c = feed(&t, RN, RN, false);
	ok(c.counted && !c.changed && !c.moved && !c.cross, "RN to RN counts, changes nothing");
	c = feed(&t, RD, RN, false);
	ok(c.counted && c.changed && !c.moved && !c.cross && c.to == RD, "RN to RD is a change");
	ok(parts_are(&t, 40, 0, 0, 0) && t.evidence == 0, "it adds to RD");
	feed(&t, RU, RN, false);
	ok(parts_are(&t, 37, 40, 0, 0) && t.evidence == 0, "RD to RU");
	c = feed(&t, RZ, RN, false);
	ok(c.cross && parts_are(&t, 34, 37, 40, 40), "RU to RZ: crosses");
	is(t.evidence, 34, "the least part is the evidence");
	c = feed(&t, RD, RN, false);
	ok(!c.cross && parts_are(&t, 74, 34, 37, 37), "RZ to RD: this visit has crossed already");
	is(t.evidence, 34, "evidence as before");
	feed(&t, RN, RN, false);
	ok(parts_are(&t, 71, 31, 34, 34), "to RN: all lose");
	c = feed(&t, RZ, RN, false);
	ok(!c.cross && parts_are(&t, 68, 28, 74, 31), "RN to RZ: not next to RD or RU");
	c = feed(&t, RU, RN, false);
	ok(c.cross && parts_are(&t, 65, 68, 71, 71), "RZ to RU: now it is");
	is(t.evidence, 65, "evidence 65");
	c = feed(&t, RU, RN, false);
	ok(c.counted && !c.changed && parts_are(&t, 64, 67, 70, 70), "RU again: all lose one");
	is(t.verdict, ROUNDWATCH_ROUNDING, "not suspect yet");
	feed(&t, RD, RN, false);
	ok(parts_are(&t, 104, 64, 67, 67), "RU to RD");
	feed(&t, RU, RN, false);
	ok(parts_are(&t, 101, 104, 64, 64), "RD to RU");
	feed(&t, RZ, RN, false);
	ok(parts_are(&t, 98, 101, 104, 104) && t.verdict == ROUNDWATCH_SUSPECT,
	   "RU to RZ: 98, suspect");
	feed(&t, RU, RN, false);
	feed(&t, RD, RN, false);
	feed(&t, RZ, RN, false);
	ok(parts_are(&t, 132, 134, 138, 138), "RU, RD, RZ");
	is(t.evidence, 132, "evidence 132");
	is(t.verdict, ROUNDWATCH_RANDOMX, "randomx");
	feed(&t, RU, RN, false);
	feed(&t, RZ, RN, false);
	ok(parts_are(&t, 126, 137, 140, 140), "the cap is 140");

	/* CROSS has only to reach half. */
	t.score.part[VERDICT_CROSS] = 30;
	is(verdict_evidence(&timeless, &t.score), 60, "CROSS counts twice");
}

/* Whatever happens, the score stays within its bounds and no mode is forgotten. */
static void test_bounds(void)
{
	const struct verdict_rule rules[] = {
		defaults, timeless,
		{ .suspect = 1, .randomx = VERDICT_RANDOMX_MIN, .decay = 0 },
		{ .suspect = 38, .randomx = VERDICT_RANDOMX_MIN, .decay = VERDICT_DECAY_MAX },
		{ .suspect = 10000, .randomx = VERDICT_RANDOMX_MAX, .decay = 0 },
		{ .suspect = 1, .randomx = VERDICT_RANDOMX_MAX, .decay = 1 },
	};
	unsigned int i, k, n, wrong = 0, over = 0, unsteady = 0;
	struct thread t;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		start(&t, &rules[i], dice(1U << 31), 0);
		for (n = 0; n < 300000; n++) {
			u8 mode = dice(4), before = t.verdict;
			struct verdict_change c;

			/* For a time like one program, then like another. */
			if ((n >> 10) % 3 == 1 && mode == RZ)
				mode = RU;
			t.small = dice(50) ? t.small : dice(2);
			t.step_ms = dice(3) ? dice(30) : dice(1000) ? 0 : dice(100000);
			c = feed(&t, mode, dice(3) ? RN : mode, dice(4) == 0);
			over += t.evidence > CAP(&rules[i]);
			for (k = 0; k < VERDICT_PARTS; k++)
				over += t.score.part[k] > CAP(&rules[i]);
			over += t.score.mixed_ms > VERDICT_LED_CAP || t.score.led > 60 ||
				t.score.varied > 250 || t.score.stayed > 250;
			wrong += (c.changed || c.moved) && !c.counted;
			wrong += c.repeated && !c.changed;
			wrong += c.cross && (!c.changed || c.to == RN);
			wrong += c.counted && t.score.trail.mode != mode;
			wrong += t.verdict < ROUNDWATCH_ROUNDING || t.verdict > ROUNDWATCH_RANDOMX;
			wrong += (t.verdict == ROUNDWATCH_RANDOMX) <
				 (t.evidence >= rules[i].randomx);
			unsteady += t.verdict < before && before == ROUNDWATCH_RANDOMX &&
				    2 * t.evidence >= rules[i].randomx;
		}
	}
	is(over, 0, "nothing ever exceeds the cap, whatever the thresholds");
	is(wrong, 0, "what a sample was is reported consistently");
	is(unsteady, 0, "no verdict falls above half of its threshold");

	start(&t, &rules[4], 0, 10);
	for (n = 0; n < 10000 && t.verdict < ROUNDWATCH_RANDOMX; n++)
		feed(&t, randomx_mode(), RN, false);
	ok(n > 500 && n < 10000, "threshold 10000: a miner gets there, in %u samples", n);
	start(&t, &rules[2], 0, 10);
	for (n = 0; n < 1000 && t.verdict < ROUNDWATCH_RANDOMX; n++)
		feed(&t, randomx_mode(), RN, false);
	ok(n >= 3 && n < 100, "threshold 40: in %u samples", n);
}

/* Modes of a set, in any order: without one of RD, RU, RZ there is no evidence. */
static void test_too_few_modes(void)
{
	unsigned int set, n;
	struct thread t;

	for (set = 1; set < 15; set++) {
		if ((set & 0xe) == 0xe)
			continue;
		start(&t, &timeless, 0, 10);
		for (n = 0; n < 1000000; n++) {
			u8 mode;

			do
				mode = dice(4);
			while (!(set >> mode & 1));
			feed(&t, mode, RN, false);
		}
		is(t.most, 0, "%s%s%s%s at random, a million samples: never any evidence",
		   set & 1 ? "RN " : "", set & 2 ? "RD " : "", set & 4 ? "RU " : "",
		   set & 8 ? "RZ " : "");
	}
	/* In order, as a test suite does. */
	start(&t, &defaults, 0, 10);
	for (n = 0; n < 1000000; n++)
		feed(&t, (n / 40) % 4, RN, false);
	ok(t.highest < ROUNDWATCH_SUSPECT, "all modes in turn, 40 samples each, SSE only: never suspect");
	diag("most evidence %u", t.most);
}

/*
 * Nastier than anything seen: the numbers in verdict.c's opening comment. Not
 * how often exactly, but that nobody makes it much worse unawares.
 */
static void test_nasty(void)
{
	unsigned int n, alarms = 0;
	struct thread t;

	start(&t, &defaults, 0, 10);
	for (n = 0; n < 3000000; n++) {
		u8 before = t.verdict;

		feed(&t, dice(50) ? dice(3) : RZ, RN, false);
		alarms += t.verdict > before && t.verdict == ROUNDWATCH_RANDOMX;
	}
	diag("interval arithmetic with 2 %% RZ: %u times randomx in %u samples", alarms, n);
	ok(alarms < n / 2000, "interval arithmetic with 2 %% RZ: randomx less than every 2,000");

	start(&t, &defaults, 0, 10);
	alarms = 0;
	for (n = 0; n < 3000000; n++) {
		u8 before = t.verdict;

		feed(&t, (n / 30) & 1 ? dice(2) * RZ : dice(3), RN, false);
		alarms += t.verdict > before && t.verdict == ROUNDWATCH_RANDOMX;
	}
	diag("RN/RD/RU and RN/RZ in turn: %u times randomx in %u samples", alarms, n);
	ok(alarms < n / 100000, "RN/RD/RU and RN/RZ in turn, 30 each: less than every 100,000");
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Samples until randomx, of 2,000 miners; 100,000: never. */
static void times(int *n, const struct verdict_rule *rule, u32 step_ms, u8 (*x87)(u8 mode))
{
	struct thread t;
	int i;

	for (i = 0; i < 2000; i++) {
		start(&t, rule, dice(1U << 31), step_ms);
		for (n[i] = 0; n[i] < 100000 && t.verdict < ROUNDWATCH_RANDOMX; n[i]++) {
			u8 mode = randomx_mode();

			feed(&t, mode, x87(mode), false);
		}
	}
	qsort(n, 2000, sizeof(*n), by_number);
}

static u8 x87_rn(u8 mode)
{
	(void)mode;
	return RN;
}

static u8 x87_rz(u8 mode)
{
	(void)mode;
	return RZ;
}

static u8 x87_ru(u8 mode)
{
	(void)mode;
	return RU;
}

static void test_miners(void)
{
	static int n[2000];
	static const struct {
		const char *name;
		u8 (*x87)(u8 mode);
	} parked[] = {
		{ "x87 parked in RZ", x87_rz }, { "x87 parked in RU", x87_ru },
	};
	unsigned int i;

	times(n, &defaults, 10, x87_rn);
	ok(n[1000] <= 45 && n[1980] <= 100, "a miner: randomx after %d samples (99 %%: %d)",
	   n[1000], n[1980]);
	ok(n[0] >= 9, "but not before the ninth (%d)", n[0]);
	times(n, &defaults, 50, x87_rn);
	ok(n[1000] <= 45 && n[1980] <= 110, "20 samples a second: after %d (99 %%: %d)",
	   n[1000], n[1980]);
	for (i = 0; i < sizeof(parked) / sizeof(parked[0]); i++) {
		times(n, &defaults, 10, parked[i].x87);
		ok(n[1000] <= 60 && n[1980] <= 200, "%s: hides nothing, %d samples (99 %%: %d)",
		   parked[i].name, n[1000], n[1980]);
	}
}

/*
 * RandomX this seldom is a node that verifies blocks; decay keeps it down. A
 * process gets what all its threads find, and fades four times as fast.
 */
static void test_verifier(void)
{
	struct verdict_score process;
	unsigned int n, most = 0;
	struct verdict_change c;
	struct thread t[3];

	start(&t[0], &defaults, 0, 2000);
	for (n = 0; n < 1000000; n++)
		feed(&t[0], randomx_mode(), RN, false);
	ok(t[0].highest < ROUNDWATCH_SUSPECT,
	   "RandomX, a sample every other second: not suspect in a million samples");
	diag("most evidence %u", t[0].most);

	verdict_init(&process, 0);
	for (n = 0; n < 3; n++) {
		start(&t[n], &defaults, 0, 0);
		t[n].number = n + 1;
	}
	for (n = 0; n < 100000; n++) {
		struct thread *one = &t[n % 3];

		one->now_ms = 400 * n;
		c = feed(one, randomx_mode(), RN, false);
		verdict_take(&defaults, &process, &c, one->now_ms);
		if (verdict_evidence(&defaults, &process) > most)
			most = verdict_evidence(&defaults, &process);
	}
	ok(t[0].highest < ROUNDWATCH_SUSPECT && most < defaults.suspect,
	   "2.5 samples a second of three threads: nor is the process, in 11 hours");
	diag("most evidence %u of a thread, %u of the process", t[0].most, most);
}

/*
 * fesetround() with something in between that puts MXCSR alone into RN, like much
 * of libm, or x87 alone into RD, like floorl(): in @apart of 100 samples each.
 */
static void feed_libm(struct thread *t, unsigned int apart)
{
	u8 mode = dice(4), x87 = mode;

	if (dice(100) < apart)
		mode = RN;
	else if (dice(100) < apart)
		x87 = RD;
	feed(t, mode, x87, false);
}

static void test_x87(void)
{
	static const struct verdict_rule *const rules[] = { &defaults, &timeless };
	unsigned int n, apart, i, most = 0, suspect = 0, randomx = 0;
	struct verdict_change c;
	struct thread t;

	for (i = 0; i < 2; i++) {
		for (apart = 0; apart < 90; apart += 10) {
			start(&t, rules[i], 0, 11);
			t.small = true;
			for (n = 0; n < 200000; n++)
				feed_libm(&t, apart);
			most = t.highest > most ? t.highest : most;
		}
	}
	is(most, ROUNDWATCH_ROUNDING,
	   "fesetround() at random in a small program, libm in between: never suspect");
	for (apart = 0, most = 0; apart < 50; apart += 10) {
		for (i = 0; i < 200; i++) {
			start(&t, &timeless, 0, 11);
			for (n = 0; n < 700; n++)
				feed_libm(&t, apart);
			most = t.highest > most ? t.highest : most;
		}
	}
	is(most, ROUNDWATCH_ROUNDING, "in a large one: not suspect in 700 samples");

	start(&t, &defaults, 0, 10);
	for (n = 1; n < 30000 && t.verdict < ROUNDWATCH_RANDOMX; n++) {
		u8 mode = randomx_mode();

		feed(&t, mode, mode, false);
		if (!suspect && t.verdict == ROUNDWATCH_SUSPECT)
			suspect = n;
	}
	randomx = n;
	ok(suspect > 750 && suspect <= 1200,
	   "a large program whose modes mix at random while x87 follows: suspect after %u0 ms",
	   suspect);
	ok(randomx > 4500 && randomx < 8000, "and randomx after %u0 ms", randomx);

	/* A process, each of whose threads lives for three samples. */
	start(&t, &defaults, 0, 10);
	for (n = 1; n < 30000 && t.verdict < ROUNDWATCH_RANDOMX; n++) {
		u8 mode = randomx_mode();

		t.number = n / 3;
		feed(&t, mode, mode, false);
	}
	ok(n < 10000, "the count is kept in the process: threads of 30 ms, after %u0 ms", n);

	start(&t, &timeless, 0, 10);
	for (n = 0; n < 100000; n++)
		feed(&t, n / 3 & 3, n / 3 & 3, false);
	ok(t.highest < ROUNDWATCH_SUSPECT && !t.score.mixed_ms,
	   "a cycle in a fixed order, three samples each: no mixing at random");
	start(&t, &timeless, 0, 10);
	for (n = 0, i = 0; n < 100000; n++) {
		/* Another mode at 85 of 100 samples. */
		i = dice(100) < 85 ? i + 1 + dice(3) : i;
		feed(&t, i & 3, i & 3, false);
	}
	ok(t.highest < ROUNDWATCH_RANDOMX, "another mode at nearly every sample: never randomx");
	diag("mixed for %u ms of %u0", t.score.mixed_ms, n);

	start(&t, &timeless, 0, 10);
	c = feed(&t, RU, RU, false);
	ok(c.moved && c.changed && t.score.led > 12, "it moves along from the first sample on");
	start(&t, &timeless, 0, 10);
	for (n = 0; n < 200; n++)
		feed(&t, randomx_mode(), RN, false);
	feed(&t, RU, RU, false);
	feed(&t, RD, RU, false);
	is(t.verdict, ROUNDWATCH_RANDOMX, "once in a long time is not along");
	for (n = 0; n < 300; n++)
		feed_libm(&t, 0);
	is(t.verdict, ROUNDWATCH_ROUNDING, "but if it goes on, the verdict falls");
}

static void test_witness(void)
{
	unsigned int n, asked = 0;
	struct thread t;

	start(&t, &timeless, 0, 10);
	t.small = true;
	for (n = 0; n < 100000; n++)
		feed(&t, randomx_mode(), RN, false);
	ok(t.highest == ROUNDWATCH_SUSPECT && t.most == timeless.randomx - 1,
	   "all modes, but too little memory for RandomX: suspect, never more");
	t.small = false;
	feed(&t, RD, RN, false);
	feed(&t, RU, RN, false);
	is(t.verdict, ROUNDWATCH_RANDOMX, "randomx as soon as the memory is there");
	start(&t, &timeless, 0, 10);
	for (n = 0; n < 100000; n++) {
		feed(&t, dice(3), RN, false);
		asked += verdict_asks(&timeless, &t.score);
	}
	is(asked, 0, "nobody is asked about interval arithmetic");
}

/* As on arm64: what mixes at random is believed late, unless RandomX's constants were seen. */
static void test_lone(void)
{
	static const u8 cycle[] = { RN, RD, RU, RZ };
	static const struct verdict_rule lone = {
		.suspect = VERDICT_SUSPECT_DEFAULT,
		.randomx = VERDICT_RANDOMX_DEFAULT,
		.decay = VERDICT_DECAY_DEFAULT,
		.gap_ns = VERDICT_GAP_DEFAULT * 1000,
		.lone = true,
	};
	static int n[2000];
	struct thread t;
	unsigned int i;

	times(n, &lone, 50, x87_rn);
	ok(n[1000] >= 2000 && n[1980] <= 3000,
	   "no x87: what mixes like a miner is randomx after %d samples (99 %%: %d)", n[1000],
	   n[1980]);
	start(&t, &lone, 0, 10);
	for (i = 0; i < 1900; i++)
		feed(&t, randomx_mode(), RN, false);
	ok(t.highest == ROUNDWATCH_SUSPECT && t.most == lone.randomx - 1,
	   "no x87: until then it is suspect");
	verdict_recognize(&t.score);
	feed(&t, randomx_mode(), RN, false);
	is(t.verdict, ROUNDWATCH_RANDOMX, "no x87: randomx as soon as the constants are seen");
	start(&t, &lone, 0, 10);
	t.small = true;
	verdict_recognize(&t.score);
	for (i = 0; i < 1000; i++)
		feed(&t, randomx_mode(), RN, false);
	ok(t.highest == ROUNDWATCH_SUSPECT, "no x87: constants without memory are suspect");
	start(&t, &lone, 0, 10);
	verdict_recognize(&t.score);
	for (i = 0; i < 100000; i++)
		feed(&t, dice(3), RN, false);
	is(t.highest, ROUNDWATCH_ROUNDING, "no x87: constants without RZ are nothing");
	start(&t, &lone, 0, 10);
	for (i = 0; i < 100000; i++)
		feed(&t, cycle[i / 2 % 4], RN, false);
	ok(t.highest == ROUNDWATCH_SUSPECT, "no x87: a cycle is suspect at most, also with the memory");
	start(&t, &lone, 0, 10);
	for (i = 0; i < 100000; i++)
		feed(&t, cycle[i % 4], RN, false);
	ok(t.highest == ROUNDWATCH_SUSPECT, "no x87: so is one with another mode at every sample");
	start(&t, &lone, 0, 10);
	t.small = true;
	for (i = 0; i < 100000; i++)
		feed(&t, dice(4), RN, false);
	ok(t.highest == ROUNDWATCH_SUSPECT, "no x87: so is chance without the memory");
}

static void test_voluntary(void)
{
	struct verdict_score before;
	struct verdict_change c;
	unsigned int n, mode, wrong = 0;
	struct thread t;
	int i;

	start(&t, &defaults, 0, 10);
	for (i = 0; i < 20; i++)
		feed(&t, randomx_mode(), RN, false);
	feed(&t, RU, RN, false);
	before = t.score;
	t.now_ms += 100000;
	for (mode = RN; mode <= RZ; mode++) {
		c = feed(&t, mode, mode, true);
		wrong += c.counted || c.changed || memcmp(&before, &t.score, sizeof(before));
	}
	is(wrong, 0, "a voluntary switch, in any mode: as if never seen, not even by the clock");
	c = feed(&t, RN, RN, false);
	ok(c.counted && c.changed, "RN at an involuntary one counts");

	/* Between any two samples a system call with RN, as evade2 does. */
	start(&t, &defaults, 0, 5);
	for (n = 0; n < 200 && t.verdict < ROUNDWATCH_RANDOMX; n++) {
		feed(&t, randomx_mode(), RN, false);
		feed(&t, RN, RN, true);
	}
	ok(n <= 100, "going to RN before each system call hides nothing (%u samples)", n);
	start(&t, &defaults, 0, 5);
	for (n = 0; n < 200 && t.verdict < ROUNDWATCH_RANDOMX; n++) {
		feed(&t, randomx_mode(), RN, false);
		feed(&t, RU, RN, true);
	}
	ok(n <= 100, "nor does going to RU (%u samples)", n);
}

static void full(struct verdict_score *s, const struct verdict_rule *rule, u64 now_ms)
{
	int i;

	verdict_init(s, now_ms);
	for (i = 0; i < VERDICT_PARTS; i++)
		s->part[i] = CAP(rule);
	s->mixed_ms = VERDICT_LED_CAP;
}

static bool empty(const struct verdict_score *s)
{
	int i;

	for (i = 0; i < VERDICT_PARTS; i++)
		if (s->part[i])
			return false;
	return true;
}

/*
 * A miner that arranges for samples at switches in modes of its choice, five between two
 * looks: all samples together show nothing, the looks do. Each is a sequence of its own.
 */
static void test_looks(void)
{
	static const u8 chosen[][5] = { { RN, RN, RN, RN, RN }, { RU, RU, RU, RU, RU },
					{ RU, RN, RU, RN, RU } };
	unsigned int i, n, k, looked, miners, wrong = 0;
	struct verdict_trail trail;
	struct thread all, looks;

	for (i = 0; i < 3; i++) {
		miners = 0;
		for (n = 0; n < 100; n++) {
			start(&all, &defaults, 0, 8);
			start(&looks, &defaults, 0, 50);
			trail = (struct verdict_trail){ .mode = RN };
			for (looked = 0; looked < 200; looked++) {
				struct verdict_sample s = { .thread = 1, .mode = randomx_mode() };
				struct verdict_change change = verdict_follow(&trail, &s);

				wrong += change.first != !looked || change.to != s.mode;
				feed(&looks, s.mode, RN, false);
				feed(&all, s.mode, RN, false);
				for (k = 0; k < 5; k++)
					feed(&all, chosen[i][k], RN, false);
				if (looks.verdict == ROUNDWATCH_RANDOMX)
					break;
			}
			miners += looks.verdict == ROUNDWATCH_RANDOMX &&
				  all.highest < ROUNDWATCH_RANDOMX;
		}
		ok(miners > 90, "%u of 100 that choose their other samples (%u) are found by looks alone",
		   miners, i);
	}
	is(wrong, 0, "the first sample of a sequence says so");
}

static void test_decay(void)
{
	static const u32 rates[] = { 1, 5, 8, 20, 125, 500, 1000, 3, 7, 60, 999 };
	const u64 day = 24 * 3600 * 1000;
	struct verdict_rule rule = defaults;
	struct verdict_score a, b, before;
	unsigned int i, wrong = 0;
	u64 now;

	rule.decay = 5;
	full(&a, &rule, 1000);
	verdict_decay(&rule, &a, 1000);
	is(a.part[VERDICT_RD], 140, "no time, no decay");
	verdict_decay(&rule, &a, 1199);
	is(a.part[VERDICT_RD], 140, "199 ms at 5 a second: not yet");
	verdict_decay(&rule, &a, 1200);
	is(a.part[VERDICT_RD], 139, "200 ms: one point, from when it began");
	verdict_decay(&rule, &a, 11200);
	is(a.part[VERDICT_CROSS], 89, "ten seconds more: fifty");
	is(VERDICT_LED_CAP - a.mixed_ms, 51, "and a millisecond of mixing for each");
	verdict_decay(&rule, &a, 1000 + 27999);
	ok(!empty(&a), "27.999 s: not all gone");
	verdict_decay(&rule, &a, 1000 + 28000);
	ok(empty(&a), "28 s: all gone");
	verdict_decay(&rule, &a, 1000 + 60000);
	ok(empty(&a), "and nothing below zero");
	full(&a, &rule, 1000);
	a.sum = true;
	verdict_decay(&rule, &a, 2000);
	is(a.part[VERDICT_RD], 120, "a sum of threads loses four times as much");

	/* A step at a time, or all at once. */
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		rule.decay = rates[i];
		rule.randomx = VERDICT_RANDOMX_MAX;
		full(&a, &rule, 3000);
		b = a;
		for (now = 0; now <= 6000; now += 1 + dice(2))
			verdict_decay(&rule, &a, 3000 + now);
		verdict_decay(&rule, &a, 9001);
		verdict_decay(&rule, &b, 9001);
		wrong += a.part[0] != b.part[0];
		wrong += b.part[0] != CAP(&rule) - 6001 * rates[i] / 1000;
	}
	is(wrong, 0, "many small steps come to what a large one does");

	rule = defaults;
	rule.decay = 0;
	full(&a, &rule, 0);
	for (now = 0; now < 5 * day; now += 1000003)
		verdict_decay(&rule, &a, now);
	ok(a.part[0] == 140 && a.mixed_ms == VERDICT_LED_CAP, "decay 0: none in five days");
	rule.decay = 5;
	verdict_decay(&rule, &a, now - 1000003 + 200);
	is(a.part[0], 139, "and those days are not made up for later");

	rule = defaults;
	rule.decay = 5;
	full(&a, &rule, 5000);
	before = a;
	verdict_decay(&rule, &a, 4990);
	ok(!memcmp(&a, &before, sizeof(a)), "a clock that steps back takes nothing");
	verdict_decay(&rule, &a, 5199);
	is(a.part[0], 140, "and does not count twice when it comes forward again");
	verdict_decay(&rule, &a, 5200);
	is(a.part[0], 139, "but from where it was");

	/* 49.7 days are 2^32 ms. */
	for (i = 0, wrong = 0; i < 3000; i++) {
		rule.decay = i % 10 ? 7 : VERDICT_DECAY_MAX;
		full(&a, &rule, 5000);
		a.sum = i & 1;
		verdict_decay(&rule, &a, 5000 + (i + 1) * day);
		wrong += !empty(&a) || a.mixed_ms;
		full(&a, &rule, 5000);
		verdict_decay(&rule, &a, 5000 + ((u64)(i + 1) << 32));
		wrong += !empty(&a);
	}
	is(wrong, 0, "a pause of days or years leaves nothing");
}

/*
 * Interval arithmetic in SSE alone whose fma() is done in software, in RZ: RZ
 * next to RD and RU, in few of the samples. Chance can take it for RandomX while
 * there are few samples; it passes, and does not come back.
 */
static void test_odd_rz(void)
{
	unsigned int n, i, late = 0, early = 0, still = 0;
	struct thread t;

	for (i = 0; i < 200; i++) {
		start(&t, &defaults, 0, 10);
		for (n = 0; n < 5000; n++) {
			u8 before = t.verdict;
			unsigned int d = dice(100);

			feed(&t, d < 2 ? RZ : d < 40 ? RN : d < 70 ? RD : RU, RN, false);
			if (n < 500)
				early += t.verdict > before && t.verdict == ROUNDWATCH_RANDOMX;
			else
				late += t.verdict > before;
			still += n == 1000 && t.verdict > ROUNDWATCH_ROUNDING;
		}
	}
	ok(early < 10, "an odd RZ in interval arithmetic: randomx at %u of 200 starts", early);
	is(late, 0, "but not after 500 samples, nor suspect");
	is(still, 0, "and the verdict has fallen by then");
}

static void test_decide(void)
{
	const struct verdict_rule one = { .suspect = 1, .randomx = VERDICT_RANDOMX_MIN };
	const struct verdict_rule same = { .suspect = 100, .randomx = 100 };
	unsigned int before, e, wrong = 0;
	u8 v, last;

	is(verdict_decide(&defaults, 69, 0), ROUNDWATCH_ROUNDING, "69: rounding");
	is(verdict_decide(&defaults, 70, 1), ROUNDWATCH_SUSPECT, "70: suspect");
	is(verdict_decide(&defaults, 99, 2), ROUNDWATCH_SUSPECT, "99: suspect");
	is(verdict_decide(&defaults, 100, 0), ROUNDWATCH_RANDOMX, "100: randomx");
	is(verdict_decide(&defaults, 25, 3), ROUNDWATCH_RANDOMX, "25, was randomx: still");
	is(verdict_decide(&defaults, 24, 3), ROUNDWATCH_SUSPECT, "24, was randomx: suspect");
	is(verdict_decide(&defaults, 18, 2), ROUNDWATCH_SUSPECT, "18, was suspect: still");
	is(verdict_decide(&defaults, 17, 2), ROUNDWATCH_ROUNDING, "17, was suspect: rounding");
	is(verdict_decide(&defaults, 17, 3), ROUNDWATCH_ROUNDING, "17, was randomx: rounding");
	is(verdict_decide(&defaults, 50, 2), ROUNDWATCH_SUSPECT, "50, was suspect: not more");
	is(verdict_decide(&defaults, 0, 3), ROUNDWATCH_ROUNDING, "0: rounding, never clear");
	is(verdict_decide(&one, 0, 2), ROUNDWATCH_ROUNDING, "0 is below a quarter of 1");
	is(verdict_decide(&same, 100, 1), ROUNDWATCH_RANDOMX, "both thresholds the same: randomx");
	for (before = 0; before < 4; before++) {
		last = 0;
		for (e = 0; e < 200; e++) {
			v = verdict_decide(&defaults, e, before);
			wrong += v < last || verdict_decide(&defaults, e, v) != v;
			last = v;
		}
	}
	is(wrong, 0, "more evidence is never less verdict, and a verdict stays by itself");
}

/* A frozen miner is judged no more, and its verdict falls all the same. */
static void test_fell(void)
{
	const u64 last_ms = 5000;
	struct verdict_score faded, s;
	u8 verdict = ROUNDWATCH_RANDOMX, next;
	u32 falls = 0, right = 0;

	full(&s, &defaults, last_ms);
	s.mixes = true;
	for (u64 ms = last_ms + 1; ms < last_ms + 60000; ms++) {
		faded = s;
		verdict_decay(&defaults, &faded, ms);
		next = verdict_decide(&defaults, verdict_evidence(&defaults, &faded),
				      ROUNDWATCH_RANDOMX);
		if (next == verdict)
			continue;
		verdict = next;
		falls++;
		right += verdict_fell_ms(&defaults, &s, ROUNDWATCH_RANDOMX, next, ms) == ms;
		right += verdict_fell_ms(&defaults, &s, ROUNDWATCH_RANDOMX, next, 2 * ms) == ms;
	}
	ok(falls == 2 && verdict == ROUNDWATCH_ROUNDING,
	   "what is not judged falls from randomx to suspect to rounding");
	is(right, 2 * falls, "it is known when it fell");
}

static void test_inherit(void)
{
	struct verdict_score a, b, was;
	struct thread t;
	unsigned int n;
	int i;

	full(&a, &defaults, 0);
	verdict_init(&b, 0);
	for (i = 0; i < VERDICT_PARTS; i++) {
		a.part[i] = 10 * i;
		b.part[i] = 35 - 10 * i;
	}
	was = b;
	a.trail = (struct verdict_trail){ .mode = RZ, .x87 = RU, .crossed = true };
	a.led = 40;
	a.mixed_ms = 5000;
	verdict_inherit(&b, &a, true);
	ok(b.part[0] == 35 && b.part[1] == 25 && b.part[2] == 20 && b.part[3] == 30 &&
	   b.mixed_ms == 5000, "of each part the larger");
	ok(b.trail.mode == RZ && b.trail.x87 == RU && b.trail.crossed && b.led == 40,
	   "the same program goes on where it was");
	ok(b.decay_ms == was.decay_ms && !b.mixes, "its clock and what it did are its own");
	a = b;
	verdict_exec(&a);
	ok(a.trail.mode == RN && a.trail.x87 == RN && !a.trail.crossed && a.led == was.led &&
	   a.part[3] == 30,
	   "after exec it does not follow on what the parent's program did");
	b = was;
	b.trail.mode = RU;
	verdict_inherit(&b, &a, false);
	ok(b.part[3] == 30 && b.trail.mode == RU && !b.trail.crossed && b.led == was.led,
	   "another program goes on where it was itself");
	was = b;
	verdict_inherit(&b, &b, false);
	ok(!memcmp(&was, &b, sizeof(b)), "from itself there is nothing to inherit");

	/* Interval arithmetic run by what has run a miner before. */
	full(&a, &defaults, 0);
	start(&t, &defaults, 0, 10);
	verdict_inherit(&t.score, &a, true);
	is(verdict_evidence(&defaults, &t.score), 0, "what is only inherited is no evidence");
	for (n = 0; n < 100000; n++)
		feed(&t, dice(3), RN, false);
	is(t.most, 0, "and none for an heir without RZ");
	start(&t, &defaults, 0, 10);
	verdict_inherit(&t.score, &a, true);
	for (n = 0; n < 100 && t.verdict < ROUNDWATCH_RANDOMX; n++)
		feed(&t, randomx_mode(), RN, false);
	ok(n < 30, "an heir that mines is found sooner (%u samples)", n);
	was = t.score;
	verdict_exec(&t.score);
	ok(!memcmp(&was, &t.score, sizeof(was)), "exec: what a process found stays its own");

	/* Images that live for one sample each, of a process that runs them by exec. */
	start(&t, &defaults, 0, 10);
	for (n = 0; n < 300 && t.verdict < ROUNDWATCH_RANDOMX; n++) {
		feed(&t, randomx_mode(), RN, false);
		verdict_exec(&t.score);
	}
	ok(n < 120, "a miner that runs itself anew before each sample is found (%u samples)", n);
}

/* A process takes over from its threads: what they find apart adds up. */
static void test_take(void)
{
	struct verdict_score process;
	struct verdict_change c;
	unsigned int n, i, now = 0;
	struct thread t[8];

	verdict_init(&process, 0);
	for (i = 0; i < 8; i++) {
		start(&t[i], &defaults, 0, 0);
		t[i].number = i + 1;
	}
	for (n = 0; verdict_evidence(&defaults, &process) < defaults.randomx && n < 1000; n++) {
		i = n % 8;
		now += 2;
		t[i].now_ms = now;
		c = feed(&t[i], randomx_mode(), RN, false);
		verdict_take(&defaults, &process, &c, now);
	}
	ok(n < 100, "eight threads: the process is found after %u samples, %u each", n, n / 8);
	full(&process, &defaults, 0);
	c = (struct verdict_change){ .counted = true, .changed = true, .to = RU };
	verdict_take(&defaults, &process, &c, 1000);
	ok(process.part[VERDICT_RD] == 130 && process.part[VERDICT_RU] == 140 &&
	   process.part[VERDICT_CROSS] == 130, "decay first, then what the change adds or takes");
	c.changed = false;
	verdict_take(&defaults, &process, &c, 1000);
	is(process.part[VERDICT_RU], 139, "idling counts against a process as well");
	c.moved = true;
	verdict_take(&defaults, &process, &c, 1000);
	ok(process.led > 12, "and so does x87");

	/* A process of one thread is judged as the thread is. */
	start(&t[0], &defaults, 0, 10);
	verdict_init(&process, 0);
	for (n = 0, i = 0; n < 100000; n++) {
		t[0].step_ms = dice(1000);
		c = feed(&t[0], dice(3) ? randomx_mode() : RU, dice(20) ? RN : RU, false);
		verdict_take(&defaults, &process, &c, t[0].now_ms);
		process.small = t[0].score.small;
		i += verdict_evidence(&defaults, &process) != t[0].evidence;
	}
	is(i, 0, "a process of one thread is judged as the thread");

	/* All modes at leisure, 500 ms each. */
	verdict_init(&process, 0);
	start(&t[0], &defaults, 0, 12);
	for (n = 0, i = 0; n < 100000; n++) {
		c = feed(&t[0], n / 40 & 3, RN, false);
		verdict_take(&defaults, &process, &c, t[0].now_ms);
		i += verdict_evidence(&defaults, &process) >= defaults.suspect;
	}
	ok(!i && t[0].highest == ROUNDWATCH_ROUNDING,
	   "all modes in turn, 500 ms each: neither thread nor process is suspect");
}

/*
 * Samples of @n processes of one user in turn, @gap_ms apart, as module/user.c shares
 * them. Return: milliseconds until one of them is randomx; 0: none is in @limit_ms.
 */
static u64 spread(unsigned int n, u32 gap_ms, u8 (*mode)(unsigned int process), u64 limit_ms)
{
	static struct thread t[300];
	struct verdict_score user;
	struct verdict_change c;
	unsigned int i;
	u64 now;

	verdict_init(&user, 0);
	user.sum = true;
	for (i = 0; i < n; i++) {
		start(&t[i], &defaults, 0, 0);
		t[i].number = i + 1;
	}
	for (now = 0; now < limit_ms; now += gap_ms) {
		i = dice(n);
		t[i].now_ms = now;
		c = feed(&t[i], mode(i), RN, false);
		if (verdict_contributes(&t[i].score)) {
			verdict_take(&defaults, &user, &c, now);
			verdict_inherit(&t[i].score, &user, false);
		}
		if (verdict_evidence(&defaults, &t[i].score) >= defaults.randomx)
			return now;
	}
	return 0;
}

static u8 spread_miner(unsigned int process)
{
	(void)process;
	return randomx_mode();
}

/* Interval arithmetic, an emulator, RD with RZ; none mixes all modes. */
static u8 spread_others(unsigned int process)
{
	static const u8 modes[][4] = { { RN, RD, RU, RU }, { RZ, RZ, RN, RZ }, { RD, RZ, RN, RD } };

	return modes[process % 3][dice(4)];
}

static void test_spread(void)
{
	u64 ms = spread(32, 10, spread_miner, 60000);

	ok(ms, "a CPU among 32 processes: one is randomx after %u ms", (u32)ms);
	ms = spread(300, 33, spread_miner, 600000);
	ok(ms, "a third of a CPU among 300: after %u ms", (u32)ms);
	ms = spread(2, 1000, spread_miner, 3600000);
	is(ms, 0, "two nodes that verify a block every other second: none in an hour");
	ms = spread(30, 3, spread_others, 3600000);
	is(ms, 0, "interval arithmetic and emulators of one user together: none in an hour");
}

int main(void)
{
	test_by_hand();
	test_bounds();
	test_too_few_modes();
	test_nasty();
	test_miners();
	test_verifier();
	test_x87();
	test_witness();
	test_voluntary();
	test_looks();
	test_decay();
	test_odd_rz();
	test_decide();
	test_fell();
	test_inherit();
	test_take();
	test_spread();
	test_lone();
	return tap_done();
}
