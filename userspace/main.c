// SPDX-License-Identifier: GPL-2.0
/* roundwatch: reports what the roundwatch kernel module saw */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "command.h"

static const struct command *const commands[] = {
	&cmd_list,
	&cmd_top,
	&cmd_explain,
	&cmd_status,
	&cmd_trace,
	&cmd_record,
	&cmd_monitor,
	&cmd_history,
	&cmd_collect,
	&cmd_check,
	&cmd_metrics,
};

static void help(FILE *f)
{
	fputs("Usage: roundwatch [subcommand] [options]\n"
	      "\n"
	      "Find RandomX miners by their changes of the rounding mode. Needs the kernel\n"
	      "module of the same name, and root or the group roundwatch.\n"
	      "\n"
	      "Subcommands:\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, " %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs(" help     this help, or that of a subcommand\n"
	      "\n"
	      " -h, --help; -V, --version  show this help, or that of a subcommand; the version\n"
	      "Without a subcommand, options and PIDs of list: see \"roundwatch help list\".\n"
	      "\n"
	      "Exit status: 0 success, 1 failure, 2 wrong usage, 3 module not loaded or not\n"
	      "readable, 4 module blind. See roundwatch(8).\n", f);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	error("unknown subcommand '%s'; the subcommands are:", name);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, "    %s\n", commands[i]->name);
	fputs("    help\n", stderr);
	return NULL;
}

static enum status run_help(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2 || *argv[1] == '-') {
		help(stdout);
		return STATUS_OK;
	}
	cmd = find_command(argv[1]);
	if (!cmd)
		return STATUS_USAGE;
	cmd->help();
	return STATUS_OK;
}

static enum status dispatch(int argc, char **argv)
{
	const struct command *cmd;

	/* "roundwatch PID" is a list, too. */
	if (argc < 2 || *argv[1] == '-' || isdigit((unsigned char)*argv[1])) {
		if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
			help(stdout);
			return STATUS_OK;
		}
		return cmd_list.run(argc, argv);
	}
	if (!strcmp(argv[1], "help"))
		return run_help(argc - 1, argv + 1);
	cmd = find_command(argv[1]);
	return cmd ? cmd->run(argc - 1, argv + 1) : STATUS_USAGE;
}

int main(int argc, char **argv)
{
	enum status status;

	/* The locale decides which characters are printable; numbers and dates do not change. */
	setlocale(LC_CTYPE, "");
	status = dispatch(argc, argv);

	/* A full disk must not look like an empty list. */
	if (fflush(stdout) || ferror(stdout)) {
		error("standard output: %s", strerror(errno));
		return STATUS_FAILURE;
	}
	return status;
}
