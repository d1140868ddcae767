// SPDX-License-Identifier: GPL-2.0
/* roundwatch status: the module itself */
#include <getopt.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "reporter.h"
#include "snapshot.h"
#include "subject.h"
#include "table.h"
#include "util.h"

static void help(void)
{
	fputs("Usage: roundwatch status [options]\n"
	      "\n"
	      "Show the module's version, counters and thresholds, and whether it can see.\n"
	      "\n"
	      " -J, --json            print JSON\n"
	      COMMON_HELP, stdout);
}

/* Processes by verdict; one that this program does not know counts as the worst. */
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

static void print_text(const struct snapshot *snap)
{
	const struct roundwatch_info *info = &snap->info;
	size_t count[ROUNDWATCH_RANDOMX + 1];
	char iso[NUMBER_MAX], age[NUMBER_MAX];
	char *raw = version(info), *safe = text_for_terminal(raw);

	count_verdicts(snap, count);
	printf("Module:        roundwatch %s, ABI %u\n", safe, info->header.abi);
	printf("State:         %s\n", snapshot_is_blind(snap) ? "BLIND" : "watching");
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
	free(safe);
	free(raw);
}

static void print_json(const struct snapshot *snap)
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
	json_object_object_add(status, "blind", json_object_new_boolean(snapshot_is_blind(snap)));
	for (size_t i = 0; i < ARRAY_SIZE(member); i++) {
		struct value v = value_number(member[i].type, member[i].number);

		json_object_object_add(status, member[i].name, value_to_json(&clock, &v));
	}
	count_verdicts(snap, count);
	for (int i = ROUNDWATCH_RANDOMX; i >= ROUNDWATCH_CLEAR; i--)
		json_object_object_add(processes, verdict_name(i),
				       json_object_new_int64(count[i]));
	json_object_object_add(status, "processes", processes);
	json_object_object_add(root, "status", status);
	json_put(root);
	free(text.text);
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json",	no_argument,		NULL, 'J' },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	struct snapshot snap;
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

	status = snapshot_read(&from, &snap);
	if (status)
		return status;
	if (json)
		print_json(&snap);
	else
		print_text(&snap);
	status = snapshot_warn(&snap);
	snapshot_free(&snap);
	return status;
}

const struct command cmd_status = {
	.name = "status",
	.summary = "the module: version, counters, thresholds, whether it can see",
	.help = help,
	.run = run,
};
