// SPDX-License-Identifier: GPL-2.0
/* Reports about a process or the module, in Elastic Common Schema and in words. */
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/util.h"
#include "output/event.h"
#include "response/allow.h"

#define ECS_VERSION "8.11.0"

/* Put @value at "a.b.c", creating nested objects; a NULL value is omitted. */
static void put(json_object *root, const char *path, json_object *value)
{
	const char *dot;

	if (!value)
		return;
	while ((dot = strchr(path, '.'))) {
		char name[32];
		json_object *next;

		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(root, name, &next)) {
			next = json_object_new_object();
			json_object_object_add(root, name, next);
		}
		root = next;
		path = dot + 1;
	}
	json_object_object_add(root, path, value);
}

static void put_text(json_object *root, const char *path, const char *text)
{
	if (text)
		put(root, path, json_object_new_string(text));
}

static void put_number(json_object *root, const char *path, uint64_t number)
{
	put(root, path, json_object_new_int64(number < INT64_MAX ? number : INT64_MAX));
}

static void put_bool(json_object *root, const char *path, bool is)
{
	put(root, path, json_object_new_boolean(is));
}

/* An array with one element, for fields of the schema that may have several. */
static void put_array(json_object *root, const char *path, const char *text)
{
	json_object *array = json_object_new_array();

	json_object_array_add(array, json_object_new_string(text));
	put(root, path, array);
}

/* Use the present offset of the calendar time: the clock may have been set meanwhile. */
static int64_t realtime_offset(const struct follow *f)
{
	struct timespec real;

	if (!f->source.live)
		return f->info.realtime_offset_ns;
	clock_gettime(CLOCK_REALTIME, &real);
	return real.tv_sec * (int64_t)NSEC + real.tv_nsec - (int64_t)host_boottime(f->host);
}

static uint64_t boottime(const struct follow *f)
{
	if (!f->source.live)
		return f->heard_ns ? f->heard_ns : f->info.header.time_ns;
	return host_boottime(f->host);
}

static void put_time(json_object *root, const char *path, uint64_t ns, int64_t offset)
{
	if (ns) {
		char text[NUMBER_MAX];

		put_text(root, path, format_iso(text, ns, offset));
	}
}

