// SPDX-License-Identifier: GPL-2.0
/* roundwatch metrics: output for Prometheus, also through node_exporter's textfile collector */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "command.h"
#include "output/standing.h"
#include "records/snapshot.h"
#include "who/identity.h"

enum {
	OPT_TEXTFILE = OPT_OWN,
	OPT_ALLOW,
};

static void help(void)
{
	fputs("Usage: roundwatch metrics [options]\n"
	      "\n"
	      "Print the module's counters and verdicts in the format of Prometheus.\n"
	      "\n"
	      "     --textfile <file>  replace this file, for the textfile collector of\n"
	      "                        node_exporter, which reads names that end in .prom\n"
	      "     --allow <file>     allow list instead of " ALLOW_FILE "\n"
	      COMMON_HELP
	      "\n"
	      "If the module cannot be read, roundwatch_up is 0 and the exit status is 3.\n",
	      stdout);
}

static void describe(FILE *f, const char *name, const char *type, const char *what)
{
	fprintf(f, "# HELP roundwatch_%s %s\n# TYPE roundwatch_%s %s\n", name, what, name, type);
}

/* UTF-8 whatever the locale: Prometheus refuses all of the text for one byte that is not. */
static void put_label(FILE *f, const char *name, const char *value, bool more)
{
	uint32_t c;
	size_t n;

	fprintf(f, "%s=\"", name);
	for (const char *s = value ? value : ""; *s; s += n ? n : 1) {
		n = utf8_decode(s, &c);
		if (!n)
			fputs("\xef\xbf\xbd", f);	/* U+FFFD */
		else if (c == '\n')
			fputs("\\n", f);
		else
			fprintf(f, "%s%.*s", c == '\\' || c == '"' ? "\\" : "", (int)n, s);
	}
	fprintf(f, "\"%s", more ? "," : "} ");
}

static void put_info(FILE *f, const struct roundwatch_info *info)
{
	char *version = xstrndup(info->version, sizeof(info->version)), abi[8];

	describe(f, "info", "gauge", "The module's version, and that of its interface.");
	fputs("roundwatch_info{", f);
	put_label(f, "version", version, true);
	snprintf(abi, sizeof(abi), "%u", info->header.abi);
	put_label(f, "abi", abi, false);
	fputs("1\n", f);
	free(version);
}

static void put_counters(FILE *f, const struct roundwatch_info *info)
{
	const struct {
		const char *name, *what;
		unsigned long long value;
	} counter[] = {
		{ "observations_total", "How often a task's rounding mode was looked at.",
		  info->observations },
		{ "looks_total", "Observations of tasks that were not switched out.", info->looks },
		{ "observations_dropped_total", "Observations that found no room in the table.",
		  info->dropped },
		{ "observations_contended_total",
		  "Observations lost to a tally that was being changed elsewhere.",
		  info->contended },
		{ "tallies_claimed_total", "Tallies begun.", info->claimed },
		{ "tallies_evicted_total", "Tallies of living tasks that gave way to others.",
		  info->evicted },
	};

	for (size_t i = 0; i < ARRAY_SIZE(counter); i++) {
		describe(f, counter[i].name, "counter", counter[i].what);
		fprintf(f, "roundwatch_%s %llu\n", counter[i].name, counter[i].value);
	}
	describe(f, "tallies", "gauge", "Tallies in the table.");
	fprintf(f, "roundwatch_tallies{state=\"live\"} %llu\n"
		"roundwatch_tallies{state=\"exited\"} %llu\n", info->live, info->exited);
	describe(f, "tallies_limit", "gauge", "Tallies for which the table has room.");
	fprintf(f, "roundwatch_tallies_limit %u\n", info->max_tasks);
}

static void put_counts(FILE *f, const struct subjects *subjects, const struct host *host,
		       const struct allow *allow)
{
	struct census census;

	census_take(&census, subjects, host, allow);
	describe(f, "processes", "gauge", "Living processes that have a tally, by verdict.");
	for (int i = ROUNDWATCH_CLEAR; i <= ROUNDWATCH_RANDOMX; i++)
		fprintf(f, "roundwatch_processes{verdict=\"%s\"} %zu\n", verdict_name(i),
			census.count[i] + census.allowed[i]);
}

static void put_process(FILE *f, const struct host *host, const struct allow *allow,
			const struct subject *s)
{
	const struct roundwatch_tally *t = &s->tally;
	const struct identity *id = process_identity(s->process, host);
	char pid[16], *comm = xstrndup(t->comm, sizeof(t->comm));
	char *doubt = subject_doubt_line(s, host, allow);

	snprintf(pid, sizeof(pid), "%u", t->tgid);
	fputs("roundwatch_process_evidence{", f);
	put_label(f, "pid", pid, true);
	put_label(f, "comm", comm, true);
	put_label(f, "user", id->user, true);
	put_label(f, "container_id", id->container, true);
	put_label(f, "pod", id->pod, true);
	put_label(f, "namespace", id->pod_namespace, true);
	put_label(f, "unit", id->unit, true);
	put_label(f, "allowed", subject_allowed(s, host, allow) ? "true" : doubt ? "unknown" : "false",
		  true);
	if (doubt)
		error("%s", doubt);
	put_label(f, "verdict", verdict_name(t->verdict), false);
	fprintf(f, "%u\n", t->evidence);
	free(doubt);
	free(comm);
}

