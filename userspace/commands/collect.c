// SPDX-License-Identifier: GPL-2.0
/* roundwatch collect: keeps what is known of a process, before it is stopped */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "commands/collect.h"
#include "evidence/archive.h"
#include "evidence/traces.h"
#include "evidence/worker.h"
#include "output/columns.h"

#define RESERVE		(UINT64_C(8) << 20)	/* of the size, for what follows the executable */

static void help(void)
{
	fputs("Usage: roundwatch collect [options] <pid>\n"
	      "\n"
	      "Write what is known of a process to a tar.gz, before the process is stopped: the\n"
	      "executable, its files, connections, control groups and threads, and the verdict.\n"
	      "Its manifest.json has a SHA-256 of each file, and says what is missing. Needs\n"
	      "root. The module need not be loaded.\n"
	      "\n"
	      " -o, --output <file>   the archive, never overwritten; \"-\" is standard output;\n"
	      "                       default: roundwatch-<host>-<pid>-<time>.tar.gz\n"
	      "     --environ         also the values of the environment, which may be secrets\n"
	      "     --max-size <size> collect no more than this before compression (256M)\n"
	      "     --timeout <seconds>  give a file up that does not answer in this time (10)\n"
	      "     --pools <file>    list of pools instead of the default one, for explain\n"
	      COMMON_HELP, stdout);
}

/**
 * struct work - a collection in progress
 * @suspect: the process
 * @members: for the manifest
 * @missing: what was not collected as a whole
 */
struct work {
	const struct collect *c;
	struct suspect suspect;
	struct evidence_archive archive;
	struct product product;
	json_object *members;
	char *folder;
	uint64_t left, end_ns;
	size_t files, missing;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * (int64_t)NSEC + now.tv_nsec;
}

/* A subcommand of this program, in a worker. */
struct own {
	const struct work *w;
	const struct command *command;
	const char *argument[6];
};

static int run_own(const void *of, int out)
{
	const struct own *own = of;
	const struct source_options *from = &own->w->c->from;
	char *argv[16], pid[16];
	int argc = 0, nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0)
		return errno;
	snprintf(pid, sizeof(pid), "%u", own->w->suspect.tally->tgid);
	argv[argc++] = (char *)own->command->name;
	for (const char *const *a = own->argument; *a; a++)
		argv[argc++] = (char *)*a;
	if (from->input || from->device) {
		argv[argc++] = (char *)(from->input ? "--input" : "--device");
		argv[argc++] = (char *)(from->input ? from->input : from->device);
	}
	if (from->sysroot) {
		argv[argc++] = (char *)"--sysroot";
		argv[argc++] = (char *)from->sysroot;
	}
	argv[argc++] = own->command == &cmd_record ? (char *)"-" : pid;
	if (own->command == &cmd_status)
		argc--;
	argv[argc] = NULL;
	optind = 0;
	argc = own->command->run(argc, argv);
	if (fflush(stdout))
		return errno;
	return argc ? WORKER_STATUS + argc : 0;
}

/* Why a file is not complete; allocated, NULL if it is. */
static char *flaw(const struct product *p)
{
	if (p->late)
		return xasprintf("no answer in time; --timeout allows more");
	if (p->err == WORKER_STATUS + STATUS_NO_MODULE)
		return xasprintf("the module is not loaded, or may not be read");
	if (p->err == WORKER_STATUS + STATUS_FAILURE)
		return xasprintf("not known, or not readable");
	if (p->err >= WORKER_STATUS && p->err != WORKER_STATUS + STATUS_BLIND)
		return xasprintf("status %d", p->err - WORKER_STATUS);
	if (p->err == ESRCH)
		return xasprintf("the process has ended");
	if (p->err && p->err < WORKER_STATUS)
		return xasprintf("%s", strerror(p->err));
	if (p->whole > p->size || !p->all)
		return xasprintf("larger than --max-size allows: cut after %llu bytes",
				 (unsigned long long)p->size);
	return NULL;
}

/* Which kernel has it depends on its version and configuration. */
static bool may_miss(const struct trace *t, const struct product *p)
{
	return t && t->optional && !p->size &&
	       (p->err == ENOENT || p->err == EINVAL || p->err == EOPNOTSUPP);
}

static void put(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, text ? json_object_new_string(text) : NULL);
}

/* Put what a worker made into the archive and the manifest; false if the archive failed. */
static bool add(struct work *w, const char *name, const struct trace *t)
{
	const struct product *p = &w->product;
	json_object *member = json_object_new_object();
	char *why = flaw(p), *path = xasprintf("%s/%s", w->folder, name);
	bool kept = p->size || !why, good = true;

	put(member, "name", name);
	json_object_object_add(member, "size", kept ? json_object_new_int64(p->size) : NULL);
	put(member, "sha256", kept ? p->sha256 : NULL);
	if (p->whole > p->size && p->all)
		put(member, "sha256_of_all", p->whole_sha256);
	json_object_object_add(member, "complete", json_object_new_boolean(!why));
	put(member, "why", why);
	json_object_array_add(w->members, member);
	if (kept)
		good = archive_add(&w->archive, path, p->fd, p->size, now_ns());
	w->files += kept;
	w->left -= p->size;
	if (why && !may_miss(t, p)) {
		w->missing++;
		if (!w->c->quiet)
			error("collect: %s: %s", name, why);
	}
	free(path);
	free(why);
	return good;
}

