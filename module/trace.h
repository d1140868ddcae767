/* SPDX-License-Identifier: GPL-2.0 */
/* The module's tracepoints, for perf, trace-cmd, tracefs and `roundwatch trace`. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM roundwatch

#if !defined(ROUNDWATCH_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ROUNDWATCH_TRACE_H

#include <linux/tracepoint.h>

#ifndef ROUNDWATCH_TRACE_NAMES
#define ROUNDWATCH_TRACE_NAMES
#define show_mode(mode) \
	__print_symbolic(mode, { 0, "RN" }, { 1, "RD" }, { 2, "RU" }, { 3, "RZ" })
#define show_verdict(verdict) \
	__print_symbolic(verdict, { 0, "clear" }, { 1, "rounding" }, { 2, "suspect" }, \
			 { 3, "randomx" })
#endif

/*
 * Every observation of every task, tallied or not. @mxcsr is FPCR on arm64, and @fcw
 * is 0 there.
 */
TRACE_EVENT(observation,
	TP_PROTO(const struct task_struct *task, u32 control, u16 second, bool guest, bool look),
	TP_ARGS(task, control, second, guest, look),
	TP_STRUCT__entry(
		__array(char, comm, 16)
		__field(pid_t, pid)
		__field(pid_t, tgid)
		__field(u32, mxcsr)
		__field(u16, fcw)
		__field(u8, mode)
		__field(u8, guest)
		__field(u8, look)
	),
	TP_fast_assign(
		memcpy(__entry->comm, task->comm, 16);
		__entry->pid = task->pid;
		__entry->tgid = task->tgid;
		__entry->mxcsr = control;
		__entry->fcw = second;
		__entry->mode = fpu_rounding(control);
		__entry->guest = guest;
		__entry->look = look;
	),
	TP_printk("comm=%s pid=%d tgid=%d mxcsr=%#x fcw=%#x mode=%s guest=%d look=%d",
		  __entry->comm, __entry->pid, __entry->tgid, __entry->mxcsr, __entry->fcw,
		  show_mode(__entry->mode), __entry->guest, __entry->look)
);

/* A verdict rises or falls, at a sample of the task. */
TRACE_EVENT(verdict,
	TP_PROTO(const struct tally *t, u32 evidence, u8 before),
	TP_ARGS(t, evidence, before),
	TP_STRUCT__entry(
		__array(char, comm, 16)
		__field(pid_t, pid)
		__field(pid_t, tgid)
		__field(u32, evidence)
		__field(u8, before)
		__field(u8, verdict)
		__field(u8, process)
	),
	TP_fast_assign(
		memcpy(__entry->comm, t->comm, 16);
		__entry->pid = tally_pid(t);
		__entry->tgid = t->tgid;
		__entry->evidence = evidence;
		__entry->before = before;
		__entry->verdict = t->verdict;
		__entry->process = t->flags & ROUNDWATCH_PROCESS;
	),
	TP_printk("comm=%s pid=%d tgid=%d process=%d evidence=%u from=%s verdict=%s",
		  __entry->comm, __entry->pid, __entry->tgid, __entry->process,
		  __entry->evidence, show_verdict(__entry->before),
		  show_verdict(__entry->verdict))
);

#endif /* ROUNDWATCH_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
