// SPDX-License-Identifier: GPL-2.0
/* The list of processes that may mine: response/allow.c. */
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "fuzz.h"
#include "response/allow.h"

static const struct roundwatch_tally tally = {
	.header = { sizeof(tally), ROUNDWATCH_TALLY, ROUNDWATCH_ABI, 5 * NSEC },
	.pid = 7,
	.tgid = 7,
	.uid = 1000,
	.comm = "seven",
};

/* With everything known, with nothing, and in a container of which only the ID is known. */
static struct identity known = {
	.found = true, .exe = (char *)"/usr/bin/monerod", .user = (char *)"monero",
	.unit = (char *)"machine-qemu\\x2d3\\x2dnode.scope", .cgroup = (char *)"/a",
	.runtime = (char *)"docker", .container = (char *)"0123", .container_name = (char *)"node",
	.image = (char *)"reg.example/node:1", .pod = (char *)"node", .pod_uid = (char *)"1",
	.pod_namespace = (char *)"shop",
}, unknown = { .user = (char *)"1000" }, contained = {
	.found = true, .exe = (char *)"/x", .user = (char *)"root", .cgroup = (char *)"/docker/1",
	.runtime = (char *)"docker", .container = (char *)"1",
};

static void judge(const struct allow *list, const struct identity *id)
{
	const struct host host = { .root = -1, .proc = -1 };
	const char *line = allow_find(list, &host, &tally, id);
	char *doubt = allow_doubt(list, &host, &tally, id);

	/* What is allowed is beyond doubt, and an empty list has none. */
	must(!line || !doubt);
	must(list->n || (!line && !doubt));
	must(line != doubt || !line);
	free(doubt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *messages;
	struct allow list = { 0 };

	if (!messages)
		messages = fopen("/dev/null", "w");
	must(messages);
	error_to(messages);
	must(!allow_read(&list, fuzz_file(data, size)));
	judge(&list, &known);
	judge(&list, &unknown);
	judge(&list, &contained);
	allow_free(&list);
	must(!list.n && !list.line);
	error_to(NULL);
	return 0;
}