static void put_processes(FILE *f, const struct snapshot *snap, const struct host *host,
			  const struct allow *allow)
{
	struct subjects subjects;
	bool described = false;

	subjects_by_process(snap, &subjects);
	put_counts(f, &subjects, host, allow);
	for (size_t i = 0; i < subjects.n; i++) {
		const struct subject *s = &subjects.subject[i];

		if (present_verdict(&s->tally) < ROUNDWATCH_SUSPECT)
			continue;
		if (!described)
			describe(f, "process_evidence", "gauge",
				 "Evidence against a living process that is suspect or randomx.");
		described = true;
		/* Only one living process can have this PID. */
		put_process(f, host, allow, s);
	}
	subjects_free(&subjects);
}

static void put_up(FILE *f, bool up)
{
	describe(f, "up", "gauge", "Whether the module is loaded and could be read.");
	fprintf(f, "roundwatch_up %d\n", up);
}

static int put_metrics(FILE *f, const struct source_options *from, const char *allow_path)
{
	struct allow allow = { 0 };
	struct snapshot snap;
	struct host host;
	int status = snapshot_read(from, &snap);

	if (!status) {
		status = host_open(&host, from->sysroot, snap.live);
		if (status)
			snapshot_free(&snap);
	}
	put_up(f, !status);
	if (status)
		return status;
	/* An error in the list is reported, and the other lines remain in effect. */
	allow_read(&allow, allow_path);
	describe(f, "blind", "gauge", "Whether the module cannot see, so that all else says nothing.");
	fprintf(f, "roundwatch_blind %d\n", snapshot_is_blind(&snap));
	put_info(f, &snap.info);
	put_counters(f, &snap.info);
	put_processes(f, &snap, &host, &allow);
	status = snapshot_warn(&snap);
	allow_free(&allow);
	host_close(&host);
	snapshot_free(&snap);
	return status;
}

static int write_failed(const char *path)
{
	error("%s: %s; the file is as it was", path, strerror(errno));
	return STATUS_FAILURE;
}

/* A crash may undo a rename until its directory is written to disk. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? xstrndup(path, slash - path + 1) : xasprintf(".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(dir);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Write a new file and rename it, so that readers never see an incomplete one. */
static int replace(const char *path, const char *text, size_t n)
{
	char *beside = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(beside, O_CLOEXEC), status = STATUS_OK;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool ok = f && fwrite(text, 1, n, f) == n && !fflush(f) && !fchmod(fd, 0644) && !fsync(fd);

	if (f && fclose(f))
		ok = false;
	if (!ok || rename(beside, path)) {
		status = write_failed(path);
		if (fd >= 0)
			unlink(beside);
	} else {
		sync_directory(path);
	}
	free(beside);
	return status;
}

/* A device, a pipe or a link is nothing to put a file in the place of. */
static bool may_replace(const char *path)
{
	struct stat st;

	if (lstat(path, &st) || S_ISREG(st.st_mode))
		return true;
	error("%s: not a regular file, and left as it is; without --textfile the metrics go to "
	      "standard output", path);
	return false;
}

static int metrics(const struct source_options *from, const char *textfile, const char *allow_path)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f;
	int status, written = STATUS_OK;

	if (textfile && !may_replace(textfile))
		return STATUS_FAILURE;
	f = open_memstream(&text, &n);
	if (!f) {
		error("out of memory");
		return STATUS_FAILURE;
	}
	status = put_metrics(f, from, allow_path);
	fclose(f);
	if (textfile)
		written = replace(textfile, text, n);
	else
		fwrite(text, 1, n, stdout);
	free(text);
	return written ? written : status;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "textfile",	required_argument,	NULL, OPT_TEXTFILE },
		{ "allow",	required_argument,	NULL, OPT_ALLOW },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	const char *textfile = NULL, *allow_path = NULL;
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" COMMON_SHORT, options, NULL)) != -1) {
		if (opt == OPT_TEXTFILE)
			textfile = optarg;
		else if (opt == OPT_ALLOW)
			allow_path = optarg;
		else if (!common_option(&cmd_metrics, opt, argv, options, &from, &status))
			return status;
	}
	if (optind < argc)
		return extra_argument(&cmd_metrics, argv[optind]);
	return metrics(&from, textfile, allow_path);
}

const struct command cmd_metrics = {
	.name = "metrics",
	.summary = "counters and verdicts for Prometheus",
	.help = help,
	.run = run,
};
