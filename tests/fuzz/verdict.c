// SPDX-License-Identifier: GPL-2.0
/* Fuzzes module/verdict.c: no sequence of samples, forks and execs drives a score out of bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

#include "input.h"

static void check(const struct verdict_rule *rule, const struct verdict_score *s, u8 before)
{
	u32 evidence = verdict_evidence(rule, s), all = s->part[0];
	u8 verdict = verdict_decide(rule, evidence, before);
	int i;

	must(evidence <= rule->randomx + VERDICT_GAIN);
	for (i = 0; i < VERDICT_PARTS; i++)
		must(s->part[i] <= rule->randomx + VERDICT_GAIN);
	for (i = 0; i < 3; i++) {
		must(s->arrivals[i] < 128);
		all = s->part[i] < all ? s->part[i] : all;
	}
	must(s->mixed_ms <= VERDICT_LED_CAP && s->fade < 1000);
	must(s->led <= 60 && s->varied <= 250 && s->stayed <= 250);
	/* All of RD, RU and RZ have to turn up, and nothing else makes up for it. */
	must(evidence <= all);
	must(!evidence || s->mixes);
	must(evidence < rule->suspect || verdict_asks(rule, s));
	/* Without the memory it is never randomx. */
	must(!s->small || evidence < rule->randomx);
	must(verdict >= ROUNDWATCH_ROUNDING && verdict <= ROUNDWATCH_RANDOMX);
	must(evidence < rule->randomx || verdict == ROUNDWATCH_RANDOMX);
	must(4 * evidence >= rule->suspect || verdict == ROUNDWATCH_ROUNDING ||
	     4 * evidence >= rule->randomx);
	/* Evidence does not rise without samples. */
	must(verdict_decide(rule, evidence, verdict) == verdict);
}

static struct verdict_rule make_rule(struct input *in)
{
	struct verdict_rule rule = {
		.randomx = between(in, VERDICT_RANDOMX_MIN, VERDICT_RANDOMX_MAX),
		.decay = between(in, VERDICT_DECAY_MIN, VERDICT_DECAY_MAX),
		.gap_ns = VERDICT_GAP_DEFAULT * 1000,
	};

	rule.suspect = between(in, VERDICT_SUSPECT_MIN, rule.randomx);
	return rule;
}

static void take_sample(const struct verdict_rule *rule, struct verdict_score *thread,
			struct verdict_score *process, u64 now_ms, u16 bits)
{
	struct verdict_sample sample = {
		.now_ms = now_ms,
		.cpu_ms = bits & 32 ? bits : bits >> 6,
		.thread = bits >> 8,
		.mode = bits & 3,
		.x87 = bits >> 2 & 3,
		.voluntary = bits & 16,
	};
	struct verdict_score before = *thread;
	struct verdict_change change = verdict_sample(rule, thread, &sample);

	must(change.counted == !sample.voluntary);
	must(change.counted || !memcmp(&before, thread, sizeof(before)));
	must(!change.changed || (change.counted && sample.mode != before.trail.mode));
	must(!change.moved || (change.counted && sample.x87 != before.trail.x87));
	must(!(change.cross || change.repeated) || change.changed);
	must(change.to == sample.mode);
	must(!change.counted || thread->trail.mode == sample.mode);
	must(change.first == (change.counted && !before.trail.begun));
	if (change.counted)
		verdict_take(rule, process, &change, now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct verdict_rule rule = make_rule(&in);
	struct verdict_score score[4];
	u8 before[4] = { 0 };
	u64 now_ms = number(&in, 4);
	int i;

	for (i = 0; i < 4; i++)
		verdict_init(&score[i], now_ms);
	while (in.size) {
		u8 op = number(&in, 1);
		struct verdict_score *one = &score[op & 3], *other = &score[op >> 2 & 3];

		switch (op >> 4) {
		default:
			take_sample(&rule, one, other, now_ms, number(&in, 2));
			break;
		case 8:
			now_ms += number(&in, 1);
			break;
		case 9:
			now_ms += (u64)number(&in, 4) << (op & 4);
			break;
		case 10:
			verdict_decay(&rule, one, now_ms);
			break;
		case 11:
			verdict_inherit(one, other, op & 1);
			break;
		case 12:
			verdict_exec(one);
			break;
		case 13:
			verdict_init(one, now_ms);
			break;
		case 14:
			verdict_witness(one, op & 4);
			break;
		case 15:
			verdict_recognize(one);
			break;
		}
		for (i = 0; i < 4; i++) {
			check(&rule, &score[i], before[i]);
			before[i] = verdict_decide(&rule, verdict_evidence(&rule, &score[i]),
						   before[i]);
		}
	}
	return 0;
}
