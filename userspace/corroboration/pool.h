/* SPDX-License-Identifier: GPL-2.0 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#define POOL_LIST	"/etc/roundwatch/pools"

/**
 * struct pool_list - the other ends of miners' connections: ports, addresses, names of hosts
 *
 * The format of the file is in roundwatch(8).
 */
struct pool_list {
	struct pool_entry *entry;
	size_t n;
};

/*
 * Lines that make no sense are reported and left out. False, with errno, if there
 * is no such file.
 */
bool pool_list_read(struct pool_list *l, const char *path);
void pool_list_free(struct pool_list *l);

/* IPv4 as ::ffff:a.b.c.d. */
bool pool_has_address(const struct pool_list *l, const struct in6_addr *address);
bool pool_has_port(const struct pool_list *l, uint16_t port);

/* First host of the list on a command line; allocated, NULL if none. */
char *pool_host_in(const struct pool_list *l, const char *args, size_t n);

/**
 * struct peer - the other end of a connection
 * @address: IPv4 as ::ffff:a.b.c.d
 */
struct peer {
	struct in6_addr address;
	uint16_t port;
};

/* "192.0.2.1:3333", "[2001:db8::1]:3333" */
#define PEER_MAX (INET6_ADDRSTRLEN + 8)
const char *peer_text(const struct peer *peer, char buf[PEER_MAX]);

/* Inodes of the sockets of a process, ascending; allocated, NULL with errno on failure. */
uint64_t *sockets_read(int process, size_t *n);

/**
 * peers_parse - connections in the text of /proc/PID/net/tcp or tcp6
 * @inode: the process's sockets, ascending, @inodes of them
 * @peer: filled with up to @room connections that exist or are being made
 *
 * Returns the number of connections, which may be more than @room.
 */
size_t peers_parse(const char *text, const uint64_t *inode, size_t inodes,
		   struct peer *peer, size_t room);

/* Put what is on the list first; how many that are. */
size_t peers_sort(const struct pool_list *l, struct peer *peer, size_t n);

/* The first @shown of them in words; allocated. */
char *peers_join(const struct peer *peer, size_t n, size_t shown);

#endif
