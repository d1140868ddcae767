/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COMMAND_H
#define COMMAND_H

#include "base/status.h"
#include "records/source.h"
#include "records/subject.h"

/* getopt_long() values of options without a short form */
enum {
	OPT_DEVICE = 0x100,
	OPT_SYSROOT,
	OPT_COLOR,
	OPT_OWN,	/* first value for options of a single subcommand */
};

/* Options of all subcommands that read records; see common_option(). */
#define COMMON_SHORT "i:hV"
#define COMMON_LONG							\
	{ "input",	required_argument,	NULL, 'i' },		\
	{ "device",	required_argument,	NULL, OPT_DEVICE },	\
	{ "sysroot",	required_argument,	NULL, OPT_SYSROOT },	\
	{ "help",	no_argument,		NULL, 'h' },		\
	{ "version",	no_argument,		NULL, 'V' }

#define COMMON_HELP							\
	" -i, --input <file>    read a recording; \"-\" is standard input\n"	\
	"     --device <file>   read this device, not /dev/roundwatch\n"	\
	"     --sysroot <dir>   look processes up in this copy of a host's files\n" \
	" -h, --help; -V, --version  show this help; show the version\n"

/* Of those that print colours; see option_color(). */
#define COLOR_LONG	{ "color",	required_argument,	NULL, OPT_COLOR }

struct option;

/**
 * struct command - a subcommand
 * @name: as typed
 * @summary: a few words for the list in --help
 * @help: its own --help
 * @run: gets its name as argv[0]
 */
struct command {
	const char *name;
	const char *summary;
	void (*help)(void);
	enum status (*run)(int argc, char **argv);
};

extern const struct command cmd_list, cmd_status, cmd_trace, cmd_record, cmd_monitor, cmd_check,
			    cmd_metrics, cmd_top, cmd_explain, cmd_history, cmd_collect;

/**
 * common_option - handle an option that the caller does not handle itself
 * @cmd: the subcommand
 * @opt: what getopt_long() returned
 * @opts: its table of options, listed if @opt is an error
 * @from: filled in with the source to read
 * @status: exit status, set if the program should end
 *
 * Returns true if the subcommand should continue.
 */
bool common_option(const struct command *cmd, int opt, char **argv, const struct option *opts,
		   struct source_options *from, enum status *status);

/* Parse the argument of an option as a number above 0, or print an error. */
bool option_number(const struct command *cmd, const char *option, uint64_t *to);

/* Parse the argument of an option as a number of bytes above 0, or print an error. */
bool option_size(const struct command *cmd, const char *option, uint64_t *to);

/* What to put processes together by, as the argument of --by; or complain. */
bool option_by(const struct command *cmd, enum subject_by *to);

/* Take the argument of --color, or print an error. */
bool option_color(const struct command *cmd);

/* Print an error about an argument after the options. */
enum status extra_argument(const struct command *cmd, const char *arg);

#endif