static bool take_trace(struct work *w, const struct trace *t)
{
	const struct trace_of of = { &w->suspect, t };
	uint64_t limit = w->left, reserve = w->left / 2 < RESERVE ? w->left / 2 : RESERVE;

	if (t->large)
		limit -= reserve;
	return worker_run(&w->product, t->make, &of, limit, t->large, w->c->timeout, w->end_ns) &&
	       add(w, t->name, t);
}

static bool take_own(struct work *w, const char *name, const struct own *own)
{
	return worker_run(&w->product, run_own, own, w->left, false, w->c->timeout, w->end_ns) &&
	       add(w, name, NULL);
}

/* All columns of list. */
static char *all_columns(void)
{
	char *all = NULL;

	for (size_t i = 0; i < row_columns_n; i++) {
		char *longer = xasprintf("%s%s%s", all ? all : "", all ? "," : "",
					 row_columns[i].name);

		free(all);
		all = longer;
	}
	return all;
}

static bool take_all(struct work *w)
{
	const char *pools = w->c->pools ? "--pools" : NULL;
	char *columns = all_columns();
	const struct own own[] = {
		{ w, &cmd_list, { "--json", "--all", "-o", columns, NULL } },
		{ w, &cmd_status, { "--json", NULL } },
		{ w, &cmd_explain, { "--json", pools, w->c->pools, NULL } },
		{ w, &cmd_record, { pools, w->c->pools, NULL } },
	};
	static const char *const names[] = {
		"list.json", "status.json", "explain.json", "recording.roundwatch",
	};
	bool good = true;

	for (unsigned int i = 0; good && i < traces_n; i++)
		good = take_trace(w, &traces[i]);
	for (size_t i = 0; good && i < ARRAY_SIZE(own); i++)
		good = take_own(w, names[i], &own[i]);
	free(columns);
	return good;
}

static bool write_manifest(struct work *w, int64_t began_ns, bool alive)
{
	const struct roundwatch_tally *t = w->suspect.tally;
	json_object *o = json_object_new_object();
	char iso[NUMBER_MAX], host[256] = "", *comm = xstrndup(t->comm, sizeof(t->comm));
	char *path = xasprintf("%s/manifest.json", w->folder), *text;
	FILE *f = open_memstream(&text, &(size_t){ 0 });
	bool good;

	gethostname(host, sizeof(host) - 1);
	put(o, "collected_by", "roundwatch " VERSION);
	put(o, "host", w->suspect.host->live ? host : NULL);
	put(o, "began", format_iso(iso, began_ns, 0));
	put(o, "ended", format_iso(iso, now_ns(), 0));
	json_object_object_add(o, "pid", json_object_new_int64(t->tgid));
	json_object_object_add(o, "start_ns", json_object_new_int64(t->process_start_ns));
	put(o, "command", comm);
	json_object_object_add(o, "alive_at_end", json_object_new_boolean(alive));
	json_object_object_add(o, "max_size", json_object_new_int64(w->c->max_size));
	json_object_object_add(o, "environment_values", json_object_new_boolean(w->c->values));
	json_object_object_add(o, "complete", json_object_new_boolean(!w->missing && alive));
	json_object_object_add(o, "files", json_object_get(w->members));
	good = f;
	if (f) {
		put_json(f, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
		fclose(f);
		good = !ftruncate(w->product.fd, 0) &&
		       pwrite(w->product.fd, text, strlen(text), 0) == (ssize_t)strlen(text) &&
		       archive_add(&w->archive, path, w->product.fd, strlen(text), now_ns());
		free(text);
	}
	json_object_put(o);
	free(path);
	free(comm);
	return good;
}

static bool is_alive(const struct suspect *s)
{
	int process = process_open(s->host, s->tally->tgid, s->tally->process_start_ns);

	if (process >= 0)
		close(process);
	return process >= 0;
}

static enum status write_all(struct work *w)
{
	int64_t began_ns = now_ns();
	bool alive;

	if (!take_all(w)) {
		if (signals_came())
			error("collect: interrupted; nothing is kept");
		return STATUS_FAILURE;
	}
	alive = is_alive(&w->suspect);
	if (!alive) {
		w->missing++;
		error("collect: process %u ended meanwhile", w->suspect.tally->tgid);
	}
	if (!write_manifest(w, began_ns, alive) || !archive_finish(&w->archive))
		return STATUS_FAILURE;
	if (!w->c->quiet && strcmp(w->c->path, "-"))
		printf("%s: %zu files of process %u%s, sha256 %s\n", w->c->path, w->files + 1,
		       w->suspect.tally->tgid, w->missing ? ", not all complete" : "",
		       w->archive.sha256);
	return w->missing ? STATUS_BLIND : STATUS_OK;
}

enum status collect(const struct collect *c, const struct host *host,
		    const struct roundwatch_tally *t)
{
	struct work w = {
		.c = c, .left = c->max_size, .end_ns = deadline(c->seconds),
		.suspect = {
			.host = host, .tally = t, .values = c->values,
			.process = process_open(host, t->tgid, t->process_start_ns),
		},
	};
	enum status status = STATUS_FAILURE;

	if (w.suspect.process < 0) {
		error("collect: process %u is gone, or cannot be read", t->tgid);
		return STATUS_FAILURE;
	}
	w.suspect.task = process_task(w.suspect.process, NULL);
	/* All threads have ended: what is left is in the process itself. */
	if (w.suspect.task < 0)
		w.suspect.task = dup(w.suspect.process);
	w.members = json_object_new_array();
	w.folder = xasprintf("roundwatch-%u", t->tgid);
	if (archive_begin(&w.archive, c->path)) {
		w.product.fd = archive_scratch(&w.archive);
		if (w.product.fd >= 0)
			status = write_all(&w);
		else
			error("collect: no room for what is collected: %s", strerror(errno));
		if (w.product.fd >= 0)
			close(w.product.fd);
	}
	archive_close(&w.archive);
	json_object_put(w.members);
	free(w.folder);
	close(w.suspect.task);
	close(w.suspect.process);
	return status;
}

static char *default_path(uint32_t pid)
{
	char host[256] = "host", date[32];
	time_t now = time(NULL);
	struct tm tm;

	gethostname(host, sizeof(host) - 1);
	for (char *c = host; *c; c++)
		if (*c == '/')
			*c = '_';
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &tm);
	return xasprintf("roundwatch-%s-%u-%s.tar.gz", host, pid, date);
}

