/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/**
 * signals_block - what ends a program shall only end its waiting
 * @waiting: for ppoll(): lets them in. So none comes between looking and waiting.
 *
 * Also, a reader that goes away is an error of writing from now on.
 */
void signals_block(sigset_t *waiting);

/* One of them came while waiting. */
bool signals_came(void);

/* The moment in so many seconds, and what is left until then; false if nothing is. */
uint64_t deadline(uint64_t seconds);
bool deadline_left(uint64_t deadline_ns, struct timespec *left);

#endif
