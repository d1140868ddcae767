// SPDX-License-Identifier: GPL-2.0
/* roundwatch metrics: output for Prometheus, also through node_exporter's textfile collector */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "command.h"
#include "output/exposition.h"
#include "output/serve.h"
#include "output/textfile.h"
#include "response/allow.h"

enum {
	OPT_TEXTFILE = OPT_OWN,
	OPT_ALLOW,
	OPT_LISTEN,
	OPT_ANY_ADDRESS,
};

static void help(void)
{
	fputs("Usage: roundwatch metrics [options]\n"
	      "\n"
	      "Print the module's counters and verdicts in the format of Prometheus.\n"
	      "\n"
	      "     --textfile <file>  replace this file, for the textfile collector of\n"
	      "                        node_exporter, which reads names that end in .prom\n"
	      "     --listen <where>   answer scrapes by HTTP at ADDRESS:PORT; PORT alone is of\n"
	      "                        127.0.0.1; \"systemd\" means the sockets of a unit\n"
	      "     --any-address      ... also at all addresses of the host, as 0.0.0.0:9753\n"
	      "     --allow <file>     allow list instead of " ALLOW_FILE "\n"
	      COMMON_HELP
	      "\n"
	      "If the module cannot be read, roundwatch_up is 0 and the exit status is 3.\n",
	      stdout);
}

static enum status metrics(const struct source_options *from, const char *textfile,
			   const char *allow_path)
{
	enum status status, written = STATUS_OK;
	size_t n;
	char *text;

	if (textfile && textfile_check(textfile))
		return STATUS_FAILURE;
	text = exposition_text(from, allow_path, &n, &status);
	if (!text)
		return status;
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
		{ "listen",	required_argument,	NULL, OPT_LISTEN },
		{ "any-address", no_argument,		NULL, OPT_ANY_ADDRESS },
		COMMON_LONG,
		{ 0 }
	};
	struct source_options from = { 0 };
	struct serve_options http = { .from = &from };
	const char *textfile = NULL;
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" COMMON_SHORT, options, NULL)) != -1) {
		if (opt == OPT_TEXTFILE)
			textfile = optarg;
		else if (opt == OPT_ALLOW)
			http.allow_path = optarg;
		else if (opt == OPT_LISTEN)
			http.address = optarg;
		else if (opt == OPT_ANY_ADDRESS)
			http.any_address = true;
		else if (!common_option(&cmd_metrics, opt, argv, options, &from, &status))
			return status;
	}
	if (optind < argc)
		return extra_argument(&cmd_metrics, argv[optind]);
	if (!http.address)
		return metrics(&from, textfile, http.allow_path);
	if (textfile) {
		error("metrics: --listen and --textfile exclude each other; use one of them");
		return STATUS_USAGE;
	}
	if (from.input && !strcmp(from.input, "-")) {
		error("metrics: --listen reads a recording for each scrape, so it cannot be standard "
		      "input; name a file");
		return STATUS_USAGE;
	}
	return serve(&http);
}

const struct command cmd_metrics = {
	.name = "metrics",
	.summary = "counters and verdicts for Prometheus",
	.help = help,
	.run = run,
};
