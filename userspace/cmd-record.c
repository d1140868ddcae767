// SPDX-License-Identifier: GPL-2.0
/* roundwatch record: keep the present state in a file, for --input */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reporter.h"
#include "snapshot.h"
#include "util.h"

struct buffer {
	char *data;
	size_t size, room;
};

static void help(void)
{
	fputs("Usage: roundwatch record [options] <file>\n"
	      "\n"
	      "Write the present state to a file that the other subcommands read with --input.\n"
	      "With \"-\", write it to standard output.\n"
	      "\n"
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

/* Records unchanged, those of types that this program does not know too. */
static enum status read_all(const struct source_options *from, struct buffer *to)
{
	static struct source source;
	const struct roundwatch_header *record;
	struct recording_header header = { 0 };
	enum status status = source_open(&source, from);

	if (status)
		return status;
	memcpy(header.magic, RECORDING_MAGIC, sizeof(header.magic));
	append(to, &header, sizeof(header));
	while (!source.complete) {
		status = source_next(&source, &record);
		if (status)
			break;
		append(to, record, record->size);
	}
	source_close(&source);
	return status;
}

/* Names of other people's commands are in it: not for everybody to read. */
static enum status write_all(const char *path, const struct buffer *b)
{
	bool to_stdout = !strcmp(path, "-");
	int fd = to_stdout ? STDOUT_FILENO :
			     open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0;
	size_t done = 0;

	while (ok && done < b->size) {
		ssize_t n = write(fd, b->data + done, b->size - done);

		if (n > 0)
			done += n;
		else
			ok = n < 0 && errno == EINTR;
	}
	if (ok && !to_stdout)
		ok = !close(fd);
	if (ok)
		return STATUS_OK;
	error("%s: %s; the recording is not complete", to_stdout ? "standard output" : path,
	      strerror(errno));
	return STATUS_FAILURE;
}

static enum status keep(const struct source_options *from, const char *path)
{
	struct snapshot snap = { 0 };
	struct buffer b = { 0 };
	enum status status = read_all(from, &b);

	if (!status)
		status = write_all(path, &b);
	if (!status) {
		const void *info = b.data + sizeof(struct recording_header);

		source_copy_info(&snap.info, info);
		snap.now_ns = snap.info.header.time_ns;
		status = snapshot_warn(&snap);
	}
	free(b.data);
	return status;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" COMMON_SHORT, options, NULL)) != -1)
		if (!common_option(&cmd_record, opt, argv, options, &from, &status))
			return status;
	if (optind == argc) {
		error("record: no file named; use: roundwatch record FILE");
		return STATUS_USAGE;
	}
	if (optind + 1 < argc)
		return extra_argument(&cmd_record, argv[optind + 1]);
	if (!strcmp(argv[optind], "-") && isatty(STDOUT_FILENO)) {
		error("record: a recording is not for a terminal; name a file");
		return STATUS_USAGE;
	}
	return keep(&from, argv[optind]);
}

const struct command cmd_record = {
	.name = "record",
	.summary = "keep the present state in a file, to be read with --input",
	.help = help,
	.run = run,
};
