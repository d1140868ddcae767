// SPDX-License-Identifier: GPL-2.0
/* roundwatch metrics: output for Prometheus, also through node_exporter's textfile collector */
#include <getopt.h>
#include <stdlib.h>

#include "base/util.h"
#include "command.h"
#include "output/exposition.h"
#include "output/textfile.h"
#include "response/allow.h"

enum {
	OPT_TEXTFILE = OPT_OWN,
	OPT_ALLOW,
};

static void help(void)
{
	fputs("Usage: roundwatch metrics [options]\n"
	      "\n"
	      "Print the module's counters and verdicts in the format of Prometheus.\n"
	      "\n"
	      "     --textfile <file>  replace this file, for the textfile collector of\n"
	      "                        node_exporter, which reads names that end in .prom\n"
	      "     --allow <file>     allow list instead of " ALLOW_FILE "\n"
	      COMMON_HELP
	      "\n"
	      "If the module cannot be read, roundwatch_up is 0 and the exit status is 3.\n",
	      stdout);
}

static int metrics(const struct source_options *from, const char *textfile, const char *allow_path)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f;
	int status, written = STATUS_OK;

	if (textfile && textfile_check(textfile))
		return STATUS_FAILURE;
	f = open_memstream(&text, &n);
	if (!f) {
		error("out of memory");
		return STATUS_FAILURE;
	}
	status = exposition_print(f, from, allow_path);
	fclose(f);
	if (textfile)
		written = textfile_write(textfile, text, n);
	else
		fwrite(text, 1, n, stdout);
	free(text);
	return written ? written : status;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "textfile",	required_argument,	NULL, OPT_TEXTFILE },
		{ "allow",	required_argument,	NULL, OPT_ALLOW },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	const char *textfile = NULL, *allow_path = NULL;
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" COMMON_SHORT, options, NULL)) != -1) {
		if (opt == OPT_TEXTFILE)
			textfile = optarg;
		else if (opt == OPT_ALLOW)
			allow_path = optarg;
		else if (!common_option(&cmd_metrics, opt, argv, options, &from, &status))
			return status;
	}
	if (optind < argc)
		return extra_argument(&cmd_metrics, argv[optind]);
	return metrics(&from, textfile, allow_path);
}

const struct command cmd_metrics = {
	.name = "metrics",
	.summary = "counters and verdicts for Prometheus",
	.help = help,
	.run = run,
};
