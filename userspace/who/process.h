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
 * @root: descriptor of its root directory, below which all files of it are
 *	looked for; -1: nothing is known of it but the records
 * @live: it is this very host, and not a copy of some of its files
 * @proc: descriptor of its /proc, without what is mounted in there if that is
 *	to be had; -1 with @root
 * @boottime_offset_ns: how far CLOCK_BOOTTIME of this program is ahead of the module's
 * @blur: why processes of this host cannot be told from others; static, NULL if they can
 * @filter: mount option by which /proc does not show all processes; NULL for none
 * @listing: which processes its /proc shows
 * @pods: names of its pods
 * @runtimes: its container runtimes
 * @users: names of its users, as far as asked for
 *
 * What has to be looked up once and not for each process is kept in here, so
 * that a program that runs long may keep a host open.
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
 * host_open - the host that records are about
 * @sysroot: NULL, or a directory with a copy of its files (--sysroot)
 * @live: the records come from this kernel's module
 *
 * Without @sysroot a recording's host is not known: it may be another.
 * Prints its own messages.
 */
enum status host_open(struct host *host, const char *sysroot, bool live);
void host_close(struct host *host);

/* Name of a user; allocated, NULL if it has none or that is not known. */
char *user_name(const struct host *host, uint32_t uid);

/* CLOCK_BOOTTIME as the module counts it, also in a time namespace. */
uint64_t host_boottime(const struct host *host);

/**
 * process_open - descriptor of /proc/TGID of the very process that started then
 * @start_ns: as the module reports it; another process may have the number by now
 *
 * What is read through it is of that process, or fails. Negative if it is gone,
 * hidden or not known; close() it.
 */
int process_open(const struct host *host, uint32_t tgid, uint64_t start_ns);

/**
 * process_task - descriptor of a directory that knows what the process runs
 * @process: from process_open()
 * @tid: 0 for /proc/PID itself, else that of the thread; may be NULL
 *
 * Once the first thread has ended, exe, cmdline, maps and others are empty in /proc/PID
 * and stand in /proc/PID/task/TID of a thread that lives. Negative if all threads have
 * ended; close() it.
 */
int process_task(int process, uint32_t *tid);

/* Whether two times of start may be of one process: /proc has them in clock ticks only. */
bool same_start(uint64_t a_ns, uint64_t b_ns);

/**
 * process_find - the process that has a number now
 * @number: its PID, or the TID of one of its threads
 * @t: its PID, user, name and start; all else is zero
 *
 * False if there is no such process, or it cannot be read.
 */
bool process_find(const struct host *host, uint32_t number, struct roundwatch_tally *t);

/*
 * Up to @size - 1 bytes of the file @path below the descriptor @dir, and a NUL;
 * the count, negative with errno on failure.
 */
ssize_t read_at(int dir, const char *path, char *buf, size_t size);

/* Open a file below a root directory; absolute links in there do not lead out of it. */
int open_below(int root, const char *path, int flags);

/* Text of a link below @dir; allocated, NULL on failure. */
char *read_link_at(int dir, const char *path);

enum sight {
	SIGHT_NONE,	/* it is gone, or nothing is known of it */
	SIGHT_LIMITED,	/* it lives, and this program is not shown it */
	SIGHT_HIDDEN,	/* it lives, and /proc has no such process */
};

/**
 * process_sight - why process_open() failed
 * @why: with SIGHT_LIMITED, what keeps it from this program, in words; allocated
 *
 * Only on this very host there is an answer, and only in its initial PID namespace.
 */
enum sight process_sight(const struct host *host, uint32_t tgid, char **why);

/*
 * The arguments, each with its NUL, @n bytes of them, at most 64 KiB; allocated, never NULL. Of
 * this and of what follows, @process may also be of process_task().
 */
char *process_args(int process, size_t *n);

/* Arguments as one line, at most 4095 bytes of them; allocated, NULL if there are none. */
char *args_join(const char *args, size_t n);

/* The command line as one line, at most 4095 bytes of it; allocated, NULL if there is none. */
char *process_cmdline(int process);

/* Name of a process or, below task/, of a thread; allocated, NULL if it cannot be read. */
char *process_comm(int process);

/* PID of the parent, 0 if it has none or that cannot be read. */
uint32_t process_parent(int process);

#endif
