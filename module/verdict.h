/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision rule. Plain integer C without a call into the kernel: the
 * module, the unit tests and the judge compile this very file.
 *
 * A *sample* is an observation that counts. A *change* is a sample whose mode
 * is not that of the thread's sample before it. See verdict.c for the rule and
 * where its numbers come from.
 */
#ifndef ROUNDWATCH_VERDICT_H
#define ROUNDWATCH_VERDICT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#endif

#include "uapi/roundwatch.h"

#define VERDICT_GAIN	40	/* for the mode that a change arrives in */
#define VERDICT_LOSS	3	/* at a change, for the modes it is not about */
#define VERDICT_IDLE	1	/* at a sample without a change, for all */

#define VERDICT_RANDOMX_DEFAULT	100
#define VERDICT_RANDOMX_MIN	40
#define VERDICT_RANDOMX_MAX	10000
#define VERDICT_SUSPECT_DEFAULT	70
#define VERDICT_SUSPECT_MIN	1
#define VERDICT_DECAY_DEFAULT	7	/* points a second */
#define VERDICT_DECAY_MIN	0
#define VERDICT_DECAY_MAX	1000
#define VERDICT_GAP_DEFAULT	10000	/* microseconds of CPU time */
#define VERDICT_GAP_MIN		100
#define VERDICT_GAP_MAX		1000000

/* Changes into each of RD, RU and RZ, with x87 following, that make a suspect. */
#define VERDICT_X87_LIMIT	16384

/**
 * struct verdict_rule - the numbers an administrator may change
 * @suspect: evidence from which a verdict is suspect, 1 to @randomx
 * @randomx: evidence from which it is randomx
 * @decay: points of evidence lost per second of wall time
 * @gap_ns: CPU time that a thread must spend between two samples
 */
struct verdict_rule {
	u32 suspect;
	u32 randomx;
	u32 decay;
	u32 gap_ns;
};

/* The parts of the evidence; the least of them decides. */
enum verdict_part {
	VERDICT_RD,
	VERDICT_RU,
	VERDICT_RZ,
	VERDICT_CROSS,		/* visits to RZ right before or after RD or RU */
	VERDICT_PARTS,
};

/**
 * struct verdict_score - the running score of a thread or a process
 * @part: evidence per enum verdict_part
 * @arrivals: believed changes into RD, RU, RZ, the older ones halved
 * @x87: changes into RD, RU, RZ that were not believed, as x87 followed
 * @mode: mode of the last sample; RN for a thread not sampled yet
 * @crossed: the present visit to RZ is already in part[VERDICT_CROSS]
 * @mixes: it went from RD or RU to RZ or back itself: not all is inherited
 * @agree: how many samples x87's rounding has lately been the same as MXCSR's
 * @decay_ms: wall time up to which decay has been taken off
 */
struct verdict_score {
	u16 part[VERDICT_PARTS];
	u8 arrivals[3];
	u16 x87[3];
	u8 mode;
	u8 crossed : 1;
	u8 mixes : 1;
	u8 agree : 6;
	u32 decay_ms;
};

/**
 * struct verdict_sample - what is known of a thread at a sample
 * @now_ms: wall time in milliseconds, may wrap
 * @mode: MXCSR's rounding control
 * @x87: the x87 control word's rounding control
 * @voluntary: the thread entered the kernel of its own accord
 */
struct verdict_sample {
	u32 now_ms;
	u8 mode;
	u8 x87;
	bool voluntary;
};

/**
 * struct verdict_change - what a sample was to the rule
 * @counted: false: no evidence either way, as if never taken
 * @changed: the mode is not that of the sample before
 * @believed: changed, and not x87's doing: a process may take it over
 * @cross: the change is a visit to RZ next to RD or RU, for the first time
 * @to: the mode
 */
struct verdict_change {
	bool counted;
	bool changed;
	bool believed;
	bool cross;
	u8 to;
};

void verdict_init(struct verdict_score *score, u32 now_ms);
struct verdict_change verdict_sample(const struct verdict_rule *rule,
				     struct verdict_score *score,
				     const struct verdict_sample *sample);
void verdict_take(const struct verdict_rule *rule, struct verdict_score *score,
		  const struct verdict_change *change, u32 now_ms);
void verdict_inherit(struct verdict_score *score,
		     const struct verdict_score *from, bool same_program);
void verdict_exec(struct verdict_score *score);
void verdict_decay(const struct verdict_rule *rule, struct verdict_score *score,
		   u32 now_ms);
u32 verdict_evidence(const struct verdict_rule *rule,
		     const struct verdict_score *score);
u8 verdict_decide(const struct verdict_rule *rule, u32 evidence, u8 before);

#endif /* ROUNDWATCH_VERDICT_H */