/* First line of a file of the host; empty if the file is missing. */
static void read_line(const struct host *host, const char *path, char *line, size_t size)
{
	if (host->root < 0 || read_at(host->root, path, line, size) < 0)
		*line = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/*
 * What tells PIDs and times of this boot from those of others; without /proc/sys at least those
 * of this host from those of others.
 */
static void read_origin(const struct host *host, char *line, size_t size)
{
	read_line(host, "proc/sys/kernel/random/boot_id", line, size);
	if (!*line && host->live)
		read_line(host, "etc/machine-id", line, size);
	if (!*line)
		snprintf(line, size, "%s", host->live ? "unknown" : "recording");
}

/* Another for each event; the same when a recording is read again. */
static void put_id(json_object *root, const struct follow *f, uint64_t time_ns)
{
	static unsigned int sequence;
	char origin[64], *id;

	read_origin(f->host, origin, sizeof(origin));
	id = xasprintf("%s-%llx-%u", origin, (unsigned long long)time_ns, ++sequence);
	put_text(root, "event.id", id);
	free(id);
}

static void put_host(json_object *root, const struct host *host)
{
	char line[HOST_NAME_MAX + 1] = "";
	struct utsname name;

	if (host->live && !gethostname(line, sizeof(line) - 1)) {
		put_text(root, "host.name", line);
		put_text(root, "host.hostname", line);
	}
	if (host->live && !uname(&name)) {
		put_text(root, "host.architecture", name.machine);
		put_text(root, "host.os.kernel", name.release);
	}
	read_line(host, "etc/machine-id", line, sizeof(line));
	if (*line)
		put_text(root, "host.id", line);
	read_line(host, "proc/sys/kernel/random/boot_id", line, sizeof(line));
	if (*line)
		put_text(root, "host.boot.id", line);
	put_text(root, "host.os.type", "linux");
}

static json_object *begin(struct event *e, const struct follow *f, uint64_t time_ns)
{
	int64_t offset = realtime_offset(f);
	json_object *root = json_object_new_object();
	char *version = xstrndup(f->info.version, sizeof(f->info.version));

	*e = (struct event){ .fields = root, .time_ns = (int64_t)time_ns + offset };
	put_time(root, "@timestamp", time_ns, offset);
	put_text(root, "ecs.version", ECS_VERSION);
	put_text(root, "agent.type", "roundwatch");
	put_text(root, "agent.version", VERSION);
	put_text(root, "event.module", "roundwatch");
	put_text(root, "event.dataset", "roundwatch.monitor");
	put_id(root, f, time_ns);
	put_host(root, f->host);
	if (*version)
		put_text(root, "roundwatch.module.version", version);
	free(version);
	return root;
}

static void classify(struct event *e, const char *kind, const char *category, const char *type,
		     const char *action, int severity)
{
	put_text(e->fields, "event.kind", kind);
	put_array(e->fields, "event.category", category);
	put_array(e->fields, "event.type", type);
	put_text(e->fields, "event.action", action);
	put_number(e->fields, "event.severity", severity);
	e->severity = severity;
}

static void put_rule(json_object *root)
{
	put_text(root, "rule.name", "RandomX by its changes of the rounding mode");
	put_text(root, "rule.category", "cryptomining");
	put_text(root, "rule.ruleset", "roundwatch");
	put_text(root, "threat.framework", "MITRE ATT&CK");
	put_array(root, "threat.tactic.id", "TA0040");
	put_array(root, "threat.tactic.name", "Impact");
	put_array(root, "threat.technique.id", "T1496");
	put_array(root, "threat.technique.name", "Resource Hijacking");
}

/* The same in all events of one process, and different for a later process with the same PID. */
char *event_entity(const struct follow *f, const struct accused *a)
{
	char origin[64];

	read_origin(f->host, origin, sizeof(origin));
	return xasprintf("%s-%u-%llu", origin, a->tgid, (unsigned long long)a->start_ns);
}

static void put_entity(json_object *root, const struct follow *f, const struct accused *a)
{
	char *entity = event_entity(f, a);

	put_text(root, "process.entity_id", entity);
	free(entity);
}

/* What has no end after 64 KiB was cut off. */
static void put_args(json_object *root, const struct identity *id)
{
	const char *arg = id->args, *end = arg + id->args_size;
	json_object *array;

	if (!id->cmdline)
		return;
	array = json_object_new_array();
	for (; arg < end; arg += strnlen(arg, end - arg) + 1)
		json_object_array_add(array,
				      json_object_new_string_len(arg, strnlen(arg, end - arg)));
	put(root, "process.args", array);
}

static char *name_of(const struct accused *a)
{
	return a->id.comm ? xasprintf("%s", a->id.comm) :
			    xstrndup(a->subject.tally.comm, sizeof(a->subject.tally.comm));
}

static void put_process(json_object *root, const struct follow *f, const struct accused *a)
{
	const struct identity *id = &a->id;
	char *name = name_of(a), number[16];

	put_number(root, "process.pid", a->tgid);
	put_entity(root, f, a);
	put_text(root, "process.name", name);
	put_text(root, "process.executable", id->exe);
	put_args(root, id);
	put_text(root, "process.command_line", id->cmdline);
	put_time(root, "process.start", a->start_ns, realtime_offset(f));
	if (id->ppid)
		put_number(root, "process.parent.pid", id->ppid);
	put_text(root, "process.parent.name", id->parent);
	snprintf(number, sizeof(number), "%u", a->subject.tally.uid);
	put_text(root, "user.id", number);
	if (id->user && strcmp(id->user, number))
		put_text(root, "user.name", id->user);
	put_text(root, "container.id", id->container);
	put_text(root, "container.runtime", id->runtime);
	put_text(root, "container.name", id->container_name);
	put_text(root, "container.image.name", id->image);
	if (id->pod) {
		put_text(root, "orchestrator.type", "kubernetes");
		put_text(root, "orchestrator.namespace", id->pod_namespace);
		put_text(root, "orchestrator.resource.type", "pod");
		put_text(root, "orchestrator.resource.name", id->pod);
		put_text(root, "orchestrator.resource.id", id->pod_uid);
	}
	free(name);
}

static json_object *flags(const struct accused *a)
{
	json_object *array = json_object_new_array();
	const struct {
		bool is;
		const char *name;
	} odd[] = {
		{ a->id.deleted, "deleted" }, { a->id.memfd, "memfd" }, { a->id.hidden, "hidden" },
		{ a->id.covered, "covered" }, { a->id.renamed, "renamed" },
	};

	for (unsigned int i = 0; i < FLAGS; i++) {
		const char *name = flag_name(a->subject.tally.flags, i);

		if (name)
			json_object_array_add(array, json_object_new_string(name));
	}
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		if (odd[i].is)
			json_object_array_add(array, json_object_new_string(odd[i].name));
	return array;
}

/* Values for which the schema has no field. */
static void put_own(json_object *root, const struct follow *f, const struct accused *a,
		    uint8_t previous, const char *doubt)
{
	const struct roundwatch_tally *t = &a->subject.tally;
	static const char *const count[ROUNDWATCH_MODES] = {
		"roundwatch.count.rn", "roundwatch.count.rd", "roundwatch.count.ru",
		"roundwatch.count.rz",
	};

	put_text(root, "roundwatch.verdict", verdict_name(a->verdict));
	if (previous != ROUNDWATCH_CLEAR)
		put_text(root, "roundwatch.previous", verdict_name(previous));
	put_text(root, "roundwatch.highest", verdict_name(t->highest));
	put_number(root, "roundwatch.evidence", t->evidence);
	put_number(root, "roundwatch.threshold", f->info.randomx_evidence);
	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		put_number(root, count[i], t->count[i]);
	put_number(root, "roundwatch.changes", t->changes);
	put_number(root, "roundwatch.samples", t->samples);
	put_number(root, "roundwatch.threads", a->subject.threads);
	put_time(root, "roundwatch.since", t->verdict_ns, realtime_offset(f));
	put(root, "roundwatch.flags", flags(a));
	put_text(root, "roundwatch.unit", a->id.unit);
	put_text(root, "roundwatch.cgroup", a->id.cgroup);
	put_text(root, "roundwatch.unseen", a->id.unseen);
	put_text(root, "roundwatch.vm", a->id.vm);
	put_bool(root, "roundwatch.allowed", a->allowed);
	put_text(root, "roundwatch.allowed_by", a->allowed);
	put_text(root, "roundwatch.not_looked_up", doubt);
}

static char *describe(const struct accused *a, enum change change, uint8_t previous,
		      const char *why)
{
	char *name = name_of(a), *who = identity_describe(&a->id), *what, *text;
	char *doubt = doubt_text(why);

	switch (change) {
	case CHANGE_PRESENT:
		what = xasprintf("is %s", verdict_name(a->verdict));
		break;
	case CHANGE_ENDED:
		what = xasprintf("ended, was %s", verdict_name(previous));
		break;
	default:
		what = previous == ROUNDWATCH_CLEAR ?
			xasprintf("became %s", verdict_name(a->verdict)) :
			xasprintf("became %s, was %s", verdict_name(a->verdict),
				  verdict_name(previous));
	}
	text = xasprintf("%s[%u] %s (evidence %u; %s)%s%s%s%s", name, a->tgid, what,
			 a->subject.tally.evidence, who,
			 a->allowed ? "; allowed by " : "", a->allowed ? a->allowed : "",
			 doubt ? "; " : "", doubt ? doubt : "");
	free(doubt);
	free(what);
	free(who);
	free(name);
	return text;
}

void event_of_process(struct event *e, const struct follow *f, const struct accused *a,
		      enum change change, uint8_t previous, const char *doubt)
{
	static const char *const action[] = {
		[CHANGE_PRESENT] = "verdict-present",
		[CHANGE_ROSE] = "verdict-rose",
		[CHANGE_FELL] = "verdict-fell",
		[CHANGE_ENDED] = "verdict-ended",
	};
	bool accuses = change == CHANGE_PRESENT || change == CHANGE_ROSE;
	json_object *root = begin(e, f, boottime(f));

	if (accuses && !a->allowed)
		classify(e, "alert", "malware", "info", action[change],
			 a->verdict == ROUNDWATCH_SUSPECT ? SEVERITY_WARNING : SEVERITY_ALERT);
	else
		classify(e, "event", "process", change == CHANGE_ENDED ? "end" : "change",
			 action[change], SEVERITY_INFO);
	put_rule(root);
	put_process(root, f, a);
	put_own(root, f, a, previous, doubt);
	e->message = describe(a, change, previous, doubt);
	e->explain = accuses && !a->allowed ? a->tgid : 0;
}

/* Add to the sentence. */
static void __attribute__((format(printf, 2, 3))) add(struct event *e, const char *format, ...)
{
	char *more = NULL, *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&more, format, ap) < 0)
		more = NULL;
	va_end(ap);
	text = xasprintf("%s; %s", e->message, more ? more : "");
	free(more);
	free(e->message);
	e->message = text;
}

