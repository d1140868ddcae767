/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODULE_STATE_H
#define MODULE_STATE_H

#include "host/holders.h"
#include "host/kernel.h"
#include "records/snapshot.h"

/* What roundwatch status shows. */

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

/**
 * struct module_state - the module, and the kernel that it is in
 * @snap: NULL if the module cannot be read
 * @holders: known of a host whose files are known
 */
struct module_state {
	const struct snapshot *snap;
	struct kernel kernel;
	struct holders holders;
	bool has_host;
	struct alive alive;
};

/* Whether it makes no observation although there was one to make. */
bool state_is_dead(const struct module_state *s);

/* Processes by verdict. An unknown verdict counts as the worst. */
void state_count(const struct module_state *s, size_t count[ROUNDWATCH_RANDOMX + 1]);

void state_print(const struct module_state *s);
void state_print_json(const struct module_state *s);

/* A line for each value: its name, as in JSON with dots between, and its value as one word. */
void state_print_raw(const struct module_state *s);

#endif
