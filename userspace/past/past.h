/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAST_H
#define PAST_H

#include "base/status.h"
#include "past/entry.h"

/**
 * struct boot - a boot of a host, as far as the source goes
 * @id: 32 digits; empty: not known
 * @host: tells hosts apart; @name is for people. Not NULL
 * @first_ns, @last_ns: of its first and last entry of any program; of a file, of monitor
 * @over: the host has been restarted since
 */
struct boot {
	char *id;
	char *host, *name;
	int64_t first_ns, last_ns;
	bool over;
};

/**
 * struct past - the events of a source, in order
 * @name: of the source, for messages
 * @journal: it is a journal: @boot has every boot in it, and systemd's word about the unit
 * @present: it is this host's, or that of the directory with a copy of its files
 * @now_ns: CLOCK_REALTIME up to which the source goes, if @present
 * @foreign: events that neither root nor the monitor's unit or user wrote, left out
 * @foreign_uid: who wrote one of them
 * @mute: entries of roundwatch that are no events, such as those of the format text
 * @odd: lines of a file that are no JSON
 * @lines: lines of a file
 * @damaged: files of a journal that could not be read
 */
struct past {
	const char *name;
	bool journal, present;
	int64_t now_ns;
	struct past_entry *entry;
	size_t n, room;
	struct boot *boot;
	size_t boots;
	size_t foreign;
	char *foreign_uid;
	size_t mute, odd, lines, damaged;
};

/**
 * struct past_options - where to read
 * @input: events as lines of JSON, "-" for standard input; NULL: the journal
 * @directory: with files of a journal; NULL: this host's
 * @sysroot: a directory with a copy of a host's files; NULL: this host
 * @untrusted: also entries that any user may have written
 */
struct past_options {
	const char *input, *directory, *sysroot;
	bool untrusted;
};

/* Read all events; prints its own messages about what cannot be read. */
enum status past_read(struct past *p, const struct past_options *o);
void past_free(struct past *p);

/* For readers of a source: add what entry_finish() took; the boot is made if it is new. */
void past_add(struct past *p, struct past_entry *e);
struct boot *past_boot(struct past *p, const char *id, const char *host, const char *name);

enum status past_read_file(struct past *p, const char *path);
enum status past_read_journal(struct past *p, const struct past_options *o);

/* What is known about a time. */
enum watch {
	WATCHED,
	NO_MONITOR,	/* it did not run */
	NO_MODULE,	/* it was not loaded */
	MODULE_BLIND,
	NOT_HEARD,	/* nothing says that the monitor ran */
	NO_RECORD,	/* before the first entry of the source, or after the last */
};

/**
 * struct span - a time in which the same is known
 * @boot: index; for NO_RECORD without meaning
 */
struct span {
	enum watch watch;
	size_t boot;
	int64_t from_ns, until_ns;
};

struct spans {
	struct span *span;
	size_t n;
};

/* All times of all boots. */
void spans_find(struct spans *to, const struct past *p);

/* Those between two times that were not watched for a minute or more, joined. */
void spans_gaps(struct spans *to, const struct spans *all, const struct past *p, int64_t since_ns,
		int64_t until_ns);

/* In words; static. */
const char *watch_text(enum watch watch);

enum end {
	END_UNKNOWN,
	END_ENDED,	/* the process */
	END_FELL,	/* the verdict, below suspect */
	END_RUNNING,
	END_RESTARTED,	/* the host */
};

/**
 * struct episode - a time in which a process was accused
 * @last: the newest event with it; it has the identity
 * @highest: the verdict
 * @from_ns, @until_ns: CLOCK_REALTIME. @until_ns is when it was last known to go on, unless
 *	@end is ENDED or FELL
 * @length_ns: between them, whatever the clock did
 * @cut: its beginning is not on record
 * @response: event with the newest action against it; NULL: none
 */
struct episode {
	const struct past_entry *last;
	uint8_t highest;
	enum end end;
	int64_t from_ns, until_ns;
	uint64_t length_ns;
	bool cut;
	const struct past_entry *response;
	uint64_t begin_boot_ns;
};

struct episodes {
	struct episode *episode;
	size_t n;
};

/* Join events to episodes; @host is where living processes are looked up. In order of beginning. */
void episodes_find(struct episodes *to, const struct past *p, const struct spans *spans,
		   const struct host *host);

#endif
