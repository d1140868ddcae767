/* SPDX-License-Identifier: GPL-2.0 */
#ifndef THREADS_H
#define THREADS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct thread_use - CPU use of a thread
 * @ticks: CPU time
 * @start: in ticks since boot
 * @percent: of one CPU
 */
struct thread_use {
	uint32_t tid;
	uint64_t ticks, start;
	unsigned int percent;
};

/**
 * struct scheduling - how a process's threads are treated
 * @threads: looked at
 * @nice, @idle, @pinned: those that are nice, run only when nothing else wants to,
 *	or may run on one CPU only
 */
struct scheduling {
	size_t threads, nice, idle, pinned;
};

/* For qsort() and bsearch(), by TID. */
int thread_compare(const void *a, const void *b);

/*
 * The threads of a process, whose directory @process is, sorted; @sched may be NULL. -1 with
 * errno on failure.
 */
int threads_read(int process, struct thread_use **use, size_t *n, struct scheduling *sched);

#endif
