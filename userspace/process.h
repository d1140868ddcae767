/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct host - the host on which the tallied processes run
 * @root: descriptor of its root directory, below which all files of it are
 *	looked for; -1: nothing is known of it but the records
 * @live: it is this very host, and not a copy of some of its files
 */
struct host {
	int root;
	bool live;
};

/**
 * host_open - the host that records are about
 * @sysroot: NULL, or a directory with a copy of its files (--sysroot)
 * @live: the records come from this kernel's module
 *
 * Without @sysroot a recording's host is not known: it may be another.
 * Prints its own messages and returns an enum status.
 */
int host_open(struct host *host, const char *sysroot, bool live);
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

/*
 * Up to @size - 1 bytes of the file @path below the descriptor @dir, and a NUL;
 * the count, negative with errno on failure.
 */
ssize_t read_at(int dir, const char *path, char *buf, size_t size);

/* Text of a link below @dir; allocated, NULL on failure. */
char *read_link_at(int dir, const char *path);

/* The command line as one line, at most 4095 bytes of it; allocated, NULL if there is none. */
char *process_cmdline(int process);

#endif
