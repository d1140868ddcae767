// SPDX-License-Identifier: GPL-2.0
/*
 * faulty - a module with one fault of a kind, fault=KIND, committed as it is loaded
 *
 * Shows that a kernel of scripts/debug-kernel reports what it is there to report, in a module
 * built as roundwatch is. Loading ends with ECANCELED, so that nothing is left but the fault.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *fault = "";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "which: see the table at the end");

/* What is not used is not computed. */
static volatile int sink;

static void read_outside(void)
{
	char *at = kmalloc(24, GFP_KERNEL);

	if (!at)
		return;
	OPTIMIZER_HIDE_VAR(at);
	READ_ONCE(at[24]);
	kfree(at);
}

static void read_freed(void)
{
	char *at = kmalloc(24, GFP_KERNEL);

	if (!at)
		return;
	OPTIMIZER_HIDE_VAR(at);
	kfree(at);
	READ_ONCE(at[0]);
}

static void leak(void)
{
	void *volatile at = kmalloc(24, GFP_KERNEL);

	at = NULL;
}

static void shift_too_far(void)
{
	int bits = 40;

	OPTIMIZER_HIDE_VAR(bits);
	sink = 1 << bits;
}

static DEFINE_SPINLOCK(spin);
static DEFINE_RAW_SPINLOCK(raw_spin);
static DEFINE_MUTEX(one);
static DEFINE_MUTEX(other);

static void sleep_in_atomic(void)
{
	preempt_disable();
	mutex_lock(&one);
	mutex_unlock(&one);
	preempt_enable();
}

static void preemptible_cpu(void)
{
	sink = smp_processor_id();
}

static void locks_in_both_orders(void)
{
	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);
	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
}

/* With PREEMPT_RT, a spinlock sleeps, and a raw one must not be held then. */
static void sleeping_lock_in_raw(void)
{
	raw_spin_lock(&raw_spin);
	spin_lock(&spin);
	spin_unlock(&spin);
	raw_spin_unlock(&raw_spin);
}

static void corrupt_list(void)
{
	static struct list_head head, item, stranger;

	INIT_LIST_HEAD(&head);
	INIT_LIST_HEAD(&stranger);
	list_add(&item, &head);
	head.next = &stranger;
	list_add(&stranger, &head);
}

static void no_timeout(struct timer_list *timer)
{
}

static void initialise_armed_timer(void)
{
	static struct timer_list timer;

	timer_setup(&timer, no_timeout, 0);
	mod_timer(&timer, jiffies + HZ);
	timer_setup(&timer, no_timeout, 0);
	ssleep(2);
}

static unsigned long contended;

static int contend(void *unused)
{
	while (!kthread_should_stop()) {
		unsigned int i;

		for (i = 0; i < 10000; i++) {
			contended++;
			barrier();
		}
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *task[2];
	int i;

	for (i = 0; i < 2; i++)
		task[i] = kthread_run(contend, NULL, "contender");
	ssleep(4);
	for (i = 0; i < 2; i++)
		if (!IS_ERR(task[i]))
			kthread_stop(task[i]);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "outside", read_outside },
	{ "freed", read_freed },
	{ "leak", leak },
	{ "shift", shift_too_far },
	{ "list", corrupt_list },
	{ "timer", initialise_armed_timer },
	{ "atomic", sleep_in_atomic },
	{ "cpu", preemptible_cpu },
	{ "race", race },
	{ "nesting", sleeping_lock_in_raw },
	{ "order", locks_in_both_orders },
};

static int __init faulty_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(faults[i].name, fault)) {
			faults[i].commit();
			return -ECANCELED;
		}
	return -EINVAL;
}

module_init(faulty_init);
MODULE_DESCRIPTION("Commits a fault");
MODULE_LICENSE("GPL");
