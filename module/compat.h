/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every kernel header that the module needs, and replacements for parts of the API
 * that older kernels lack. The rest of the module uses the API of current kernels
 * only. The unit tests replace this header with their own.
 */
#ifndef ROUNDWATCH_COMPAT_H
#define ROUNDWATCH_COMPAT_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "configure.h"		/* generated; see configure/ and Kbuild */

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/init.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kernel_stat.h>
#include <linux/log2.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/preempt.h>
#include <linux/proc_fs.h>
#include <linux/ratelimit.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/tick.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/cpufeature.h>
#include <asm/ptrace.h>
#ifdef HAVE_SCHED_HEADERS
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#endif

/* The compiler's own */
#ifndef fallthrough
#if defined(__clang__) || __GNUC__ >= 7
#define fallthrough		__attribute__((__fallthrough__))
#else
#define fallthrough		do {} while (0)
#endif
#endif
#ifndef __no_kcsan
#define __no_kcsan
#endif

/* <linux/sched.h> */
#ifndef HAVE_START_BOOTTIME
#define start_boottime		real_start_time
#endif
#ifndef task_is_running
#define task_is_running(task)	(READ_ONCE((task)->state) == TASK_RUNNING)
#endif

/* The parameters of a probe on sched_process_exit, exactly as it is called. */
#ifdef HAVE_EXIT_GROUP_DEAD
#define PROBE_EXIT_PARAMETERS	void *data, struct task_struct *task, bool group_dead
#else
#define PROBE_EXIT_PARAMETERS	void *data, struct task_struct *task
#endif

/* <linux/timer.h>, <linux/hrtimer.h>, <linux/timekeeping.h>, <linux/smp.h> */
#ifndef HAVE_TIMER_SETUP
#define timer_setup(timer, function, flags)					\
	__setup_timer(timer, (void (*)(unsigned long))(function), (unsigned long)(timer), flags)
#endif
#ifndef HAVE_TIMER_DELETE_SYNC
#define timer_delete_sync	del_timer_sync
#endif
#ifndef HAVE_KTIME_GET_BOOTTIME_NS
#define ktime_get_boottime_ns	ktime_get_boot_ns
#endif
#ifndef HAVE_KTIME_GET_BOOT_FAST_NS
#define ktime_get_boot_fast_ns	ktime_get_boottime_ns
#endif
#ifndef HAVE_HRTIMER_MODE_HARD
#define HRTIMER_MODE_REL_PINNED_HARD	HRTIMER_MODE_REL_PINNED
#endif
#ifndef HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *timer),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif
#ifndef HAVE_CALL_SINGLE_DATA_T
typedef struct call_single_data call_single_data_t;
#endif

/* <linux/cpu.h> */
#ifndef HAVE_CPUS_READ_LOCK
#define cpus_read_lock		get_online_cpus
#define cpus_read_unlock	put_online_cpus
#endif

/* <linux/irq_work.h>: where there was no such macro, there was no other kind */
#ifndef IRQ_WORK_INIT_HARD
#define IRQ_WORK_INIT_HARD(function)	{ .func = (function) }
#endif

/* <linux/random.h> */
#ifndef HAVE_GET_RANDOM_U32
#define get_random_u32		get_random_int
#endif

/* <linux/slab.h> */
#ifndef HAVE_KVCALLOC
static inline void *kvcalloc(size_t n, size_t size, gfp_t flags)
{
	if (size && n > SIZE_MAX / size)
		return NULL;
	return kcalloc(n, size, flags | __GFP_NOWARN) ?: vzalloc(n * size);
}
#endif

/* <linux/poll.h>, <linux/wait.h>: the values are the same */
#ifndef HAVE_POLL_T
typedef unsigned int __poll_t;
#undef EPOLLIN
#undef EPOLLRDNORM
#define EPOLLIN			POLLIN
#define EPOLLRDNORM		POLLRDNORM
#endif

/* <linux/fs.h> */
#ifndef HAVE_COMPAT_PTR_IOCTL
#ifdef CONFIG_COMPAT
#include <linux/compat.h>
static inline long compat_ptr_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return file->f_op->unlocked_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#else
#define compat_ptr_ioctl	NULL
#endif
#endif

/* <linux/proc_fs.h>: only what procfs.c needs */
#ifndef HAVE_PROC_OPS
struct proc_ops {
	int (*proc_open)(struct inode *inode, struct file *file);
	ssize_t (*proc_read)(struct file *file, char __user *buf, size_t size, loff_t *pos);
	loff_t (*proc_lseek)(struct file *file, loff_t offset, int whence);
	int (*proc_release)(struct inode *inode, struct file *file);
};

static inline struct proc_dir_entry *
compat_proc_create(const char *name, umode_t mode, struct proc_dir_entry *parent,
		   const struct proc_ops *ops)
{
	static struct file_operations operations;

	operations.open = ops->proc_open;
	operations.read = ops->proc_read;
	operations.llseek = ops->proc_lseek;
	operations.release = ops->proc_release;
	return proc_create(name, mode, parent, &operations);
}

#define proc_create		compat_proc_create
#endif

/* <asm/processor.h> of arm64; task_get_sve_vl() is not exported. */
#ifdef HAVE_THREAD_VL
#define thread_sve_vl(thread)	((thread)->vl[ARM64_VEC_SVE])
#else
#define thread_sve_vl(thread)	((thread)->sve_vl)
#endif

#endif /* ROUNDWATCH_COMPAT_H */
