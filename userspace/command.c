// SPDX-License-Identifier: GPL-2.0
/* Options and messages that all subcommands share. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "command.h"
#include "host/sandbox.h"

static void version(void)
{
	printf("roundwatch %s (ABI %d)" SANDBOX_BUILT "\n", VERSION, ROUNDWATCH_ABI);
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
	else	/* optopt may be one of several letters; then @arg is the argument before it */
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

bool option_size(const struct command *cmd, const char *option, uint64_t *to)
{
	static const char units[] = "KMG";
	size_t n = strspn(optarg, "0123456789");
	const char *unit = optarg[n] ? strchr(units, optarg[n]) : NULL;
	char *number = xstrndup(optarg, n);
	bool good = parse_number(number, UINT32_MAX, to) && *to;

	if (optarg[n] && (!unit || optarg[n + 1]))
		good = false;
	free(number);
	if (good && unit)
		*to <<= 10 * (unit - units + 1);
	if (!good)
		error("%s: --%s '%s' is not a size such as 500K, 64M or 1G", cmd->name, option,
		      optarg);
	return good;
}

bool option_color(const struct command *cmd)
{
	if (set_colors(optarg))
		return true;
	error("%s: --color '%s' is none of auto, always and never", cmd->name, optarg);
	return false;
}

bool option_by(const struct command *cmd, enum subject_by *to)
{
	static const char *const name[] = {
		[BY_PROCESS] = "process",
		[BY_CONTAINER] = "container",
		[BY_POD] = "pod",
		[BY_UNIT] = "unit",
		[BY_USER] = "user",
		[BY_VM] = "vm",
	};

	for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
		if (!strcmp(name[i], optarg)) {
			*to = i;
			return true;
		}
	}
	error("%s: --by '%s': unknown; process, container, pod, unit, user and vm are known",
	      cmd->name, optarg);
	return false;
}

static bool find_time(struct table_options *o)
{
	o->table->iso = !strcmp(optarg, "iso");
	o->ages = !strcmp(optarg, "age");
	if (o->table->iso || o->ages || (o->dates && !strcmp(optarg, "date")))
		return true;
	error("%s: --time '%s' is none of %sage and iso", o->command->name, optarg,
	      o->dates ? "date, " : "");
	return false;
}

bool table_option(struct table_options *o, int opt, bool *bad)
{
	switch (opt) {
	case OPT_SORT:
		*bad = !table_sort_by(o->table, o->known, o->n, optarg);
		return true;
	case OPT_TIME:
		*bad = !find_time(o);
		return true;
	case OPT_COLOR:
		*bad = !option_color(o->command);
		return true;
	case 'o':
		o->spec = optarg;
		return true;
	case 'J':
		o->json = true;
		return true;
	case 'r':
		o->raw = true;
		return true;
	case 'n':
		o->table->headings = false;
		return true;
	}
	return false;
}

bool table_options_end(const struct table_options *o, const char *const *defaults)
{
	struct table *t = o->table;

	if (o->json && o->raw) {
		error("%s: --json and --raw exclude each other; use one of them", o->command->name);
		return false;
	}
	t->format = o->json ? TABLE_JSON : o->raw ? TABLE_RAW : TABLE_HUMAN;
	t->iso |= t->format != TABLE_HUMAN;
	return table_choose(t, o->known, o->n, defaults, o->spec);
}

enum status extra_argument(const struct command *cmd, const char *arg)
{
	error("%s: unexpected argument '%s'; a subcommand comes before all options",
	      cmd->name, arg);
	fprintf(stderr, "Try \"roundwatch %s --help\".\n", cmd->name);
	return STATUS_USAGE;
}
