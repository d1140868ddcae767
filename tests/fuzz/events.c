// SPDX-License-Identifier: GPL-2.0
/* Fuzzes trace-event.c and `roundwatch trace` with the text of trace_pipe. */
#include <string.h>

#include "host/trace-event.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *input = fuzz_file(data, size);
	size_t done = 0, used, events = 0;
	struct trace_event e;

	while (done < size) {
		enum trace_result result = trace_event_parse(text + done, size - done, &used, &e);

		must(used <= size - done);
		must((result == TRACE_SHORT) == !used);
		if (result == TRACE_SHORT)
			break;
		if (result == TRACE_READ) {
			/* A complete line must be parsed the same way when more text follows. */
			struct trace_event again;
			size_t end;

			events++;
			must(text[done + used - 1] == '\n');
			must(memchr(e.comm, '\0', sizeof(e.comm)));
			must(trace_event_parse(text + done, used, &end, &again) == TRACE_READ);
			must(end == used && !memcmp(&e, &again, sizeof(e)));
			must(trace_event_parse(text + done, used - 1, &end, &again) == TRACE_SHORT);
		}
		done += used;
	}
	if (!events)
		return 0;
	fuzz_run("trace", "--json", "--input", input, NULL);
	fuzz_run("trace", "--verdicts", "--pid", "1234", "--input", input, NULL);
	return 0;
}
