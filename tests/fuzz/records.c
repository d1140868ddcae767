// SPDX-License-Identifier: GPL-2.0
/* Fuzzes source.c, snapshot.c, subject.c and the subcommands with recordings. */
#include "fuzz.h"
#include "records/snapshot.h"
#include "records/subject.h"

/* Each tally belongs to one process, and those accused now come first, the worst before. */
static void check_subjects(const struct snapshot *snap)
{
	struct subjects process, thread;
	size_t threads = 0;

	subjects_by_process(snap, &process);
	subjects_by_thread(snap, &thread);
	must(process.n <= snap->tallies && thread.n <= snap->tallies);
	for (size_t i = 0; i < process.n; i++) {
		uint8_t now = present_verdict(&process.subject[i].tally);

		threads += process.subject[i].threads;
		must(!process.subject[i].tally.pid);
		must(!i || now < ROUNDWATCH_SUSPECT ||
		     present_verdict(&process.subject[i - 1].tally) >= now);
	}
	must(threads == thread.n);
	subjects_free(&process);
	subjects_free(&thread);
}

static void read_to_the_end(const struct source_options *from)
{
	static struct source source;
	const struct roundwatch_header *record;
	uint64_t before = 0;

	if (source_open(&source, from))
		return;
	while (!source_next(&source, &record) && record) {
		must(source.offset > before);
		before = source.offset;
	}
	source_close(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source_options from = { .input = fuzz_file(data, size) };
	struct snapshot snap;
	char all[] = "+HIGHEST,SINCE,STATE,UID,START,CPU,SAMPLES,MODE,MXCSR,FCW,EXE,CMDLINE";

	/* list reports all errors of the input. If it is unreadable, skip the other subcommands. */
	fuzz_run("list", "--json", "--all", "-o", all, "-i", from.input, NULL);
	read_to_the_end(&from);
	if (snapshot_read(&from, &snap))
		return 0;
	check_subjects(&snap);
	snapshot_free(&snap);
	fuzz_run("list", "--threads", "--raw", "-o", all, "-i", from.input, NULL);
	fuzz_run("list", "-i", from.input, NULL);
	fuzz_run("status", "--json", "-i", from.input, NULL);
	return 0;
}
