// SPDX-License-Identifier: GPL-2.0
/* What roundwatch top shows of one row. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"
#include "base/util.h"
#include "output/top-explain.h"

/* More would be no explanation. */
#define TEXT_MAX	(256 * 1024)

bool top_explain_start(struct top_explain *e, const struct top_row *row,
		       const struct source_options *from)
{
	const struct roundwatch_tally *t = &row->subject.tally;
	char *argv[10] = { (char *)"roundwatch", (char *)"explain", (char *)"--verbose" };
	int n = 3, end[2], err;
	pid_t child;

	/* Standard input was read, and cannot be read again. */
	if (from->input && !strcmp(from->input, "-"))
		return false;
	if (from->input) {
		argv[n++] = (char *)"--input";
		argv[n++] = (char *)from->input;
	} else if (from->device) {
		argv[n++] = (char *)"--device";
		argv[n++] = (char *)from->device;
	}
	if (from->sysroot) {
		argv[n++] = (char *)"--sysroot";
		argv[n++] = (char *)from->sysroot;
	}
	if (pipe2(end, O_CLOEXEC))
		return false;
	/* Those before. Nothing waits for their end, as one may hang on a file system. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	argv[n] = xasprintf("%" PRIu32, t->pid ? t->pid : t->tgid);
	/* This program with other arguments. */
	err = spawn("/proc/self/exe", argv, -1, end[1], end[1], false, &child);
	free(argv[n]);
	close(end[1]);
	if (err) {
		close(end[0]);
		return false;
	}
	*e = (struct top_explain){
		.output = end[0], .pid = child, .text = xrealloc(NULL, TEXT_MAX, 1),
	};
	return true;
}

char *top_explain_read(struct top_explain *e)
{
	ssize_t n = read(e->output, e->text + e->have, TEXT_MAX - 1 - e->have);
	char *text;

	if (n < 0 && errno == EINTR)
		return NULL;
	if (n > 0) {
		e->have += n;
		if (e->have < TEXT_MAX - 1)
			return NULL;
	}
	text = e->have ? e->text : NULL;
	if (text) {
		text[e->have] = '\0';
		e->text = NULL;
	}
	top_explain_stop(e);
	return text;
}

void top_explain_stop(struct top_explain *e)
{
	if (e->output < 0)
		return;
	close(e->output);
	kill(e->pid, SIGKILL);
	free(e->text);
	*e = (struct top_explain){ .output = -1 };
}

/* Text from anybody, with a word before it; nothing if there is none. */
static void print_line(FILE *f, const char *name, const char *text)
{
	char *safe = text ? text_for_terminal(text) : NULL;

	if (safe)
		fprintf(f, "%-14s %s\n", name, safe);
	free(safe);
}

static void print_modes(FILE *f, const struct roundwatch_tally *t)
{
	double sum = 0;

	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		sum += t->count[i];
	fputs("\nObservations by mode:\n", f);
	for (int i = 0; i < ROUNDWATCH_MODES; i++) {
		double share = sum ? t->count[i] / sum : 0;

		fprintf(f, "  %s %12llu  %3.0f%%  ", mode_name(i), t->count[i], 100 * share);
		for (int n = 0; n < (int)(40 * share + 0.5); n++)
			fputc('#', f);
		fputc('\n', f);
	}
	fprintf(f, "  Changes %7llu, of %llu observations that counted\n", t->changes, t->samples);
}

static void print_oddities(FILE *f, const struct identity *id, const struct roundwatch_tally *t)
{
	char *odd = identity_oddities(id, t), *rest = odd, *one;

	if (odd)
		fputs("\nWhat is odd about it:\n", f);
	while ((one = strsep(&rest, "\n")))
		print_line(f, "  -", one);
	free(odd);
}

static void print_details(FILE *f, const struct top_model *m, struct top_row *row)
{
	const struct roundwatch_tally *t = &row->subject.tally;
	const struct identity *id = top_identify(m, row);
	char *who = identity_describe(id), *comm = xstrndup(t->comm, sizeof(t->comm));
	char since[NUMBER_MAX];

	print_line(f, "Name:", comm);
	fprintf(f, "%-14s %u\n", "PID:", t->tgid);
	if (t->pid)
		fprintf(f, "%-14s %u\n", "TID:", t->pid);
	else
		fprintf(f, "%-14s %zu on record\n", "Threads:", row->subject.threads);
	print_line(f, "Whose:", who);
	print_line(f, "Executable:", id->exe);
	print_line(f, "Command line:", id->cmdline);
	print_line(f, "Parent:", id->parent);
	format_iso(since, t->verdict_ns, m->info.realtime_offset_ns);
	fprintf(f, "\n%-14s %s, since %.10s %.8s; at worst %s\n", "Verdict:",
		verdict_name(t->verdict), since, since + 11, verdict_name(t->highest));
	fprintf(f, "%-14s %u; %u is randomx\n", "Evidence:", t->evidence,
		m->info.randomx_evidence);
	fprintf(f, "%-14s RD %u, RU %u, RZ %u, to and from RZ %u\n", "Its parts:", t->score[0],
		t->score[1], t->score[2], t->score[3]);
	for (unsigned int i = 0; i < FLAGS; i++)
		print_line(f, "Flag:", flag_name(t->flags, i));
	print_modes(f, t);
	print_oddities(f, id, t);
	free(comm);
	free(who);
}

char *top_details(const struct top_model *m, struct top_row *row)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	if (f) {
		print_details(f, m, row);
		fclose(f);
	}
	return text ? text : xasprintf("There is no memory to tell it.\n");
}
