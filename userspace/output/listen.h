/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>

#include "base/status.h"

/* More than the addresses that anybody names in a socket unit. */
#define LISTEN_MOST	8

/**
 * listen_open - sockets that listen for connections
 * @address: "ADDRESS:PORT", "[ADDRESS]:PORT", "PORT" for 127.0.0.1, or "systemd"
 * @any_address: otherwise an address that means all addresses of the host is refused
 * @fds: for up to LISTEN_MOST descriptors
 * @n: how many there are
 *
 * Prints its own messages, among them where it listens.
 */
enum status listen_open(const char *address, bool any_address, int *fds, unsigned int *n);

#endif
