/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/**
 * signals_catch - let the program end in order when a signal would kill it
 *
 * From then on such a signal sets signals_came() and interrupts blocking calls, again and
 * again until the program ends: a terminal or a pipe that takes no more output must not keep
 * the program from ending. SIGHUP stays ignored if it was, as under nohup. SIGPIPE is ignored:
 * if the reader of a pipe ends, writing fails.
 */
void signals_catch(void);

/* One of them came. */
bool signals_came(void);

/**
 * signals_poll - ppoll() that those signals end, also one that came just before
 * @timeout: NULL: no limit
 *
 * SIGWINCH ends it too, even if it is blocked otherwise. Returns as ppoll() does.
 */
int signals_poll(struct pollfd *fds, nfds_t n, const struct timespec *timeout);

/**
 * signals_last_resort - what to do if the program cannot end in order
 * @undo: called by a signal handler, a second after a signal came and has not ended the
 *	program, or when the program crashes; then the program ends
 */
void signals_last_resort(void (*undo)(void));

/* The moment in so many seconds, and what is left until then; false if nothing is. */
uint64_t deadline(uint64_t seconds);
bool deadline_left(uint64_t deadline_ns, struct timespec *left);

#endif
