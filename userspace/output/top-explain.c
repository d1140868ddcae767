// SPDX-License-Identifier: GPL-2.0
/* What roundwatch top shows of one row. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "output/top-explain.h"

extern char **environ;

/* More would be no explanation. */
#define TEXT_MAX	(256 * 1024)

/* This program with other arguments; both its outputs go to @output. */
static int spawn(char *const argv[], int output, const sigset_t *mask, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t all;
	int err;

	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, mask);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	err = posix_spawn(pid, "/proc/self/exe", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return err;
}

static char *read_all(int fd)
{
	char *text = xrealloc(NULL, TEXT_MAX, 1);
	size_t have = 0;

	while (have < TEXT_MAX - 1) {
		ssize_t n = read(fd, text + have, TEXT_MAX - 1 - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += n;
	}
	text[have] = '\0';
	return text;
}

/* Its standard output and its messages; NULL if it did not run, or said nothing. */
static char *run_explain(uint32_t pid, const struct source_options *from, const sigset_t *mask)
{
	char *argv[9] = { (char *)"roundwatch", (char *)"explain" }, *text = NULL;
	int n = 2, end[2];
	pid_t child;

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
		return NULL;
	argv[n] = xasprintf("%" PRIu32, pid);
	if (spawn(argv, end[1], mask, &child)) {
		close(end[1]);
	} else {
		close(end[1]);
		text = read_all(end[0]);
	}
	/* Who has more to say gets an error of writing. */
	close(end[0]);
	if (text)
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	free(argv[n]);
	if (text && *text)
		return text;
	free(text);
	return NULL;
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

static char *details(const struct top_model *m, struct top_row *row)
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

char *top_explain(const struct top_model *m, struct top_row *row,
		  const struct source_options *from, const sigset_t *mask)
{
	const struct roundwatch_tally *t = &row->subject.tally;
	char *text = NULL;

	/* Standard input was read, and cannot be read again. */
	if (!from->input || strcmp(from->input, "-"))
		text = run_explain(t->pid ? t->pid : t->tgid, from, mask);
	return text ? text : details(m, row);
}
