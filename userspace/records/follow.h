/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "records/source.h"
#include "records/subject.h"
#include "who/identity.h"

/**
 * struct accused - a process that is suspect or worse
 * @verdict: the last verdict that was reported; CLEAR if none was
 * @subject: its combined tallies
 * @id: its identity when it was last visible
 * @allowed: line of the allow list; NULL: not allowed
 * @over: its own tally has ended, not only those of its threads
 * @tally: those of its tallies that accuse it, in their last state
 * @seen: it is part of the present state that is being read
 */
struct accused {
	uint32_t tgid;
	uint64_t start_ns;
	uint8_t verdict;
	struct subject subject;
	struct identity id;
	char *allowed;
	bool over;
	struct roundwatch_tally *tally;
	size_t tallies;
	bool seen;
};

enum change {
	CHANGE_PRESENT,		/* it had the verdict before the program started */
	CHANGE_ROSE,
	CHANGE_FELL,
	CHANGE_ENDED,		/* the process has ended, or runs another program */
};

/* The identity of a process that has ended. */
struct grave {
	uint32_t tgid;
	uint64_t start_ns;
};

/**
 * struct follow - follows the verdicts of processes
 * @from: source of the records
 * @host: host on which to look up processes
 * @tell: called for each change, with the previously reported verdict
 * @source: to be polled while @open
 * @info: state of the module when it was opened
 * @accused: processes reported as suspect or worse
 * @n: number of @accused
 * @lost: records lost since it was opened
 * @synced: a present state has been read completely
 * @heard_ns: time of the newest record
 * @began_ns: when the first present state was read
 * @dossiers: of a recording, what it has about accused processes
 * @grave: processes whose end was reported, in that order
 * @buried: number of @grave
 */
struct follow {
	const struct source_options *from;
	const struct host *host;
	void (*tell)(struct follow *f, struct accused *a, enum change change, uint8_t previous);

	bool open;
	struct source source;
	struct roundwatch_info info;
	struct accused **accused;
	size_t n;
	uint64_t lost;
	bool synced;
	uint64_t heard_ns;
	uint64_t began_ns;
	struct dossiers dossiers;
	struct grave *grave;
	size_t buried;
};

/*
 * Open the source, possibly again, and read the present state. Processes that were
 * accused before are compared with it. Prints its own messages.
 */
enum status follow_open(struct follow *f);

/* Read available records without waiting, until the end or until records are lost. */
enum status follow_read(struct follow *f);

/* Close it; it may be opened again. */
void follow_close(struct follow *f);

/* Forget all processes: a module that was loaded again knows nothing about them. */
void follow_forget(struct follow *f);

/* Number of processes with this verdict that are not allowed. */
size_t follow_count(const struct follow *f, uint8_t verdict);

#endif
