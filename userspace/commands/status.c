// SPDX-License-Identifier: GPL-2.0
/* roundwatch status: the state of the module */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "base/util.h"
#include "command.h"
#include "host/kernel.h"
#include "output/table.h"
#include "records/snapshot.h"
#include "records/subject.h"

/* How long to wait for an observation. Each wait causes one, of this program. */
#define ALIVE_TURNS	10
#define ALIVE_TURN_NS	(20 * 1000000L)

/**
 * struct alive - whether the module makes observations now
 * @known: NO if the source is not a module in this kernel
 * @observations: number of observations during the wait
 * @ns: length of the wait
 */
struct alive {
	bool known;
	uint64_t observations;
	uint64_t ns;
};

static void help(void)
{
	fputs("Usage: roundwatch status [options]\n"
	      "\n"
	      "Show the module's version, counters and thresholds, whether it can see, and what\n"
	      "to do if it is not loaded.\n"
	      "\n"
	      " -J, --json            print JSON\n"
	      COMMON_HELP, stdout);
}

/* Count processes by verdict. An unknown verdict counts as the worst. */
static void count_verdicts(const struct snapshot *snap, size_t count[ROUNDWATCH_RANDOMX + 1])
{
	struct subjects s;

	for (int i = 0; i <= ROUNDWATCH_RANDOMX; i++)
		count[i] = 0;
	subjects_by_process(snap, &s);
	for (size_t i = 0; i < s.n; i++) {
		uint8_t verdict = s.subject[i].tally.verdict;

		count[verdict > ROUNDWATCH_RANDOMX ? ROUNDWATCH_RANDOMX : verdict]++;
	}
	subjects_free(&s);
}

static char *version(const struct roundwatch_info *info)
{
	return xstrndup(info->version, sizeof(info->version));
}

/*
 * This program leaves its CPU when it waits, which is an observation. If there is none,
 * the module does not work, even on an idle host.
 */
static struct alive watch(const struct source_options *from)
{
	const struct timespec turn = { .tv_nsec = ALIVE_TURN_NS };
	static struct source source;
	struct roundwatch_info before, now;
	struct alive alive = { 0 };

	if (from->input || source_open(&source, from))
		return alive;
	alive.known = source_counters(&source, &before);
	for (int i = 0; i < ALIVE_TURNS && alive.known && !alive.observations; i++) {
		nanosleep(&turn, NULL);
		alive.known = source_counters(&source, &now);
		alive.observations = now.observations - before.observations;
		alive.ns = now.header.time_ns - before.header.time_ns;
	}
	source_close(&source);
	return alive;
}

static bool is_dead(const struct alive *alive)
{
	return alive->known && !alive->observations;
}

static const char *on_or_off(enum answer a)
{
	return a == YES ? "on" : a == NO ? "off" : "not known";
}

/* A copy of a host's files may contain any bytes. */
static void print_line(const char *name, const char *text)
{
	char *safe = text_for_terminal(text);

	printf("%-14s %s\n", name, safe);
	free(safe);
}

static void print_kernel(const struct kernel *k)
{
	if (!k->release)
		return;
	print_line("Kernel:", k->release);
	print_line("Secure Boot:", k->efi ? on_or_off(k->secure_boot) : "none, no EFI");
	print_line("Lockdown:", k->lockdown ? k->lockdown : "not known");
	print_line("Signatures:", k->enforced == YES ? "enforced for modules" :
		   k->enforced == NO ? "not enforced" : "not known");
}

static void print_log(const struct kernel *k)
{
	if (k->log_error)
		printf("Kernel log:    not readable: %s\n", strerror(k->log_error));
	else
		print_line("Kernel log:", k->logs ? k->log[0] : "nothing about it");
	for (size_t i = 1; i < k->logs; i++)
		print_line("", k->log[i]);
}

