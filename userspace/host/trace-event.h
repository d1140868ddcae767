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
 * struct trace_event - what a tracepoint of the module told
 * @time_ns: by the clock of the trace
 * @comm: name of the thread, NUL-terminated
 * @pid: of the thread
 * @tgid: of its process
 * @mxcsr, @fcw, @mode, @guest, @look: of an observation; @look: it was not switched out
 * @process, @evidence, @before, @verdict: of a verdict; @process: on a whole process
 * @lost: events that the buffer of a CPU had no room for; 0: not known how many
 * @cpu: where it was, or where they were lost
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
	TRACE_SHORT,	/* it does not end within the text */
	TRACE_BAD,	/* not an event of ours */
};

/*
 * trace_event_parse - the event at the beginning of @size bytes of trace_pipe
 * @used: bytes that it takes, or that are to be skipped
 *
 * A name may hold whatever its process likes, line feeds and what looks like an event too.
 * It is no longer than 15 bytes, though, and what is around it leaves no doubt.
 */
enum trace_result trace_event_parse(const char *text, size_t size, size_t *used,
				    struct trace_event *event);

#endif
