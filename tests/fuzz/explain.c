// SPDX-License-Identifier: GPL-2.0
/*
 * What explain reads of a process: corroboration/memory.c and pool.c. The first byte of the input
 * says which parser gets the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "corroboration/memory.h"
#include "corroboration/pool.h"
#include "fuzz.h"

#define PEERS	4

static void parse_maps(const char *text)
{
	struct memory m;
	uint64_t sum;

	memory_parse(text, &m);
	must(m.code_writable <= m.code_regions);
	must(!m.code || m.code_regions);
	if (memory_sum(text, "AnonHugePages:", &sum))
		must(strstr(text, "AnonHugePages:"));
	must(!miner_word(text, 0));
}

static void parse_peers(const char *text)
{
	static const uint64_t inode[] = { 1, 12345, 4294967296 };
	struct peer peer[PEERS];
	size_t n = peers_parse(text, inode, ARRAY_SIZE(inode), peer, PEERS);
	char buf[PEER_MAX], *all;

	for (size_t i = 0; i < n && i < PEERS; i++)
		must(strlen(peer_text(&peer[i], buf)) < PEER_MAX);
	all = peers_join(peer, n < PEERS ? n : PEERS, 3);
	must(!n == !*all);
	free(all);
	must(!peers_parse(text, inode, 0, peer, PEERS));
}

/* The list is what comes before the first NUL, the command line what follows. */
static void parse_pools(const uint8_t *data, size_t size, const char *text)
{
	struct peer peer = { .address.s6_addr = { 0x20, 1, 0xd, 0xb8 }, .port = 3333 };
	struct pool_list list;
	size_t n = strlen(text);
	char *host;

	must(pool_list_read(&list, fuzz_file(data, n)));
	must(peers_sort(&list, &peer, 1) ==
	     (pool_has_address(&list, &peer.address) || pool_has_port(&list, peer.port)));
	host = pool_host_in(&list, text + n, size - n);
	must(!host || list.n);
	free(host);
	pool_list_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *messages;
	char *text;

	if (!messages)
		messages = fopen("/dev/null", "w");
	must(messages);
	if (!size)
		return 0;
	error_to(messages);
	text = xrealloc(NULL, size, 1);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (*data % 3) {
	case 0:
		parse_maps(text);
		break;
	case 1:
		parse_peers(text);
		break;
	case 2:
		parse_pools(data + 1, size - 1, text);
		break;
	}
	free(text);
	error_to(NULL);
	return 0;
}
