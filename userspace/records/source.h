/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "roundwatch.h"

/*
 * A recording starts with this header, followed by the records of the device: INFO
 * first, later SNAPSHOT_END, and possibly more records after it.
 */
#define RECORDING_MAGIC	"roundwatch record 1\n"

struct recording_header {
	char magic[20];		/* RECORDING_MAGIC without its NUL */
	char reserved[12];	/* zero */
};

/* Minimum size of a record: it must contain the identity and the verdict. */
#define INFO_MIN	offsetof(struct roundwatch_info, observations)
#define TALLY_MIN	offsetof(struct roundwatch_tally, score)
#define LOST_MIN	sizeof(struct roundwatch_lost)

/**
 * struct source_options - the source to read
 * @input: a recording, "-" for standard input; NULL for the device
 * @device: NULL for ROUNDWATCH_DEVICE
 * @sysroot: files of the host that the records describe; see host_open()
 * @nonblock: do not wait for the device; poll() source.fd. See source_next()
 */
struct source_options {
	const char *input;
	const char *device;
	const char *sysroot;
	bool nonblock;
};

/**
 * struct source - a stream of records
 * @name: for messages
 * @live: read from a module in this kernel, not from a recording
 * @complete: SNAPSHOT_END was read
 * @ended: there are no more records; for a device, the module is gone
 * @offset: position of the next record
 */
struct source {
	const char *name;
	bool live;
	bool complete;
	bool ended;
	uint64_t offset;
	int fd;
	bool begun;
	size_t pos, have;

	_Alignas(8) unsigned char buf[16 * ROUNDWATCH_MAX_RECORD];
};

/* These print their own messages. */

enum status source_open(struct source *s, const struct source_options *from);

/*
 * Return the next record, valid until the next call, with size and ABI checked. Returns
 * NULL at the end, which is an error before SNAPSHOT_END. With @nonblock it also returns
 * NULL if there is no record yet; then @ended is false.
 */
enum status source_next(struct source *s, const struct roundwatch_header **record);

/*
 * The module's counters now, without reading records; false if this is no device, or
 * the module is gone.
 */
bool source_counters(const struct source *s, struct roundwatch_info *info);

void source_close(struct source *s);

/* The module as it is now; false if @s is no device, or the module is gone. */
bool source_ask(const struct source *s, struct roundwatch_info *info);

/* The same by an open of its own; of a recording, as it was. */
enum status source_read_info(const struct source_options *from, struct roundwatch_info *info);

/* Copy a record of this type. Missing fields are zero, unknown fields are ignored. */
void source_copy_info(struct roundwatch_info *to, const struct roundwatch_header *from);
void source_copy_tally(struct roundwatch_tally *to, const struct roundwatch_header *from);
void source_copy_lost(struct roundwatch_lost *to, const struct roundwatch_header *from);

#endif
