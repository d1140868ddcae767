/* SPDX-License-Identifier: GPL-2.0 */
/* See tally-model.c. */
#ifndef TALLY_MODEL_H
#define TALLY_MODEL_H

#include "tally.h"

#define WRITERS	2

/* A task, and a process that both writers' tasks belong to. */
struct task {
	unsigned long key;
	u64 start_ns;
	u32 pid;
	u16 bucket;
};

/* tally-ops.c: compiled like the code under test. */
bool op_observe(const struct task *task, int writer, bool accuse);
void op_end(const struct task *task, int writer);
bool op_read(u32 slot, struct tally *copy);

/* tally-model.c: checks, which take no time. */
void check_owned(const struct tally *t, const struct task *task, int writer);
void check_counted(struct tally *t, int writer);
void check_lost(int writer, bool observation);
u64 check_word(const struct tally *t);

#endif
