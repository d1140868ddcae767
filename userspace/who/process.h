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
struct roundwatch_tally;

/**
 * struct host - the host on which the tallied processes run
 * @root: descriptor of its root directory, below which all files of it are
 *	looked for; -1: nothing is known of it but the records
 * @live: it is this very host, and not a copy of some of its files
 * @proc: descriptor of its /proc, without what is mounted in there if that is
 *	to be had; -1 with @root
 * @listing: whom its /proc shows
 * @pods: names of its pods
 * @users: names of its users, as far as asked for
 *
 * What has to be looked up once and not for each process is kept in here, so
 * that a program that runs long may keep a host open.
 */
struct host {
	int root;
	bool live;
	int proc;
	struct listing *listing;
	struct pods *pods;
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

/**
 * process_open - descriptor of /proc/TGID of the very process that started then
 * @start_ns: as the module tells it; not whoever has the number by now
 *
 * What is read through it is of that process, or fails. Negative if it is gone,
 * hidden or not known; close() it.
 */
int process_open(const struct host *host, uint32_t tgid, uint64_t start_ns);

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

/* Text of a link below @dir; allocated, NULL on failure. */
char *read_link_at(int dir, const char *path);

/**
 * process_lives_unseen - that PID is of a living process, and /proc has none such
 *
 * Ask when process_open() failed. Only this very host can tell, to who sees
 * the PIDs that the module tells.
 */
bool process_lives_unseen(const struct host *host, uint32_t tgid);

/* The arguments, each with its NUL, @n bytes of them, at most 64 KiB; allocated, never NULL. */
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
