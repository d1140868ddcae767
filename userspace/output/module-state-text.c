// SPDX-License-Identifier: GPL-2.0
/* Prints the output of roundwatch status as text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/module-state.h"
#include "output/page.h"
#include "records/subject.h"

bool state_is_dead(const struct module_state *s)
{
	return s->alive.known && !s->alive.observations;
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

static void print_lines(const char *name, const char *text)
{
	char *copy = xasprintf("%s", text), *rest;

	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		print_line(name, line);
		name = "";
	}
	free(copy);
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

/* The processes that keep the module loaded, one on each line. */
static void print_holders(const struct module_state *s)
{
	const struct holders *h = &s->holders;
	char *text;

	if (!s->has_host)
		return;
	if (h->error)
		text = xasprintf("not known: /proc: %s", strerror(h->error));
	else if (h->n)
		text = xasprintf("by %zu process%s; rmmod refuses until %s:", h->n,
				 h->n > 1 ? "es" : "", h->n > 1 ? "they end" : "it ends");
	else if (h->references > 0)
		text = xasprintf("yes (%ld); rmmod refuses, but no process that is seen here has "
				 "it open", h->references);
	else if (!h->references)
		text = xasprintf("no");
	else
		text = xasprintf("no process that is seen here has it open");
	print_line("In use:", text);
	free(text);
	for (size_t i = 0; i < h->n; i++) {
		const struct holder *one = &h->holder[i];
		char *stop = holder_stop(one);

		text = xasprintf("%u %s: %s", one->pid, one->comm ? one->comm : "?", stop);
		print_line("", text);
		free(text);
		free(stop);
	}
	/* Other users: tracing with enabled events, or processes that are not visible. */
	if (h->references > 0 && !h->n)
		print_line("", "events/roundwatch of the kernel's tracing may be switched on, as by perf");
	if (h->unseen && h->references) {
		text = xasprintf("open files of %zu process%s may not be read: run this as root",
				 h->unseen, h->unseen > 1 ? "es" : "");
		print_line("", text);
		free(text);
	}
}

static void print_doubts(const struct module_state *s)
{
	for (size_t i = 0; i < s->doubts; i++) {
		printf("%-15s", i ? "" : "In doubt:");
		wrap(15, s->doubt[i]);
	}
	if (s->census.doubtful > s->doubts)
		printf("%-15sand %zu more\n", "", s->census.doubtful - s->doubts);
}

static void print_present(const struct module_state *s)
{
	const struct snapshot *snap = s->snap;
	const struct kernel *k = &s->kernel;
	const struct alive *alive = &s->alive;
	const struct roundwatch_info *info = &snap->info;
	const size_t *count = s->census.count, *allowed = s->census.allowed;
	const char *arch = snapshot_architecture(snap);
	char iso[NUMBER_MAX], age[NUMBER_MAX];
	char *raw = xstrndup(info->version, sizeof(info->version)), *safe = text_for_terminal(raw);

	printf("Module:        roundwatch %s, ABI %u\n", safe, info->header.abi);
	printf("Architecture:  %s\n", arch ? arch : "unknown");
	printf("State:         %s\n", snapshot_is_blind(snap) || state_is_dead(s) ? "BLIND" : "watching");
	if (alive->known)
		printf("Alive:         %" PRIu64 " observations in %" PRIu64 " ms\n",
		       alive->observations, alive->ns / 1000000);
	format_iso(iso, info->loaded_ns, info->realtime_offset_ns);
	printf("Loaded:        %s ago, %.10s %.8s\n",
	       format_duration(age, snapshot_uptime(snap)), iso, iso + 11);
	print_holders(s);
	printf("Observations:  %llu\n", info->observations);
	printf("Looks:         %llu observations, of tasks that were not switched out\n",
	       info->looks);
	printf("Processes:     %zu randomx, %zu suspect, %zu rounding, %zu clear\n",
	       count[ROUNDWATCH_RANDOMX], count[ROUNDWATCH_SUSPECT],
	       count[ROUNDWATCH_ROUNDING], count[ROUNDWATCH_CLEAR]);
	if (allowed[ROUNDWATCH_RANDOMX] || allowed[ROUNDWATCH_SUSPECT])
		printf("Allowed:       %zu randomx, %zu suspect, not counted above\n",
		       allowed[ROUNDWATCH_RANDOMX], allowed[ROUNDWATCH_SUSPECT]);
	print_doubts(s);
	if (s->census.ended)
		printf("Ended:         %zu that were suspect or randomx\n", s->census.ended);
	printf("Reached:       %llu processes suspect or randomx since it was loaded, %llu of them randomx\n",
	       info->reached_suspect, info->reached_randomx);
	printf("Tallies:       %llu live, %llu exited, room for %u; %llu claimed, %llu evicted\n",
	       info->live, info->exited, info->max_tasks, info->claimed, info->evicted);
	printf("Dropped:       %llu observations\n", info->dropped);
	printf("Contended:     %llu observations\n", info->contended);
	printf("Lost:          %llu records, by readers that were too slow\n", info->lost);
	printf("Thresholds:    suspect from %u, randomx from %u\n",
	       info->suspect_evidence, info->randomx_evidence);
	printf("Rule:          decay %u/s, gap %u us\n", info->decay, info->gap_us);
	if (info->floor_hz)
		printf("Floor:         %u looks/s at a busy CPU\n", info->floor_hz);
	else
		printf("Floor:         off\n");
	print_kernel(k);
	if (k->unseen)
		print_lines("Not visible:", k->unseen);
	if (snapshot_is_blind(snap) && snap->live)
		print_log(k);
	free(safe);
	free(raw);
}

static void print_absent(const struct module_state *s)
{
	const struct kernel *k = &s->kernel;
	static const char *const is_signed[] = { "", ", not signed", ", signed" };
	const char *missing = k->searched ? "not for this kernel" : "not known";
	const char *file = k->file ? k->file : k->depmod ? "yes" : missing;
	char *next = kernel_next(k), *text;

	print_line("Module:", k->loaded == YES ? "loaded, but not readable" :
		   k->loaded == NO ? "not loaded" : "not readable");
	if (k->loaded == YES)
		print_holders(s);
	print_kernel(k);
	if (k->release) {
		text = xasprintf("%s%s", file, is_signed[k->is_signed]);
		print_line("Installed:", text);
		free(text);
		text = k->dkms_version ? xasprintf("%s, %s", k->dkms_version, k->dkms_state) : NULL;
		print_line("DKMS:", text ? text : "does not have it");
		free(text);
		print_line("Headers:", k->headers ? "there" : missing);
	}
	if (k->blocked || k->listed)
		print_line("Blocked:", k->blocked ? k->blocked : k->listed);
	if (k->unseen)
		print_lines("Not visible:", k->unseen);
	print_log(k);
	print_lines("Next:", next);
	free(next);
}

void state_print(const struct module_state *s)
{
	if (s->snap)
		print_present(s);
	else
		print_absent(s);
}
