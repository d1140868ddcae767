// SPDX-License-Identifier: GPL-2.0
/* roundwatch record: writes the present state, and changes of it, to a file for --input */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "corroboration/pool.h"
#include "corroboration/recall.h"
#include "host/sandbox.h"
#include "records/subject.h"

struct buffer {
	char *data;
	size_t size, room;
};

/**
 * struct record - the command line
 * @path: the recording; "-": standard output
 * @follow: continue after the present state
 * @count: number of changes after which to stop; 0: no limit
 * @seconds: time after which to stop; 0: no limit
 * @pools: list of pools
 */
struct record {
	const char *path;
	bool follow;
	uint64_t count;
	uint64_t seconds;
	const char *pools;
};

static void help(void)
{
	fputs("Usage: roundwatch record [options] <file>\n"
	      "\n"
	      "Write the present state to a file that the other subcommands read with --input.\n"
	      "With \"-\", write it to standard output. The recording includes the identity of\n"
	      "accused processes, which the other subcommands show on any host.\n"
	      "\n"
	      " -f, --follow          continue with changes, until interrupted\n"
	      " -n, --count <n>       stop after this number of changes; implies --follow\n"
	      " -s, --seconds <n>     stop after this time; implies --follow\n"
	      "     --pools <file>    list of pools instead of " POOL_LIST "\n"
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

/* Where accused processes are looked up, and which pools miners connect to. */
struct keeper {
	struct host host;
	const char *pools;
};

static void append_record(void *to, const void *record, size_t n)
{
	append(to, record, n);
}

/* What is to be seen of accused processes now, while it is; @n of them. */
static void keep_dossiers(struct buffer *to, struct snapshot *snap, const struct keeper *k,
			  const struct roundwatch_tally *const *accused, size_t n)
{
	struct corroboration *c = xrealloc(NULL, n, sizeof(*c));

	/* All use of CPUs is measured over the same time. */
	for (size_t i = 0; i < n; i++)
		corroborate_begin(&c[i], &k->host, accused[i]);
	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_new_object();
		struct identity id;

		identity_read(&k->host, accused[i], &id);
		if (id.found) {
			corroborate_end(&c[i], &id, k->pools, snap->now_ns);
			id.sha256 = corroborate_hash(&c[i]);
			json_object_object_add(o, "identity", identity_to_json(&id));
			json_object_object_add(o, "findings", findings_to_json(&c[i]));
			dossier_write(accused[i], snap->now_ns,
				      json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
				      append_record, to);
		}
		json_object_put(o);
		identity_free(&id);
		corroborate_free(&c[i]);
	}
	free(c);
}

static bool has_dossier(const struct snapshot *snap, const struct roundwatch_tally *t)
{
	return dossiers_find(&snap->dossiers, t->tgid, t->process_start_ns);
}

static void keep_accused(struct buffer *to, struct snapshot *snap, const struct keeper *k)
{
	const struct roundwatch_tally **accused;
	struct subjects subjects;
	size_t n = 0;

	subjects_by_process(snap, &subjects);
	accused = xrealloc(NULL, subjects.n, sizeof(*accused));
	for (size_t i = 0; i < subjects.n; i++) {
		const struct roundwatch_tally *t = &subjects.subject[i].tally;

		if (worst_verdict(t) >= ROUNDWATCH_SUSPECT && !has_dossier(snap, t))
			accused[n++] = t;
	}
	keep_dossiers(to, snap, k, accused, n);
	free(accused);
	subjects_free(&subjects);
}

/*
 * The present state; records unchanged, those of types that this program does not know
 * too. Before its end come the dossiers.
 */
static enum status read_state(struct source *source, struct snapshot *snap,
			      const struct keeper *k, struct buffer *to)
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
		snapshot_take(snap, record);
		if (source->complete)
			keep_accused(to, snap, k);
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

/* It contains command names of other users, so only the owner may read it. */
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

/* Wait for a record; false if it is time to end. */
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

/* The dossier of a process that is accused for the first time. */
static bool follow_accused(const struct roundwatch_header *record, int fd, struct snapshot *snap,
			   const struct keeper *k)
{
	struct roundwatch_tally tally;
	const struct roundwatch_tally *accused = &tally;
	struct buffer b = { 0 };
	bool written;

	if (record->type != ROUNDWATCH_TALLY)
		return true;
	source_copy_tally(&tally, record);
	if (present_verdict(&tally) < ROUNDWATCH_SUSPECT || has_dossier(snap, &tally))
		return true;
	snap->now_ns = record->time_ns;
	keep_dossiers(&b, snap, k, &accused, 1);
	for (size_t at = 0; at < b.size; ) {
		const struct roundwatch_header *part = (const void *)(b.data + at);

		dossiers_add(&snap->dossiers, part);
		at += part->size;
	}
	written = write_all(fd, b.data, b.size);
	free(b.data);
	return written;
}

/* Write changes, one record at a time, so that the recording is always complete. */
static enum status follow(struct source *source, const struct record *r, int fd,
			  struct snapshot *snap, const struct keeper *k)
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
		/* A dossier comes before the change, for those who report this at once. */
		if (!follow_accused(record, fd, snap, k) ||
		    !write_all(fd, record, record->size))
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
	struct keeper k = { .pools = r->pools };
	enum status status = source_open(&source, from), blind;
	int fd = -1;

	if (status)
		return status;
	status = host_open(&k.host, from->sysroot, source.live);
	if (status)
		goto out_source;
	if (r->follow)
		signals_catch();
	sandbox_enter(SANDBOX_CREATE);
	status = read_state(&source, &snap, &k, &state);
	/* Create the file only when there is data. */
	if (!status) {
		fd = open_recording(r);
		if (fd < 0 || !write_all(fd, state.data, state.size))
			status = write_failed(r);
	}
	if (!status) {
		blind = snapshot_warn(&snap);
		if (r->follow)
			status = follow(&source, r, fd, &snap, &k);
		status = status ? status : blind;
	}
	if (fd >= 0 && !close_recording(fd) && !status)
		status = write_failed(r);
	host_close(&k.host);
out_source:
	snapshot_free(&snap);
	source_close(&source);
	free(state.data);
	return status;
}

static enum status run(int argc, char **argv)
{
	enum { OPT_POOLS = OPT_OWN };
	static const struct option options[] = {
		{ "follow",	no_argument,		NULL, 'f' },
		{ "count",	required_argument,	NULL, 'n' },
		{ "seconds",	required_argument,	NULL, 's' },
		{ "pools",	required_argument,	NULL, OPT_POOLS },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	struct record r = { .pools = POOL_LIST };
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
		case OPT_POOLS:
			r.pools = optarg;
			continue;
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
	.summary = "write the present state to a file, to be read with --input",
	.help = help,
	.run = run,
};
