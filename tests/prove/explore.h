/* SPDX-License-Identifier: GPL-2.0 */
/* See explore.c. */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_THREADS	3

/**
 * enum explore_access - what an access to an address is
 * @EXPLORE_PRIVATE: no other thread sees this memory, or nobody changes it
 * @EXPLORE_QUIET: part of the step before it
 * @EXPLORE_STEP: a step, before which other threads may go on
 */
enum explore_access { EXPLORE_PRIVATE, EXPLORE_QUIET, EXPLORE_STEP };

/* Filled in by the model. */
struct explore_model {
	int threads;
	void (*thread)(int self);
	/* All threads have ended and nothing is buffered. */
	void (*end)(void);
	/* Also checks that the access may be made. */
	enum explore_access (*access)(int self, const void *address, size_t size, bool write);
	/* Atomic stores and locked instructions. */
	void (*stored)(int self, const void *address, uint64_t value);
	void (*locked)(int self, const void *address, uint64_t old, uint64_t value);
	/* The thread goes on. */
	void (*enter)(int self);
	/* Words for an address, in a counterexample. */
	void (*name)(char *to, size_t size, const void *address);
	bool tso;
};

struct explore_result {
	unsigned long states;
	unsigned long steps;
	unsigned long ends;
	int depth;
};

/* Memory that is part of the state. */
void explore_memory(void *memory, size_t size);
bool explore_run(const struct explore_model *model, struct explore_result *result);

/* Called by code under test in the place of others; the shim and the Makefile see to it. */
void explore_barrier(void);
void *explore_memcpy(void *to, const void *from, size_t size);

/* Called by the compiler, as are the functions that macros make. */
void __tsan_init(void);
void __tsan_func_entry(void *p);
void __tsan_func_exit(void);
void __tsan_read1(void *p);
void __tsan_read2(void *p);
void __tsan_read4(void *p);
void __tsan_read8(void *p);
void __tsan_read16(void *p);
void __tsan_write1(void *p);
void __tsan_write2(void *p);
void __tsan_write4(void *p);
void __tsan_write8(void *p);
void __tsan_write16(void *p);
void __tsan_read_range(void *p, size_t size);
void __tsan_write_range(void *p, size_t size);

/* Saves the registers that a function must keep, and takes those of another stack. */
void explore_switch(void **save, void *load);

/* Called by the threads of the model. */
int explore_choose(int alternatives, const char *what);
void explore_forget(uint64_t except);
void explore_note(const char *what);
#define explore_check(condition)	explore_require(condition, #condition)
void explore_require(bool condition, const char *what);

#endif
