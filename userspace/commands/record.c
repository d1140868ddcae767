// SPDX-License-Identifier: GPL-2.0
/* roundwatch record: keep the present state in a file, and what changes, for --input */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "records/snapshot.h"

struct buffer {
	char *data;
	size_t size, room;
};

/**
 * struct record - what is asked for
 * @path: of the recording; "-": standard output
 * @follow: go on after the present state
 * @count: tallies that change, to end after; 0: no end
 * @seconds: to go on for; 0: no end
 */
struct record {
	const char *path;
	bool follow;
	uint64_t count;
	uint64_t seconds;
};

static void help(void)
{
	fputs("Usage: roundwatch record [options] <file>\n"
	      "\n"
	      "Write the present state to a file that the other subcommands read with --input.\n"
	      "With \"-\", write it to standard output.\n"
	      "\n"
	      " -f, --follow          then what changes, until interrupted\n"
	      " -n, --count <n>       end after so many changes; implies --follow\n"
	      " -s, --seconds <n>     end after that time; implies --follow\n"
	      COMMON_HELP, stdout);
}

static void append(struct buffer *b, const void *data, size_t n)
{
	if (b->size + n > b->room) {
		b->room = 2 * (b->size + n);
		b->data = xrealloc(b->data, b->room, 1);
	}
	memcpy(b->data + b->size, data, n);
	b->size += n;
}

/* The present state; records unchanged, those of types that this program does not know too. */
static enum status read_state(struct source *source, struct buffer *to)
{
	const struct roundwatch_header *record;
	struct recording_header header = { 0 };
	enum status status = STATUS_OK;

	memcpy(header.magic, RECORDING_MAGIC, sizeof(header.magic));
	append(to, &header, sizeof(header));
	while (!source->complete) {
		status = source_next(source, &record);
		if (status)
			break;
		append(to, record, record->size);
	}
	return status;
}

static const char *name_of(const struct record *r)
{
	return strcmp(r->path, "-") ? r->path : "standard output";
}

static enum status write_failed(const struct record *r)
{
	error("%s: %s; the recording is not complete", name_of(r), strerror(errno));
	return STATUS_FAILURE;
}

/* Names of other people's commands are in it: not for everybody to read. */
static int open_recording(const struct record *r)
{
	return strcmp(r->path, "-") ?
	       open(r->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : STDOUT_FILENO;
}

static bool close_recording(int fd)
{
	return fd == STDOUT_FILENO || !close(fd);
}

static bool write_all(int fd, const void *data, size_t n)
{
	const char *at = data, *end = at + n;

	while (at < end) {
		ssize_t done = write(fd, at, end - at);

		if (done < 0 && (errno != EINTR || signals_came()))
			return false;
		if (done > 0)
			at += done;
	}
	return true;
}

/* Waits for a record; false if it is time to end. */
static bool await_record(const struct source *source, const struct record *r, uint64_t end_ns)
{
	struct pollfd poll = { .fd = source->fd, .events = POLLIN };
	struct timespec left;

	/* poll() does not report records that have been read already. */
	while (!source->have && !signals_came()) {
		if (r->seconds && !deadline_left(end_ns, &left))
			return false;
		if (signals_poll(&poll, 1, r->seconds ? &left : NULL) > 0)
			break;
	}
	return !signals_came();
}

/* What changes, a record at a time, so that the recording is always whole. */
static enum status follow(struct source *source, const struct record *r, int fd)
{
	uint64_t end_ns = deadline(r->seconds), changes = 0;
	const struct roundwatch_header *record;

	while ((!r->count || changes < r->count) && await_record(source, r, end_ns)) {
		enum status status = source_next(source, &record);

		if (status)
			return status;
		if (!record && source->live) {
			error("the module was unloaded; %s has what it told until then",
			      name_of(r));
			return STATUS_NO_MODULE;
		}
		if (!record)
			break;
		if (!write_all(fd, record, record->size))
			return write_failed(r);
		changes += record->type == ROUNDWATCH_TALLY;
	}
	return STATUS_OK;
}

static enum status keep(const struct source_options *from, const struct record *r)
{
	static struct source source;
	struct snapshot snap = { 0 };
	struct buffer state = { 0 };
	enum status status = source_open(&source, from), blind;
	int fd = -1;

	if (status)
		return status;
	if (r->follow)
		signals_catch();
	status = read_state(&source, &state);
	/* No file before there is something to be kept in it. */
	if (!status) {
		fd = open_recording(r);
		if (fd < 0 || !write_all(fd, state.data, state.size))
			status = write_failed(r);
	}
	if (!status) {
		const void *info = state.data + sizeof(struct recording_header);

		source_copy_info(&snap.info, info);
		snap.now_ns = snap.info.header.time_ns;
		blind = snapshot_warn(&snap);
		if (r->follow)
			status = follow(&source, r, fd);
		status = status ? status : blind;
	}
	if (fd >= 0 && !close_recording(fd) && !status)
		status = write_failed(r);
	source_close(&source);
	free(state.data);
	return status;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "follow",	no_argument,		NULL, 'f' },
		{ "count",	required_argument,	NULL, 'n' },
		{ "seconds",	required_argument,	NULL, 's' },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	struct record r = { 0 };
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":fn:s:" COMMON_SHORT, options, NULL)) != -1) {
		switch (opt) {
		case 'f':
			break;
		case 'n':
			if (!option_number(&cmd_record, "count", &r.count))
				return STATUS_USAGE;
			break;
		case 's':
			if (!option_number(&cmd_record, "seconds", &r.seconds))
				return STATUS_USAGE;
			break;
		default:
			if (!common_option(&cmd_record, opt, argv, options, &from, &status))
				return status;
			continue;
		}
		r.follow = true;
	}
	if (optind == argc) {
		error("record: no file named; use: roundwatch record FILE");
		return STATUS_USAGE;
	}
	if (optind + 1 < argc)
		return extra_argument(&cmd_record, argv[optind + 1]);
	r.path = argv[optind];
	if (!strcmp(r.path, "-") && isatty(STDOUT_FILENO)) {
		error("record: a recording is not for a terminal; name a file");
		return STATUS_USAGE;
	}
	return keep(&from, &r);
}

const struct command cmd_record = {
	.name = "record",
	.summary = "keep the present state in a file, to be read with --input",
	.help = help,
	.run = run,
};
