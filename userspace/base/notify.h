/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/* Tell systemd, if it asks: "READY=1", … as in sd_notify(3). Nothing without libsystemd. */
__attribute__((format(printf, 1, 2))) void notify(const char *format, ...);

/* How often systemd wants to be told WATCHDOG=1 at least, in nanoseconds; 0: never. */
uint64_t notify_watchdog_ns(void);

#endif
