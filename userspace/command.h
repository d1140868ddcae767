/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COMMAND_H
#define COMMAND_H

#include "base/status.h"
#include "output/table.h"
#include "records/source.h"
#include "records/subject.h"

/* getopt_long() values of options without a short form */
enum {
	OPT_DEVICE = 0x100,
	OPT_SYSROOT,
	OPT_COLOR,
	OPT_SORT,
	OPT_TIME,
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

/* Of those that print a table; see table_option(). */
#define TABLE_SHORT "o:Jrn"
#define TABLE_LONG							\
	{ "sort",	required_argument,	NULL, OPT_SORT },	\
	{ "time",	required_argument,	NULL, OPT_TIME },	\
	{ "output",	required_argument,	NULL, 'o' },		\
	{ "json",	no_argument,		NULL, 'J' },		\
	{ "raw",	no_argument,		NULL, 'r' },		\
	{ "noheadings",	no_argument,		NULL, 'n' },		\
	COLOR_LONG

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

/**
 * struct table_options - what is to be printed, and how
 * @table: to be printed; format and order are set in it
 * @known: its columns, @n of them
 * @dates: --time also takes date, which is the default
 * @ages: --time age was given
 * @spec: argument of --output; NULL: none
 */
struct table_options {
	const struct command *command;
	struct table *table;
	const struct column *known;
	size_t n;
	bool dates, ages;
	const char *spec;
	bool json, raw;
};

/* True if @opt is one of TABLE_LONG. If its argument is wrong, prints an error and sets @bad. */
bool table_option(struct table_options *o, int opt, bool *bad);

/* After all options: choose the columns. False, after an error, if they contradict each other. */
bool table_options_end(const struct table_options *o, const char *const *defaults);

/* Print an error about an argument after the options. */
enum status extra_argument(const struct command *cmd, const char *arg);

#endif
