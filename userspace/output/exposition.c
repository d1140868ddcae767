// SPDX-License-Identifier: GPL-2.0
/* What the module and its verdicts are in the text format of Prometheus. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/exposition.h"
#include "output/standing.h"
#include "records/snapshot.h"
#include "who/identity.h"

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

static void put_version(FILE *f, const char *name, const char *what, const char *version,
			unsigned int abi)
{
	char number[NUMBER_MAX];

	describe(f, name, "gauge", what);
	fprintf(f, "roundwatch_%s{", name);
	put_label(f, "version", version, true);
	snprintf(number, sizeof(number), "%u", abi);
	put_label(f, "abi", number, false);
	fputs("1\n", f);
}

/* A time of the module's records as Unix time; 0, which is never, stays 0. */
static void put_time(FILE *f, const struct roundwatch_info *info, uint64_t boottime_ns)
{
	uint64_t ns = boottime_ns ? boottime_ns + info->realtime_offset_ns : 0;

	fprintf(f, "%llu.%03llu\n", (unsigned long long)(ns / NSEC),
		(unsigned long long)(ns % NSEC / 1000000));
}

static void put_module(FILE *f, const struct roundwatch_info *info)
{
	char *version = xstrndup(info->version, sizeof(info->version));

	put_version(f, "module_info", "The versions of the module and of its interface.", version,
		    info->header.abi);
	free(version);
	describe(f, "module_loaded_timestamp_seconds", "gauge", "When the module was loaded.");
	fputs("roundwatch_module_loaded_timestamp_seconds ", f);
	put_time(f, info, info->loaded_ns);
	describe(f, "evidence_threshold", "gauge", "Evidence from which a process has the verdict.");
	fprintf(f, "roundwatch_evidence_threshold{verdict=\"suspect\"} %u\n"
		"roundwatch_evidence_threshold{verdict=\"randomx\"} %u\n",
		info->suspect_evidence, info->randomx_evidence);
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
		{ "records_lost_total", "Records lost by readers that were too slow.", info->lost },
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

/* Counted by the module, so that no process is missed that ends between two scrapes. */
static void put_reached(FILE *f, const struct roundwatch_info *info)
{
	describe(f, "verdicts_total", "counter",
		 "Processes that reached the verdict or a higher one, each counted once.");
	fprintf(f, "roundwatch_verdicts_total{verdict=\"suspect\"} %llu\n"
		"roundwatch_verdicts_total{verdict=\"randomx\"} %llu\n",
		info->reached_suspect, info->reached_randomx);
	describe(f, "verdict_last_timestamp_seconds", "gauge",
		 "When a process last reached the verdict for the first time; 0: never.");
	fputs("roundwatch_verdict_last_timestamp_seconds{verdict=\"suspect\"} ", f);
	put_time(f, info, info->suspect_ns);
	fputs("roundwatch_verdict_last_timestamp_seconds{verdict=\"randomx\"} ", f);
	put_time(f, info, info->randomx_ns);
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
	describe(f, "processes_allowed", "gauge", "Those of them that the allow list allows.");
	for (int i = ROUNDWATCH_SUSPECT; i <= ROUNDWATCH_RANDOMX; i++)
		fprintf(f, "roundwatch_processes_allowed{verdict=\"%s\"} %zu\n", verdict_name(i),
			census.allowed[i]);
}

static void put_process(FILE *f, const struct subject *s, const struct host *host,
			const struct allow *allow)
{
	const struct roundwatch_tally *t = &s->tally;
	const struct identity *id = process_identity(s->process, host);
	char pid[NUMBER_MAX], *comm = xstrndup(t->comm, sizeof(t->comm));
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

/* An accused process in the order in which they are listed. */
struct entry {
	const struct subject *subject;
	bool allowed;
};

/*
 * Those that are not allowed first, or many allowed ones would hide a miner; then the oldest, so
 * that the choice does not change with the evidence.
 */
static int compare_entry(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const struct roundwatch_tally *s = &x->subject->tally, *t = &y->subject->tally;

	if (x->allowed != y->allowed)
		return x->allowed ? 1 : -1;
	if (s->verdict != t->verdict)
		return s->verdict < t->verdict ? 1 : -1;
	if (s->process_start_ns != t->process_start_ns)
		return s->process_start_ns < t->process_start_ns ? -1 : 1;
	return s->tgid < t->tgid ? -1 : s->tgid > t->tgid;
}

/* Only one living process has a PID; a damaged recording must not make the same series twice. */
static bool is_repeated(const struct entry *entry, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (entry[j].subject->tally.tgid == entry[i].subject->tally.tgid)
			return true;
	return false;
}

static void put_accused(FILE *f, const struct subjects *subjects, const struct host *host,
			const struct allow *allow)
{
	struct entry *entry = xrealloc(NULL, subjects->n, sizeof(*entry));
	size_t n = 0, shown = 0;

	for (size_t i = 0; i < subjects->n; i++) {
		const struct subject *s = &subjects->subject[i];

		if (present_verdict(&s->tally) >= ROUNDWATCH_SUSPECT)
			entry[n++] = (struct entry){ s, subject_allowed(s, host, allow) };
	}
	if (n) {
		qsort(entry, n, sizeof(*entry), compare_entry);
		describe(f, "process_evidence", "gauge",
			 "Evidence against a living process that is suspect or randomx.");
	}
	for (size_t i = 0; i < n && shown < EXPOSED_PROCESSES; i++) {
		if (is_repeated(entry, i))
			continue;
		put_process(f, entry[i].subject, host, allow);
		shown++;
	}
	describe(f, "processes_omitted", "gauge",
		 "Suspect and randomx processes that have no evidence here, as they are too many.");
	fprintf(f, "roundwatch_processes_omitted %zu\n", n - shown);
	free(entry);
}

static void put_present(FILE *f, const struct snapshot *snap, const struct host *host,
			const struct allow *allow)
{
	struct subjects subjects;

	describe(f, "blind", "gauge", "Whether the module cannot see, so that all else says nothing.");
	fprintf(f, "roundwatch_blind %d\n", snapshot_is_blind(snap));
	put_module(f, &snap->info);
	put_counters(f, &snap->info);
	put_reached(f, &snap->info);
	subjects_by_process(snap, &subjects);
	put_counts(f, &subjects, host, allow);
	put_accused(f, &subjects, host, allow);
	subjects_free(&subjects);
}

enum status exposition_print(FILE *f, const struct source_options *from, const char *allow_path)
{
	struct allow allow = { 0 };
	struct snapshot snap;
	struct host host;
	enum status status = snapshot_read(from, &snap);

	if (!status) {
		status = host_open(&host, from->sysroot, snap.live);
		if (status)
			snapshot_free(&snap);
	}
	describe(f, "up", "gauge", "Whether the module is loaded and could be read.");
	fprintf(f, "roundwatch_up %d\n", !status);
	put_version(f, "build_info", "The versions of this program and of its interface.", VERSION,
		    ROUNDWATCH_ABI);
	if (status)
		return status;
	/* An error in the list is reported, and the other lines remain in effect. */
	allow_read(&allow, allow_path);
	put_present(f, &snap, &host, &allow);
	status = snapshot_warn(&snap);
	allow_free(&allow);
	host_close(&host);
	snapshot_free(&snap);
	return status;
}

char *exposition_text(const struct source_options *from, const char *allow_path, size_t *n,
		      enum status *status)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, n);
	bool ok = f;

	if (f) {
		*status = exposition_print(f, from, allow_path);
		ok = !ferror(f);
		if (fclose(f))
			ok = false;
	}
	if (ok)
		return text;
	free(text);
	error("out of memory");
	*status = STATUS_FAILURE;
	return NULL;
}
