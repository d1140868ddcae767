/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODULE_STATE_H
#define MODULE_STATE_H

#include "host/holders.h"
#include "host/kernel.h"
#include "output/standing.h"
#include "records/snapshot.h"

/* The data of roundwatch status. */

/**
 * struct alive - whether the module makes observations now
 * @known: NO if the source is not a module in this kernel
 * @observations: number of observations during the wait
 * @ns: length of the wait
 */
struct alive {
	bool known;
	uint64_t observations;
	uint64_t ns;
};

#define DOUBTS_MAX	3

/**
 * struct module_state - the module and its kernel
 * @snap: NULL if the module cannot be read
 * @census: processes, with @snap
 * @doubt: what subject_doubt_line() says of the worst of them
 * @holders: known only if the files of the host are
 */
struct module_state {
	const struct snapshot *snap;
	struct census census;
	char *doubt[DOUBTS_MAX];
	size_t doubts;
	struct kernel kernel;
	struct holders holders;
	bool has_host;
	struct alive alive;
};

/* True if it made no observation although there was a context switch. */
bool state_is_dead(const struct module_state *s);

void state_print(const struct module_state *s);
void state_print_json(const struct module_state *s);

/* One line for each value: its name in JSON, joined by dots, and the value as one word. */
void state_print_raw(const struct module_state *s);

#endif
