/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What notice.c, stream.c and record.c need besides shim/compat.h. Deferred work
 * does not run by itself: the test calls shim_run_work(). There is one thread.
 */
#ifndef SHIM_WORK_H
#define SHIM_WORK_H

#include "compat.h"

#include <assert.h>
#include <stdio.h>

#define max(a, b)			((a) > (b) ? (a) : (b))
#define time_after64(a, b)		((s64)((b) - (a)) < 0)
#define min(a, b)			((a) < (b) ? (a) : (b))
#define min_t(type, a, b)		((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define PAGE_SHIFT			12
#define __read_mostly
#define NSEC_PER_USEC			1000UL
#define EPOLLIN				1
#define EPOLLRDNORM			64
#define PROBE_EXIT_PARAMETERS		void *data, struct task_struct *task

#define ktime_get_boottime_ns()		ktime_get_boot_fast_ns()
#define ktime_get_real_ns()		ktime_get_boot_fast_ns()

#define __set_bit(bit, p)		set_bit(bit, p)
#define __clear_bit(bit, p)		clear_bit(bit, p)
#define for_each_set_bit(bit, p, size)					\
	for ((bit) = 0; (bit) < (size); (bit)++)			\
		if (test_bit(bit, p))

static inline bool bitmap_empty(const unsigned long *p, u32 size)
{
	u32 bit;

	for_each_set_bit(bit, p, size)
		return false;
	return true;
}

struct mm_struct {
	unsigned long total_vm;		/* pages */
	unsigned long rss;
};

static inline unsigned long get_mm_rss(struct mm_struct *mm)
{
	return mm->rss;
}

struct task_struct;
struct linux_binprm;
struct tracepoint;
struct fpu;

struct user_namespace;
struct pid_namespace;
extern struct user_namespace init_user_ns;
extern struct pid_namespace init_pid_ns;
#define current				NULL
#define current_user_ns()		((struct user_namespace *)NULL)
#define task_active_pid_ns(task)	((struct pid_namespace *)(task))

struct mutex {
	bool locked;
};

#define DEFINE_MUTEX(name)		struct mutex name
#define mutex_lock(m)			(assert(!(m)->locked), (void)((m)->locked = true))
#define mutex_unlock(m)			(assert((m)->locked), (void)((m)->locked = false))

typedef int wait_queue_head_t;
#define DECLARE_WAIT_QUEUE_HEAD(name)	wait_queue_head_t name
#define wake_up_poll(queue, events)	((void)++*(queue))

struct irq_work {
	void (*func)(struct irq_work *work);
	bool queued;
};

struct work_struct {
	bool unused;
};

struct delayed_work {
	void (*func)(struct work_struct *work);
	bool queued;
	u64 due;
};

#define IRQ_WORK_INIT_HARD(f)		{ .func = (f) }
#define DECLARE_DELAYED_WORK(name, f)	struct delayed_work name = { .func = (f) }

/* The one of each that notice.c has. */
extern struct irq_work *shim_irq_work;
extern struct delayed_work *shim_delayed_work;

#define irq_work_queue(w)		(shim_irq_work = (w), (w)->queued = true)
#define irq_work_sync(w)		assert(!(w)->queued)
#define cancel_delayed_work_sync(w)	((void)((w)->queued = false))
#define mod_delayed_work(q, w, delay)					\
	(shim_delayed_work = (w), (w)->queued = true, (w)->due = get_jiffies_64() + (delay))
#define queue_delayed_work(q, w, delay)					\
	((w)->queued ? false : mod_delayed_work(q, w, delay))

/* Run what is due by now. */
static inline void shim_run_work(void)
{
	if (shim_irq_work && shim_irq_work->queued) {
		shim_irq_work->queued = false;
		shim_irq_work->func(shim_irq_work);
	}
	if (shim_delayed_work && shim_delayed_work->queued &&
	    !time_after64(shim_delayed_work->due, get_jiffies_64())) {
		shim_delayed_work->queued = false;
		shim_delayed_work->func(NULL);
	}
}

struct ratelimit_state {
	bool unused;
};

#define DEFAULT_RATELIMIT_INTERVAL	0
#define DEFAULT_RATELIMIT_BURST		0
#define RATELIMIT_MSG_ON_RELEASE	0
#define DEFINE_RATELIMIT_STATE(name, interval, burst) struct ratelimit_state name
#define ratelimit_set_flags(state, flags)	((void)(state))
#define __ratelimit(state)		((void)(state), true)
#define pr_warn(...)			((void)0)

#endif /* SHIM_WORK_H */
