// SPDX-License-Identifier: GPL-2.0
/* Finds out whether a process is kept from running. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "who/pause.h"
#include "who/process.h"

static bool is_stopped(int process)
{
	char stat[1024], *state;

	if (read_at(process, "stat", stat, sizeof(stat)) < 0)
		return false;
	/* The name before the state may contain anything. */
	state = strrchr(stat, ')');
	return state && !strncmp(state, ") T", 3);
}

/* In version 2 also where systemd mounts it beside version 1, and in version 1. */
static bool is_frozen(const struct host *host, const char *cgroup)
{
	static const struct {
		const char *mount, *file, *text;
	} freezer[] = {
		{ "sys/fs/cgroup", "cgroup.events", "frozen 1\n" },
		{ "sys/fs/cgroup/unified", "cgroup.events", "frozen 1\n" },
		{ "sys/fs/cgroup/freezer", "freezer.state", "FROZEN\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(freezer); i++) {
		char *path = xasprintf("%s%s/%s", freezer[i].mount, cgroup, freezer[i].file);
		char text[256];
		bool is = read_at(host->root, path, text, sizeof(text)) > 0 &&
			  strstr(text, freezer[i].text);

		free(path);
		if (is)
			return true;
	}
	return false;
}

const char *process_paused(const struct host *host, int process, const char *cgroup)
{
	if (is_stopped(process))
		return "stopped";
	return cgroup && is_frozen(host, cgroup) ? "frozen" : NULL;
}