static enum status collect_pid(struct collect *c, uint32_t pid)
{
	struct roundwatch_tally t;
	enum status status;
	struct host host;
	char *path = c->path ? NULL : default_path(pid);

	if (path)
		c->path = path;
	status = host_open(&host, c->from.sysroot, true);
	if (!status && process_find(&host, pid, &t)) {
		signals_catch();
		status = collect(c, &host, &t);
	} else if (!status) {
		error("collect: there is no process %u, or it cannot be read", pid);
		status = STATUS_FAILURE;
	}
	host_close(&host);
	free(path);
	return status;
}

static enum status run(int argc, char **argv)
{
	enum { OPT_ENVIRON = OPT_OWN, OPT_MAX_SIZE, OPT_TIMEOUT, OPT_POOLS };
	static const struct option options[] = {
		{ "output",	required_argument,	NULL, 'o' },
		{ "environ",	no_argument,		NULL, OPT_ENVIRON },
		{ "max-size",	required_argument,	NULL, OPT_MAX_SIZE },
		{ "timeout",	required_argument,	NULL, OPT_TIMEOUT },
		{ "pools",	required_argument,	NULL, OPT_POOLS },
		COMMON_LONG,
		{ 0 }
	};
	struct collect c = {
		.max_size = COLLECT_SIZE, .seconds = COLLECT_SECONDS, .timeout = COLLECT_TIMEOUT,
	};
	enum status status;
	uint64_t pid, number;
	int opt;

	while ((opt = getopt_long(argc, argv, ":o:" COMMON_SHORT, options, NULL)) != -1) {
		switch (opt) {
		case 'o':
			c.path = optarg;
			break;
		case OPT_ENVIRON:
			c.values = true;
			break;
		case OPT_MAX_SIZE:
			if (!option_size(&cmd_collect, "max-size", &c.max_size))
				return STATUS_USAGE;
			break;
		case OPT_TIMEOUT:
			if (!option_number(&cmd_collect, "timeout", &number))
				return STATUS_USAGE;
			c.timeout = number;
			break;
		case OPT_POOLS:
			c.pools = optarg;
			break;
		default:
			if (!common_option(&cmd_collect, opt, argv, options, &c.from, &status))
				return status;
		}
	}
	if (!argv[optind]) {
		error("collect: no PID; \"roundwatch\" lists those that are accused");
		return STATUS_USAGE;
	}
	if (!parse_number(argv[optind], INT32_MAX, &pid) || !pid) {
		error("collect: '%s' is not a PID", argv[optind]);
		return STATUS_USAGE;
	}
	if (argv[optind + 1])
		return extra_argument(&cmd_collect, argv[optind + 1]);
	if (c.from.input && (!c.from.sysroot || !strcmp(c.from.input, "-"))) {
		error("collect: the process is needed itself; a recording (a file) only goes with "
		      "--sysroot, a copy of its host");
		return STATUS_USAGE;
	}
	if (c.path && !strcmp(c.path, "-") && isatty(STDOUT_FILENO)) {
		error("collect: -o - is a terminal; redirect it");
		return STATUS_USAGE;
	}
	return collect_pid(&c, pid);
}

const struct command cmd_collect = {
	.name = "collect",
	.summary = "the evidence about a process as a tar.gz, before it is stopped",
	.help = help,
	.run = run,
};
