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

/*
 * CPU time, in milliseconds, for which all four modes have to mix at random, where
 * x87's rounding control moves along with MXCSR's.
 */
#define VERDICT_LED_SUSPECT	7500
#define VERDICT_LED_RANDOMX	45000
/* It goes on from there, to outlive a pause. */
#define VERDICT_LED_CAP		50000

/* The same where there is no x87 at all (@lone), and no more is known of the program. */
#define VERDICT_LONE_RANDOMX	20000

/* The least memory that a process maps, or where @lone uses, if it computes RandomX. */
#define VERDICT_MEMORY_MIB	128

/**
 * struct verdict_rule - the numbers an administrator may change
 * @suspect: evidence from which a verdict is suspect, 1 to @randomx
 * @randomx: evidence from which it is randomx
 * @decay: points of evidence lost per second of wall time
 * @gap_ns: CPU time that a thread must spend between two samples
 * @lone: there is no x87 that could move along: the modes have to mix at random, for
 *	VERDICT_LONE_RANDOMX, or RandomX's constants have to be seen
 */
struct verdict_rule {
	u32 suspect;
	u32 randomx;
	u32 decay;
	u32 gap_ns;
	bool lone;
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
 * struct verdict_trail - where a sequence of samples stands
 * @next: the mode that last followed on each mode, two bits each
 * @mode: MXCSR's rounding control at the last sample; RN before the first
 * @x87: that of x87
 * @crossed: the present visit to RZ has been a change with @cross set
 * @begun: there was a sample
 */
struct verdict_trail {
	u8 next;
	u8 mode : 2;
	u8 x87 : 2;
	u8 crossed : 1;
	u8 begun : 1;
};

/**
 * struct verdict_score - the running score of a thread, or of a sum of threads
 * @decay_ms: wall time up to which decay has been taken off
 * @part: evidence per enum verdict_part
 * @mixed_ms: CPU time for which the modes have mixed at random
 * @fade: decay that does not make a point yet, in thousandths
 * @thread: of the last sample
 * @arrivals: changes into RD, RU, RZ, the older ones halved
 * @trail: what the next sample is compared with
 * @led: how much x87 has lately moved along, 0 to 60
 * @varied: how little the last successor of a mode says about the next, 0 to 250
 * @stayed: how far from "at every sample another mode" this is, 0 to 250
 * @sum: more than one thread has given samples
 * @mixes: it went from RD or RU to RZ or back itself: not all is inherited
 * @borrowed: @trail and what follows from it are those of the parent process
 * @small: the process does not map the memory that RandomX needs
 * @known: RandomX's constants were in its registers
 */
struct verdict_score {
	u64 decay_ms;
	u16 part[VERDICT_PARTS];
	u16 mixed_ms;
	u16 fade;
	u16 thread;
	u8 arrivals[3];
	struct verdict_trail trail;
	u8 led;
	u8 varied;
	u8 stayed;
	u8 sum : 1;
	u8 mixes : 1;
	u8 borrowed : 1;
	u8 small : 1;
	u8 known : 1;
};

/**
 * struct verdict_sample - what is known of a thread at a sample
 * @now_ms: wall time in milliseconds; does not wrap
 * @cpu_ms: the thread's CPU time since its last sample that counted, or its start
 * @thread: a number that tells the threads of a process apart, most of the time
 * @mode: MXCSR's rounding control
 * @x87: the x87 control word's rounding control
 * @voluntary: the thread chose the moment: it entered the kernel by a system
 *	call, or it sleeps
 */
struct verdict_sample {
	u64 now_ms;
	u32 cpu_ms;
	u16 thread;
	u8 mode;
	u8 x87;
	bool voluntary;
};

/**
 * struct verdict_change - what a sample was to the rule
 * @thread: as in the sample
 * @cpu_ms: CPU time since the sample before, as far as it is taken into account
 * @counted: false: no evidence either way, as if never taken
 * @changed: the mode is not that of the sample before
 * @moved: x87's rounding control is not that of the sample before
 * @cross: the change is a visit to RZ next to RD or RU, for the first time
 * @repeated: the mode before was last left for the same mode
 * @first: of its sequence
 * @to: the mode
 */
struct verdict_change {
	u16 thread;
	u8 cpu_ms;
	bool counted;
	bool changed;
	bool moved;
	bool cross;
	bool repeated;
	bool first;
	u8 to;
};

struct verdict_change verdict_follow(struct verdict_trail *trail,
				     const struct verdict_sample *sample);
void verdict_init(struct verdict_score *score, u64 now_ms);
struct verdict_change verdict_sample(const struct verdict_rule *rule,
				     struct verdict_score *score,
				     const struct verdict_sample *sample);
void verdict_take(const struct verdict_rule *rule, struct verdict_score *score,
		  const struct verdict_change *change, u64 now_ms);
void verdict_inherit(struct verdict_score *score,
		     const struct verdict_score *from, bool same_program);
void verdict_exec(struct verdict_score *score);
void verdict_decay(const struct verdict_rule *rule, struct verdict_score *score,
		   u64 now_ms);
u32 verdict_points(const struct verdict_score *score);
bool verdict_is_led(const struct verdict_score *score);
bool verdict_contributes(const struct verdict_score *score);
bool verdict_asks(const struct verdict_rule *rule, const struct verdict_score *score);
void verdict_witness(struct verdict_score *score, bool has_memory);
void verdict_recognize(struct verdict_score *score);
u32 verdict_evidence(const struct verdict_rule *rule,
		     const struct verdict_score *score);
u8 verdict_decide(const struct verdict_rule *rule, u32 evidence, u8 before);
u64 verdict_fell_ms(const struct verdict_rule *rule, const struct verdict_score *score,
		    u8 before, u8 verdict, u64 now_ms);

#endif /* ROUNDWATCH_VERDICT_H */
