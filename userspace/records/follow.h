/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "records/source.h"
#include "records/subject.h"
#include "who/identity.h"

/**
 * struct accused - a process that is suspect or worse
 * @verdict: what was told of it last; CLEAR if nothing was
 * @subject: what its tallies come to
 * @id: who it was when that was last to be seen
 * @allowed: by which line of the list; NULL: by none
 * @over: its own tally, not only those of its threads, has ended
 * @tally: those of its tallies that accuse it, as last heard of
 * @seen: it is in the present state that is being read
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
	CHANGE_PRESENT,		/* was so before we looked */
	CHANGE_ROSE,
	CHANGE_FELL,
	CHANGE_ENDED,		/* the process is gone, or runs another program */
};

/* The identity of a process that has ended. */
struct grave {
	uint32_t tgid;
	uint64_t start_ns;
};

/**
 * struct follow - the verdicts of processes, as they change
 * @from: where records come from
 * @host: where processes are looked up
 * @tell: called for each change, with the verdict that was told before
 * @source: while @open, to be polled
 * @info: the module, as it was when it was opened
 * @accused: whom a verdict of suspect or worse was told of
 * @n: how many they are
 * @lost: records lost since it was opened
 * @synced: a present state has been read to its end
 * @heard_ns: time of the newest record
 * @began_ns: when the first present state was read
 * @grave: processes whose end was reported, in that order
 * @buried: how many they are
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
	struct grave *grave;
	size_t buried;
};

/*
 * Open it, again or for the first time, and read the present state. Whoever was
 * accused before is compared with it. Prints its own messages.
 */
enum status follow_open(struct follow *f);

/* Read what there is, without waiting, until the end or until something is lost. */
enum status follow_read(struct follow *f);

/* Close it; it may be opened again. */
void follow_close(struct follow *f);

/* Begin anew: another module knows nothing of whom this one accused. */
void follow_forget(struct follow *f);

/* How many are accused so, those that are allowed aside. */
size_t follow_count(const struct follow *f, uint8_t verdict);

#endif
