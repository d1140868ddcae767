/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_type {
	TRACE_OBSERVATION,
	TRACE_VERDICT,
	TRACE_LOST,
};

/**
 * struct trace_event - an event of one of the module's tracepoints
 * @time_ns: on the clock of the trace
 * @comm: name of the thread, NUL-terminated
 * @pid: of the thread
 * @tgid: of its process
 * @mxcsr, @fcw, @mode, @guest, @look: of an observation; @look: the task was not switched out
 * @process, @evidence, @before, @verdict: of a verdict; @process: about a whole process
 * @lost: events for which a CPU's buffer had no room; 0: unknown number
 * @cpu: CPU of the event or of the loss
 */
struct trace_event {
	enum trace_type type;
	uint64_t time_ns;
	char comm[16];
	uint32_t pid;
	uint32_t tgid;
	uint32_t mxcsr;
	uint32_t fcw;
	uint8_t mode;
	bool guest;
	bool look;
	bool process;
	uint32_t evidence;
	uint8_t before;
	uint8_t verdict;
	uint64_t lost;
	uint32_t cpu;
};

enum trace_result {
	TRACE_READ,
	TRACE_SHORT,	/* the event is not complete in the text */
	TRACE_BAD,	/* not an event of the module */
};

/*
 * trace_event_parse - parse the event at the start of @size bytes of trace_pipe
 * @used: length of the event, or of the text to skip
 *
 * A process can choose any name, including line feeds and text that looks like an event.
 * But a name has at most 15 bytes, and the text around it is unambiguous.
 */
enum trace_result trace_event_parse(const char *text, size_t size, size_t *used,
				    struct trace_event *event);

#endif
