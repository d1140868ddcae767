/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/* Send "READY=1", … to systemd as sd_notify(3) does. Does nothing without libsystemd. */
__attribute__((format(printf, 1, 2))) void notify(const char *format, ...);

/* The longest interval between two WATCHDOG=1 in nanoseconds; 0: none needed. */
uint64_t notify_watchdog_ns(void);

/*
 * The listening sockets that systemd passed to this program, nonblocking, up to @most. Returns
 * their number; 0 if there is none, or if what was passed is not of that kind.
 */
int notify_sockets(int *fds, int most);

#endif