static void print_text(const struct snapshot *snap, const struct kernel *k,
		       const struct alive *alive)
{
	const struct roundwatch_info *info = &snap->info;
	size_t count[ROUNDWATCH_RANDOMX + 1];
	char iso[NUMBER_MAX], age[NUMBER_MAX];
	char *raw = version(info), *safe = text_for_terminal(raw);

	count_verdicts(snap, count);
	printf("Module:        roundwatch %s, ABI %u\n", safe, info->header.abi);
	printf("State:         %s\n", snapshot_is_blind(snap) || is_dead(alive) ? "BLIND" : "watching");
	if (alive->known)
		printf("Alive:         %" PRIu64 " observations in %" PRIu64 " ms\n",
		       alive->observations, alive->ns / 1000000);
	format_iso(iso, info->loaded_ns, info->realtime_offset_ns);
	printf("Loaded:        %s ago, %.10s %.8s\n",
	       format_duration(age, snapshot_uptime(snap)), iso, iso + 11);
	printf("Observations:  %llu\n", info->observations);
	printf("Looks:         %llu observations, of tasks that were not switched out\n",
	       info->looks);
	printf("Processes:     %zu randomx, %zu suspect, %zu rounding, %zu clear\n",
	       count[ROUNDWATCH_RANDOMX], count[ROUNDWATCH_SUSPECT],
	       count[ROUNDWATCH_ROUNDING], count[ROUNDWATCH_CLEAR]);
	printf("Tallies:       %llu live, %llu exited, room for %u\n",
	       info->live, info->exited, info->max_tasks);
	printf("Claimed:       %llu tallies\n", info->claimed);
	printf("Evicted:       %llu tallies\n", info->evicted);
	printf("Dropped:       %llu observations\n", info->dropped);
	printf("Contended:     %llu observations\n", info->contended);
	printf("Lost:          %llu records, by readers that were too slow\n", info->lost);
	printf("Thresholds:    suspect from %u, randomx from %u\n",
	       info->suspect_evidence, info->randomx_evidence);
	printf("Rule:          decay %u/s, gap %u us\n", info->decay, info->gap_us);
	if (info->floor_hz)
		printf("Floor:         %u observations/s of a busy CPU\n", info->floor_hz);
	else
		printf("Floor:         off\n");
	print_kernel(k);
	if (snapshot_is_blind(snap) && snap->live)
		print_log(k);
	free(safe);
	free(raw);
}

static void add_text(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, text ? json_object_new_string(text) : NULL);
}

static void add_answer(json_object *to, const char *name, enum answer a)
{
	json_object_object_add(to, name, a ? json_object_new_boolean(a == YES) : NULL);
}

static void add_kernel(json_object *to, const struct kernel *k)
{
	add_text(to, "kernel", k->release);
	add_answer(to, "secure_boot", k->release && !k->efi ? NO : k->secure_boot);
	add_text(to, "lockdown", k->lockdown);
	add_answer(to, "signatures_enforced", k->enforced);
}

static json_object *lines(char *text)
{
	json_object *array = json_object_new_array();
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		json_object_array_add(array, json_object_new_string(line));
	return array;
}

static void print_absent_json(const struct kernel *k)
{
	json_object *root = json_object_new_object(), *status = json_object_new_object();
	json_object *log = json_object_new_array(), *dkms = NULL;
	char *next = kernel_next(k);

	json_object_object_add(status, "present", json_object_new_boolean(k->loaded));
	json_object_object_add(status, "loaded", NULL);
	add_kernel(status, k);
	add_text(status, "file", k->file);
	add_answer(status, "signed", k->is_signed);
	json_object_object_add(status, "depmod", json_object_new_boolean(k->depmod));
	json_object_object_add(status, "headers", json_object_new_boolean(k->headers));
	if (k->dkms_version) {
		dkms = json_object_new_object();
		add_text(dkms, "version", k->dkms_version);
		add_text(dkms, "state", k->dkms_state);
	}
	json_object_object_add(status, "dkms", dkms);
	add_text(status, "blocked", k->blocked ? k->blocked : k->listed);
	for (size_t i = 0; i < k->logs; i++)
		json_object_array_add(log, json_object_new_string(k->log[i]));
	json_object_object_add(status, "log", log);
	json_object_object_add(status, "next", lines(next));
	json_object_object_add(root, "status", status);
	json_put(root);
	free(next);
}

static void print_absent(const struct kernel *k)
{
	static const char *const is_signed[] = { "", ", not signed", ", signed" };
	const char *file = k->file ? k->file : k->depmod ? "yes" : "not for this kernel";
	char *next = kernel_next(k), *text, *rest;

	print_line("Module:", k->loaded ? "loaded, but not readable" : "not loaded");
	print_kernel(k);
	if (k->release) {
		text = xasprintf("%s%s", file, is_signed[k->is_signed]);
		print_line("Installed:", text);
		free(text);
		text = k->dkms_version ? xasprintf("%s, %s", k->dkms_version, k->dkms_state) : NULL;
		print_line("DKMS:", text ? text : "does not have it");
		free(text);
		print_line("Headers:", k->headers ? "there" : "not for this kernel");
	}
	if (k->blocked || k->listed)
		print_line("Blocked:", k->blocked ? k->blocked : k->listed);
	print_log(k);
	text = strtok_r(next, "\n", &rest);
	for (const char *name = "Next:"; text; name = "", text = strtok_r(NULL, "\n", &rest))
		print_line(name, text);
	free(next);
}

