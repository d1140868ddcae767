// SPDX-License-Identifier: GPL-2.0
/* <linux/sched.h> is split into <linux/sched/...>: from 4.11 on. */
#include <linux/sched.h>

#ifdef PROBE
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#endif
