// SPDX-License-Identifier: GPL-2.0
/* Connections of a process, and the list of mining pools. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "corroboration/pool.h"
#include "who/process.h"

#define SOCKETS_MAX	16384

struct pool_entry {
	enum { PORT, ADDRESS, HOST } kind;
	uint16_t port;
	struct in6_addr address;
	unsigned int bits;	/* length of the network prefix */
	char *host;		/* a pattern, as in the shell */
};

static void map_v4(struct in6_addr *to, uint32_t net)
{
	memset(to, 0, 10);
	to->s6_addr[10] = to->s6_addr[11] = 0xff;
	memcpy(&to->s6_addr[12], &net, 4);
}

static bool parse_address(char *text, struct pool_entry *e)
{
	char *slash = strchr(text, '/');
	struct in_addr v4;
	uint64_t bits;
	unsigned int offset = 0;

	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1) {
		map_v4(&e->address, v4.s_addr);
		offset = 96;
	} else if (inet_pton(AF_INET6, text, &e->address) != 1) {
		return false;
	}
	bits = 128 - offset;
	if (slash && !parse_number(slash + 1, 128 - offset, &bits))
		return false;
	e->bits = bits + offset;
	return true;
}

static bool parse_entry(char *kind, char *value, struct pool_entry *e)
{
	uint64_t port;

	*e = (struct pool_entry){ 0 };
	if (!strcmp(kind, "port") && parse_number(value, UINT16_MAX, &port) && port) {
		e->kind = PORT;
		e->port = port;
		return true;
	}
	if (!strcmp(kind, "address")) {
		e->kind = ADDRESS;
		return parse_address(value, e);
	}
	if (strcmp(kind, "host"))
		return false;
	e->kind = HOST;
	e->host = xasprintf("%s", value);
	return true;
}

bool pool_list_read(struct pool_list *l, const char *path)
{
	FILE *f = fopen(path, "re");
	struct pool_entry e;
	char line[512];

	*l = (struct pool_list){ 0 };
	if (!f)
		return false;
	for (unsigned int number = 1; fgets(line, sizeof(line), f); number++) {
		char kind[16], value[256], rest;
		int words;

		line[strcspn(line, "#")] = '\0';
		words = sscanf(line, "%15s %255s %c", kind, value, &rest);
		if (words <= 0)
			continue;
		if (words != 2 || !parse_entry(kind, value, &e)) {
			error("%s:%u: left out: a line is \"port N\", \"address A[/BITS]\" or "
			      "\"host NAME\"", path, number);
			continue;
		}
		l->entry = xrealloc(l->entry, l->n + 1, sizeof(*l->entry));
		l->entry[l->n++] = e;
	}
	fclose(f);
	return true;
}

void pool_list_free(struct pool_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->entry[i].host);
	free(l->entry);
	*l = (struct pool_list){ 0 };
}

static bool same_bits(const struct in6_addr *a, const struct in6_addr *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a->s6_addr[bits / 8] ^ b->s6_addr[bits / 8]) >> (8 - rest));
}

bool pool_has_address(const struct pool_list *l, const struct in6_addr *address)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entry[i].kind == ADDRESS &&
		    same_bits(&l->entry[i].address, address, l->entry[i].bits))
			return true;
	return false;
}

bool pool_has_port(const struct pool_list *l, uint16_t port)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entry[i].kind == PORT && l->entry[i].port == port)
			return true;
	return false;
}

static bool matches(const struct pool_list *l, const char *host)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entry[i].kind == HOST &&
		    !fnmatch(l->entry[i].host, host, FNM_CASEFOLD | FNM_NOESCAPE))
			return true;
	return false;
}

