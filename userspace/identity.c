// SPDX-License-Identifier: GPL-2.0
/* Who is it? */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"
#include "util.h"

static void read_exe(int process, struct identity *id)
{
	static const char deleted[] = " (deleted)";
	size_t n;

	id->exe = read_link_at(process, "exe");
	n = id->exe ? strlen(id->exe) : 0;
	if (n > strlen(deleted) && !strcmp(id->exe + n - strlen(deleted), deleted)) {
		id->deleted = true;
		id->exe[n - strlen(deleted)] = '\0';
	}
}

void identity_read(const struct host *host, const struct roundwatch_tally *tally,
		   struct identity *id)
{
	int process = process_open(host, tally->tgid, tally->process_start_ns);

	memset(id, 0, sizeof(*id));
	id->user = user_name(host, tally->uid);
	if (!id->user)
		id->user = xasprintf("%u", tally->uid);
	if (process < 0)
		return;
	id->found = true;
	read_exe(process, id);
	id->cmdline = process_cmdline(process);
	close(process);
}

void identity_free(struct identity *id)
{
	char *const text[] = {
		id->exe, id->cmdline, id->comm, id->parent, id->user, id->unit, id->runtime,
		id->container, id->container_name, id->pod, id->pod_uid, id->pod_namespace, id->vm,
	};

	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		free(text[i]);
	memset(id, 0, sizeof(*id));
}
