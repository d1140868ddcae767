// SPDX-License-Identifier: GPL-2.0
/* roundwatch: tells what the roundwatch kernel module saw */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "reporter.h"
#include "util.h"

static const struct command *const commands[] = {
	&cmd_list,
	&cmd_top,
	&cmd_explain,
	&cmd_status,
	&cmd_trace,
	&cmd_record,
	&cmd_monitor,
	&cmd_check,
	&cmd_metrics,
};

static void help(FILE *f)
{
	fputs("Usage: roundwatch [subcommand] [options]\n"
	      "\n"
	      "Find RandomX miners by how they change the rounding mode. Needs root, and the\n"
	      "kernel module of the same name.\n"
	      "\n"
	      "Subcommands:\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, " %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs(" help     this, or with the name of a subcommand, its own help\n"
	      "\n"
	      "Options:\n"
	      " -h, --help            show this help; after a subcommand, its own\n"
	      " -V, --version         show the version\n"
	      "Without a subcommand, those of list: see \"roundwatch help list\".\n"
	      "\n"
	      "Exit status: 0 success, 1 failure, 2 wrong usage, 3 module not loaded or not\n"
	      "readable, 4 module blind. More in roundwatch(8).\n", f);
}

static void version(void)
{
	printf("roundwatch %s (ABI %d)\n", VERSION, ROUNDWATCH_ABI);
}

const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static const struct command *find_command(const char *name)
{
	const struct command *cmd = command_named(name);

	if (cmd)
		return cmd;
	error("unknown subcommand '%s'; the subcommands are:", name);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, "    %s\n", commands[i]->name);
	fputs("    help\n", stderr);
	return NULL;
}

static void list_options(const struct option *opts)
{
	for (; opts->name; opts++)
		fprintf(stderr, " --%s", opts->name);
	fputc('\n', stderr);
}

static bool is_option(const struct option *opts, int val)
{
	for (; opts->name; opts++)
		if (opts->val == val)
			return true;
	return false;
}

static enum status bad_option(const struct command *cmd, int opt, char **argv,
			      const struct option *opts)
{
	const char *arg = argv[optind - 1];
	bool is_long = !strncmp(arg, "--", 2);

	if (opt == ':' && is_long)
		error("%s: option '%s' needs an argument", cmd->name, arg);
	else if (opt == ':')
		error("%s: option '-%c' needs an argument", cmd->name, optopt);
	else if (!optopt)
		error("%s: unknown or ambiguous option '%s'", cmd->name, arg);
	else if (is_option(opts, optopt))
		error("%s: option '%s' takes no argument", cmd->name, arg);
	else	/* maybe one letter of several, and then @arg is what was before it */
		error("%s: unknown option '-%c'", cmd->name, optopt);
	fputs("The options are:", stderr);
	list_options(opts);
	fprintf(stderr, "Try \"roundwatch %s --help\".\n", cmd->name);
	return STATUS_USAGE;
}

bool common_option(const struct command *cmd, int opt, char **argv, const struct option *opts,
		   struct source_options *from, enum status *status)
{
	*status = STATUS_OK;
	switch (opt) {
	case 'i':
		from->input = optarg;
		break;
	case OPT_DEVICE:
		from->device = optarg;
		break;
	case OPT_SYSROOT:
		from->sysroot = optarg;
		break;
	case 'h':
		cmd->help();
		return false;
	case 'V':
		version();
		return false;
	default:
		*status = bad_option(cmd, opt, argv, opts);
		return false;
	}
	if (from->input && from->device) {
		error("%s: --input and --device exclude each other; use one of them", cmd->name);
		*status = STATUS_USAGE;
		return false;
	}
	return true;
}

bool option_number(const struct command *cmd, const char *option, uint64_t *to)
{
	if (parse_number(optarg, INT32_MAX, to) && *to)
		return true;
	error("%s: --%s '%s': not a number from 1 to %d", cmd->name, option, optarg, INT32_MAX);
	return false;
}

enum status extra_argument(const struct command *cmd, const char *arg)
{
	error("%s: unexpected argument '%s'; a subcommand comes before all options",
	      cmd->name, arg);
	fprintf(stderr, "Try \"roundwatch %s --help\".\n", cmd->name);
	return STATUS_USAGE;
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

	if (argc < 2 || *argv[1] == '-') {
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

	/* What is printable; numbers and dates stay as scripts expect them. */
	setlocale(LC_CTYPE, "");
	status = dispatch(argc, argv);

	/* A full disk must not pass for an empty list. */
	if (fflush(stdout) || ferror(stdout)) {
		error("standard output: %s", strerror(errno));
		return STATUS_FAILURE;
	}
	return status;
}
