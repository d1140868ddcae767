/* SPDX-License-Identifier: GPL-2.0 */
/* Facts about the module. main.c sets all except @blind before the first probe. */
#ifndef ROUNDWATCH_SELF_H
#define ROUNDWATCH_SELF_H

#include "compat.h"
#include "verdict.h"

/**
 * struct self - facts for the records
 * @loaded_ns: when the module was loaded, CLOCK_BOOTTIME
 * @floor_hz: the parameter
 * @blind: the self-test has not passed
 */
struct self {
	u64 loaded_ns;
	u32 floor_hz;
	bool blind;
};

extern struct self self;
extern struct verdict_rule rule;

/* Unbound, so that a real-time task that keeps a CPU to itself stops no work. */
extern struct workqueue_struct *workqueue;

/* The clock of the rule, in milliseconds: cheap to read, and does not wrap. */
static inline u64 now_ms(void)
{
	return get_jiffies_64() * MSEC_PER_SEC / HZ;
}

#endif /* ROUNDWATCH_SELF_H */