char *pool_host_in(const struct pool_list *l, const char *args, size_t n)
{
	static const char in_names[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	char host[254];

	/* A host name ends where a character cannot be part of one: "-o", "//", ":3333", NUL. */
	for (size_t at = 0, len; at < n; at += len + 1) {
		for (len = 0; at + len < n && args[at + len] && strchr(in_names, args[at + len]);)
			len++;
		if (!len || len >= sizeof(host) || !memchr(args + at, '.', len))
			continue;
		memcpy(host, args + at, len);
		host[len] = '\0';
		if (matches(l, host))
			return xasprintf("%s", host);
	}
	return NULL;
}

const char *peer_text(const struct peer *peer, char buf[PEER_MAX])
{
	char address[INET6_ADDRSTRLEN];
	bool v4 = IN6_IS_ADDR_V4MAPPED(&peer->address);

	if (v4)
		inet_ntop(AF_INET, &peer->address.s6_addr[12], address, sizeof(address));
	else
		inet_ntop(AF_INET6, &peer->address, address, sizeof(address));
	snprintf(buf, PEER_MAX, v4 ? "%s:%u" : "[%s]:%u", address, peer->port);
	return buf;
}

/* The kernel prints each 32-bit word of an address in host byte order. */
static bool parse_hex(const char *hex, struct in6_addr *address)
{
	uint32_t word[4];

	if (strlen(hex) == 8 && sscanf(hex, "%8" SCNx32, &word[0]) == 1) {
		map_v4(address, word[0]);
		return true;
	}
	if (strlen(hex) != 32 || sscanf(hex, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32,
					&word[0], &word[1], &word[2], &word[3]) != 4)
		return false;
	memcpy(address, word, sizeof(*address));
	return true;
}

static int compare_inode(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t *sockets_read(int process, size_t *n)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint64_t *inode;

	*n = 0;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	inode = xrealloc(NULL, SOCKETS_MAX, sizeof(*inode));
	while (*n < SOCKETS_MAX && (entry = readdir(dir))) {
		char *link = *entry->d_name == '.' ? NULL : read_link_at(fd, entry->d_name);

		if (link && sscanf(link, "socket:[%" SCNu64 "]", &inode[*n]) == 1)
			++*n;
		free(link);
	}
	closedir(dir);
	qsort(inode, *n, sizeof(*inode), compare_inode);
	return inode;
}

char *peers_join(const struct peer *peer, size_t n, size_t shown)
{
	char *all = xasprintf("%s", "");

	for (size_t i = 0; i < n && i < shown; i++) {
		char buf[PEER_MAX], *more;

		more = xasprintf("%s%s%s", all, i ? ", " : "", peer_text(&peer[i], buf));
		free(all);
		all = more;
	}
	return all;
}

size_t peers_sort(const struct pool_list *l, struct peer *peer, size_t n)
{
	size_t listed = 0;

	for (size_t i = 0; i < n; i++) {
		struct peer p = peer[i];

		if (!pool_has_address(l, &p.address) && !pool_has_port(l, p.port))
			continue;
		peer[i] = peer[listed];
		peer[listed++] = p;
	}
	return listed;
}

size_t peers_parse(const char *text, const uint64_t *inode, size_t inodes,
		   struct peer *peer, size_t room)
{
	enum { ESTABLISHED = 1, SYN_SENT = 2 };
	size_t n = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		unsigned int port, state;
		uint64_t number;
		struct peer p;
		char hex[33], one[256];

		line += *line == '\n';
		/* sscanf() computes the length of its whole input, so pass one line only. */
		snprintf(one, sizeof(one), "%.*s", (int)strcspn(line, "\n"), line);
		if (sscanf(one, "%*u: %*32[0-9A-Fa-f]:%*x %32[0-9A-Fa-f]:%x %x "
			   "%*s %*s %*s %*s %*s %" SCNu64, hex, &port, &state, &number) != 4 ||
		    (state != ESTABLISHED && state != SYN_SENT) || port > UINT16_MAX ||
		    !parse_hex(hex, &p.address))
			continue;
		if (!inodes || !bsearch(&number, inode, inodes, sizeof(*inode), compare_inode))
			continue;
		p.port = port;
		if (n < room)
			peer[n] = p;
		n++;
	}
	return n;
}