void event_conclude(struct event *e, const struct response *response)
{
	const char *missing = response->not_collected;

	if (response->archive) {
		e->archive = xasprintf("%s", response->archive);
		add(e, "collected in %s%s%s", e->archive, missing ? ", not complete: " : "",
		    missing ? missing : "");
	} else if (missing) {
		add(e, "not collected: %s", missing);
	}
	put_text(e->fields, "roundwatch.archive", e->archive);
	put_text(e->fields, "roundwatch.not_collected", missing);
	if (response->action) {
		add(e, "%s%s%s", response->action, response->refusal ? " refused: " : " done",
		    response->refusal ? response->refusal : "");
		put_text(e->fields, "roundwatch.response.action", response->action);
		put_text(e->fields, "roundwatch.response.outcome",
			 response->refusal ? "refused" : "done");
		put_text(e->fields, "roundwatch.response.reason", response->refusal);
	}
	if (e->explain)
		add(e, "see roundwatch explain %u", e->explain);
	put_text(e->fields, "message", e->message);
}

void event_of_module(struct event *e, const struct follow *f, const char *action, int severity,
		     const char *format, ...)
{
	json_object *root = begin(e, f, boottime(f));
	va_list ap;

	/* What is worth waking somebody for is an alert, whatever it is about. */
	classify(e, severity >= SEVERITY_ALERT ? "alert" : "event", "host", "change", action,
		 severity);
	va_start(ap, format);
	if (vasprintf(&e->message, format, ap) < 0)
		e->message = NULL;
	va_end(ap);
	put_text(root, "message", e->message);
}

void event_add_held(struct event *e, unsigned int n)
{
	if (!n)
		return;
	put_number(e->fields, "roundwatch.held_back", n);
	add(e, "%u earlier change%s of its verdict %s not reported", n, n == 1 ? "" : "s",
	    n == 1 ? "was" : "were");
	put_text(e->fields, "message", e->message);
}

void event_free(struct event *e)
{
	json_object_put(e->fields);
	free(e->message);
	free(e->archive);
	memset(e, 0, sizeof(*e));
}