static void print_json(const struct snapshot *snap, const struct kernel *k,
		       const struct alive *alive)
{
	const struct roundwatch_info *info = &snap->info;
	const struct table clock = { .realtime_offset_ns = info->realtime_offset_ns };
	json_object *root = json_object_new_object(), *status = json_object_new_object();
	json_object *processes = json_object_new_object();
	size_t count[ROUNDWATCH_RANDOMX + 1];
	struct value text = value_text(version(info));
	struct {
		const char *name;
		enum value_type type;
		uint64_t number;
	} member[] = {
		{ "abi", VALUE_NUMBER, info->header.abi },
		{ "time", VALUE_TIME, snap->now_ns },
		{ "loaded", VALUE_TIME, info->loaded_ns },
		{ "uptime", VALUE_DURATION, snapshot_uptime(snap) },
		{ "observations", VALUE_COUNT, info->observations },
		{ "looks", VALUE_COUNT, info->looks },
		{ "live", VALUE_COUNT, info->live },
		{ "exited", VALUE_COUNT, info->exited },
		{ "max_tasks", VALUE_COUNT, info->max_tasks },
		{ "claimed", VALUE_COUNT, info->claimed },
		{ "evicted", VALUE_COUNT, info->evicted },
		{ "dropped", VALUE_COUNT, info->dropped },
		{ "contended", VALUE_COUNT, info->contended },
		{ "lost", VALUE_COUNT, info->lost },
		{ "suspect_evidence", VALUE_NUMBER, info->suspect_evidence },
		{ "randomx_evidence", VALUE_NUMBER, info->randomx_evidence },
		{ "gap_us", VALUE_NUMBER, info->gap_us },
		{ "decay", VALUE_NUMBER, info->decay },
		{ "floor_hz", VALUE_NUMBER, info->floor_hz },
	};

	json_object_object_add(status, "version", value_to_json(&clock, &text));
	json_object_object_add(status, "present", json_object_new_boolean(true));
	json_object_object_add(status, "blind", json_object_new_boolean(snapshot_is_blind(snap) ||
									is_dead(alive)));
	add_answer(status, "alive", !alive->known ? NOT_KNOWN : is_dead(alive) ? NO : YES);
	for (size_t i = 0; i < ARRAY_SIZE(member); i++) {
		struct value v = value_number(member[i].type, member[i].number);

		json_object_object_add(status, member[i].name, value_to_json(&clock, &v));
	}
	count_verdicts(snap, count);
	for (int i = ROUNDWATCH_RANDOMX; i >= ROUNDWATCH_CLEAR; i--)
		json_object_object_add(processes, verdict_name(i),
				       json_object_new_int64(count[i]));
	json_object_object_add(status, "processes", processes);
	add_kernel(status, k);
	json_object_object_add(root, "status", status);
	json_put(root);
	free(text.text);
}

static enum status show_absent(const struct source_options *from, bool json)
{
	struct kernel kernel;
	struct host host;
	enum status status = host_open(&host, from->sysroot, true);

	if (status)
		return status;
	kernel_read(&host, &kernel);
	if (json)
		print_absent_json(&kernel);
	else
		print_absent(&kernel);
	kernel_free(&kernel);
	host_close(&host);
	return STATUS_NO_MODULE;
}

static enum status show_present(const struct source_options *from, const struct snapshot *snap,
				bool json)
{
	struct kernel kernel;
	struct alive alive;
	struct host host;
	enum status status = host_open(&host, from->sysroot, snap->live);

	if (status)
		return status;
	kernel_read(&host, &kernel);
	alive = watch(from);
	if (json)
		print_json(snap, &kernel, &alive);
	else
		print_text(snap, &kernel, &alive);
	kernel_free(&kernel);
	host_close(&host);
	status = snapshot_warn(snap);
	if (status != STATUS_BLIND && is_dead(&alive)) {
		error("WARNING: THE MODULE IS BLIND: not one observation in %" PRIu64 " ms, not "
		      "even of this program;\n"
		      "    rmmod roundwatch && modprobe roundwatch     makes it test itself again",
		      alive.ns / 1000000);
		return STATUS_BLIND;
	}
	return status;
}

static enum status show(const struct source_options *from, bool json)
{
	struct snapshot snap;
	enum status status = snapshot_read(from, &snap);

	if (status == STATUS_NO_MODULE)
		return show_absent(from, json);
	if (status)
		return status;
	status = show_present(from, &snap, json);
	snapshot_free(&snap);
	return status;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json",	no_argument,		NULL, 'J' },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	enum status status;
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, ":J" COMMON_SHORT, options, NULL)) != -1) {
		if (opt == 'J')
			json = true;
		else if (!common_option(&cmd_status, opt, argv, options, &from, &status))
			return status;
	}
	if (optind < argc)
		return extra_argument(&cmd_status, argv[optind]);

	return show(&from, json);
}

const struct command cmd_status = {
	.name = "status",
	.summary = "the module, whether it can see, and what to do if it is not there",
	.help = help,
	.run = run,
};
