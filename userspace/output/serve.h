/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SERVE_H
#define SERVE_H

#include <stdbool.h>

#include "base/status.h"
#include "records/source.h"

/**
 * struct serve_options - where to listen, and what to serve
 * @address: "ADDRESS:PORT" or "PORT"; "systemd": the sockets that systemd passed
 * @any_address: all addresses of the host may be listened on
 * @from: read anew for each scrape
 * @allow_path: NULL for ALLOW_FILE
 */
struct serve_options {
	const char *address;
	bool any_address;
	const struct source_options *from;
	const char *allow_path;
};

/**
 * serve - answer scrapes by HTTP until a signal ends the program
 *
 * /metrics is what exposition_print() prints, read when it is asked for. Prints its own messages.
 */
enum status serve(const struct serve_options *options);

#endif
