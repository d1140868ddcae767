/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "roundwatch.h"

#define COLLECTOR_CHILDREN	2	/* at once */
#define COLLECTOR_FILES		1000	/* in the directory */
#define COLLECTOR_ROOM		(UINT64_C(1) << 30)
#define COLLECTOR_SIZE		(UINT64_C(64) << 20)	/* of one process, before compression */
#define COLLECTOR_NS		(30 * NSEC)	/* that an alert waits at most */

/**
 * struct collection - the evidence about one process
 * @entity: what tells the process from all others, as part of a file name; allocated
 * @over: nothing more will be collected
 * @path: then, the archive; allocated, NULL: there is none
 * @why: what is missing; allocated, NULL: nothing
 * @deadline_ns: CLOCK_MONOTONIC, when it is given up
 */
struct collection {
	struct roundwatch_tally tally;
	char *entity;
	bool over;
	char *path, *why;
	uint64_t deadline_ns;
	struct collection *next;
};

/**
 * struct collector - collects evidence before something is done about a process
 * @directory: where the archives are; NULL: nothing is collected
 * @room: bytes that all files there may have
 * @collect: called in a child; writes the archive, of at most @max_size bytes before compression
 * @first: collections in the order of their beginning
 * @child: processes that collect, of at most @max_size bytes each; without a collection if that
 *	was given up and the process has not ended yet
 */
struct collector {
	const char *directory;
	uint64_t room;
	enum status (*collect)(const char *path, uint64_t max_size,
			       const struct roundwatch_tally *tally);
	struct collection *first;
	struct {
		pid_t pid;
		uint64_t max_size;
		struct collection *collection;
	} child[COLLECTOR_CHILDREN];
};

/* Can files be made in the directory? Prints an error if not. */
bool collector_check(const struct collector *c);

/* Begin to collect. @entity belongs to the collection then. */
struct collection *collector_begin(struct collector *c, const struct roundwatch_tally *tally,
				   char *entity);

/* Go on: what has ended or takes too long is over. */
void collector_work(struct collector *c);

/* Next deadline on CLOCK_MONOTONIC; UINT64_MAX: none. SIGCHLD comes when a child ends. */
uint64_t collector_deadline(const struct collector *c);

/* All that is not over is over now. */
void collector_give_up(struct collector *c);

/* Forget a collection that is over. */
void collector_end(struct collector *c, struct collection *of);

#endif
