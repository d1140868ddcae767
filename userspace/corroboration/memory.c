// SPDX-License-Identifier: GPL-2.0
/* Search the mappings of a process for those of RandomX. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "corroboration/memory.h"

#define MIB		(UINT64_C(1) << 20)

/* RandomX specification, 7.1 to 7.3: 2080 MiB less a cache line; 256 MiB; 2 MiB. */
#define DATASET		(2080 * MIB)
#define CACHE		(256 * MIB)
#define SCRATCHPAD	(2 * MIB)
/* Dataset and cache in pages of 1 GiB. */
#define GIGABYTE_PAGES	(3072 * MIB)

struct mapping {
	uint64_t size;
	char perms[5];
	const char *path;
	size_t path_len;
};

static bool parse_line(const char *line, size_t n, struct mapping *map)
{
	uint64_t from, to, inode;
	int at = 0;
	char head[128];

	/* All except the path, which may be long and contain any byte. */
	snprintf(head, sizeof(head), "%.*s", (int)(n < sizeof(head) ? n : sizeof(head) - 1), line);
	if (sscanf(head, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %" SCNu64 "%n",
		   &from, &to, map->perms, &inode, &at) < 4 || !at || to < from)
		return false;
	map->size = to - from;
	while ((size_t)at < n && line[at] == ' ')
		at++;
	map->path = line + at;
	map->path_len = n - at;
	return true;
}

static bool begins(const struct mapping *map, const char *with)
{
	size_t n = strlen(with);

	return map->path_len >= n && !memcmp(map->path, with, n);
}

/* Not from a named file: anonymous, named by prctl(), of huge pages, or a memfd. */
static bool is_anonymous(const struct mapping *map)
{
	return !map->path_len || begins(map, "[heap]") || begins(map, "[anon") ||
	       begins(map, "/memfd:") || begins(map, "/anon_hugepage") ||
	       begins(map, "/dev/zero") || begins(map, "/SYSV");
}

static bool about(uint64_t size, uint64_t wanted, uint64_t more)
{
	return size >= wanted && size <= wanted + more;
}

void memory_parse(const char *text, struct memory *m)
{
	struct mapping map;

	*m = (struct memory){ 0 };
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		if (!parse_line(line, end - line, &map))
			continue;
		if (!m->word)
			m->word = miner_word(map.path, map.path_len);
		if (!is_anonymous(&map))
			continue;
		if (strchr(map.perms, 'x')) {
			m->code_regions++;
			m->code += map.size;
			m->code_writable += map.perms[1] == 'w';
		}
		if (about(map.size, DATASET, CACHE + 64 * MIB) || map.size == GIGABYTE_PAGES)
			m->dataset = map.size;
		else if (about(map.size, CACHE, 64 * MIB))
			m->cache = map.size;
		else if (about(map.size, SCRATCHPAD, MIB / 16))
			m->scratchpads++;
	}
}

bool memory_sum(const char *text, const char *name, uint64_t *bytes)
{
	size_t n = strlen(name);
	bool found = false;

	*bytes = 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, n))
			continue;
		*bytes += strtoull(line + n, NULL, 10) << 10;
		found = true;
	}
	return found;
}

static bool same_text(const char *text, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tolower((unsigned char)text[i]) != word[i])
			return false;
	return true;
}

const char *miner_word(const char *text, size_t n)
{
	static const char *const words[] = {
		"xmrig", "randomx", "stratum+tcp", "stratum+ssl", "donate-level", "cryptonight",
		"xmr-stak", "minerd", "cpuminer", "nicehash", "minexmr",
	};

	/* Few bytes start a word, so this test skips most of a file. */
	for (size_t at = 0; at < n; at++) {
		if (!strchr("xXrRsSdDcCmMnN", text[at]) || !text[at])
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
			size_t len = strlen(words[i]);

			if (len <= n - at && same_text(text + at, words[i], len))
				return words[i];
		}
	}
	return NULL;
}
