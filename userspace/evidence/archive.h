/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EVIDENCE_ARCHIVE_H
#define EVIDENCE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"

/**
 * struct evidence_archive - a tar.gz that nobody sees before it is complete
 * @path: "-": standard output
 * @directory, @name: of @path
 * @temporary: name in the meantime; NULL: it has none
 * @sha256: of the file, after archive_finish(); @size likewise
 * @error: what failed first; allocated, NULL: nothing
 */
struct evidence_archive {
	const char *path;
	int directory;
	char *name, *temporary;
	int fd;
	struct archive *tar;
	struct sha256 sum;
	char sha256[SHA256_TEXT];
	uint64_t size;
	char *error;
};

/*
 * Begin a file that is not there yet, with access for its owner only. Never overwrites, nor follows
 * a link. Prints its own messages, as do the others.
 */
bool archive_begin(struct evidence_archive *a, const char *path);

/* Add the first @size bytes of a file. */
bool archive_add(struct evidence_archive *a, const char *name, int fd, uint64_t size,
		 int64_t time_ns);

/* Give it its name. */
bool archive_finish(struct evidence_archive *a);

/* After that, or instead: leave nothing behind. */
void archive_close(struct evidence_archive *a);

/* A file without a name, for what is to be added; negative on failure. */
int archive_scratch(const struct evidence_archive *a);

#endif
