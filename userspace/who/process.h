/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

struct listing;
struct pods;
struct runtimes;
struct roundwatch_tally;

/**
 * struct host - the host on which the tallied processes run
 * @root: descriptor of its root directory, below which all its files are opened; -1: only
 *	the records are known
 * @live: this very host, not a copy of its files
 * @proc: descriptor of its /proc, if possible without the mounts in it; -1 if @root is -1
 * @boottime_offset_ns: how far CLOCK_BOOTTIME of this program is ahead of the module's
 * @blur: why processes of this host cannot be identified; static text, NULL if they can
 * @filter: mount option that makes /proc hide processes; NULL for none
 * @listing: which processes its /proc shows
 * @pods: names of its pods
 * @runtimes: its container runtimes
 * @users: names of its users that were looked up
 *
 * Contains everything that is looked up once for all processes. A long-running program
 * may keep a host open.
 */
struct host {
	int root;
	bool live;
	int proc;
	int64_t boottime_offset_ns;
	const char *blur;
	char *filter;
	struct listing *listing;
	struct pods *pods;
	struct runtimes *runtimes;
	struct users *users;
};

/**
 * host_open - open the host that the records describe
 * @sysroot: NULL, or a directory with a copy of its files (--sysroot)
 * @live: the records come from this kernel's module
 *
 * Without @sysroot the host of a recording is not known: it may be another one.
 * Prints its own messages.
 */
enum status host_open(struct host *host, const char *sysroot, bool live);
void host_close(struct host *host);

/* Name of a user; allocated, NULL if it has none or it is unknown. */
char *user_name(const struct host *host, uint32_t uid);

/* CLOCK_BOOTTIME of the module, also in a time namespace. */
uint64_t host_boottime(const struct host *host);

/**
 * process_open - open /proc/TGID of the process that started at this time
 * @start_ns: from the module; another process may have the PID by now
 *
 * Reads through the descriptor return data of this process, or fail. Negative if the
 * process is gone, hidden or unknown; close() it.
 */
int process_open(const struct host *host, uint32_t tgid, uint64_t start_ns);

/**
 * process_task - open a directory that describes what the process runs
 * @process: from process_open()
 * @tid: set to 0 for /proc/PID itself, otherwise to the thread; may be NULL
 *
 * After the first thread has ended, exe, cmdline, maps and other files in /proc/PID are
 * empty. They are complete in /proc/PID/task/TID of a living thread. Negative if all
 * threads have ended; close() it.
 */
int process_task(int process, uint32_t *tid);

/* True if two start times may belong to one process; /proc has clock ticks only. */
bool same_start(uint64_t a_ns, uint64_t b_ns);

/**
 * process_find - the process that has a number now
 * @number: its PID, or the TID of one of its threads
 * @t: its PID, user, name and start; all other members are zero
 *
 * Returns false if there is no such process, or it cannot be read.
 */
bool process_find(const struct host *host, uint32_t number, struct roundwatch_tally *t);

/*
 * Read up to @size - 1 bytes of the file @path below the descriptor @dir, and add a NUL.
 * Returns the count, or a negative number with errno.
 */
ssize_t read_at(int dir, const char *path, char *buf, size_t size);

/* Open a file below a root directory; absolute links stay inside that directory. */
int open_below(int root, const char *path, int flags);

/* Target of a link below @dir; allocated, NULL on failure. */
char *read_link_at(int dir, const char *path);

enum sight {
	SIGHT_NONE,	/* it is gone or unknown */
	SIGHT_LIMITED,	/* it is alive, but not visible to this program */
	SIGHT_HIDDEN,	/* it is alive, but /proc has no such process */
};

/**
 * process_sight - why process_open() failed
 * @why: for SIGHT_LIMITED, why it is not visible, in words; allocated
 *
 * The answer is known only on this host, in its initial PID namespace.
 */
enum sight process_sight(const struct host *host, uint32_t tgid, char **why);

/*
 * The arguments, each with its NUL, @n bytes of them, at most 64 KiB; allocated, never NULL. Of
 * this and of what follows, @process may also be of process_task().
 */
char *process_args(int process, size_t *n);

/* Arguments in one line, up to 4095 bytes; allocated, NULL if there are none. */
char *args_join(const char *args, size_t n);

/* The command line in one line, up to 4095 bytes; allocated, NULL if there is none. */
char *process_cmdline(int process);

/* Name of a process, or below task/ of a thread; allocated, NULL if it cannot be read. */
char *process_comm(int process);

/* PID of the parent, 0 if it has none or it cannot be read. */
uint32_t process_parent(int process);

#endif
