// SPDX-License-Identifier: GPL-2.0
/* Reads names of virtual machines from the command lines of the programs that run them. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "who/vmm.h"

struct args {
	const char *next, *end;
};

/* The next argument; NULL at the end, or if it is not terminated. */
static const char *next_arg(struct args *a)
{
	const char *arg = a->next;
	const char *nul = arg < a->end ? memchr(arg, '\0', a->end - arg) : NULL;

	if (!nul)
		return NULL;
	a->next = nul + 1;
	return arg;
}

/* The last value of "--@name VALUE" or "--@name=VALUE", also with a single dash. */
static const char *option(struct args a, const char *name)
{
	const char *arg, *value = NULL;
	size_t n = strlen(name);

	next_arg(&a);
	while ((arg = next_arg(&a))) {
		const char *word = arg;

		if (*word != '-')
			continue;
		word += word[1] == '-' ? 2 : 1;
		if (strncmp(word, name, n))
			continue;
		if (word[n] == '=')
			value = word + n + 1;
		else if (!word[n])
			value = next_arg(&a);
	}
	return value && *value ? value : NULL;
}

/*
 * The value of @key in a list KEY=VALUE,…. The first value may omit its key, which is
 * then @implied. ",," is a comma.
 */
static char *suboption(const char *list, const char *key, bool implied)
{
	size_t n = strlen(key);
	char *value = xstrndup(list, strlen(list));

	for (bool first = true; *list; first = false) {
		char *to = value;

		for (; *list && (*list != ',' || list[1] == ','); list++) {
			list += *list == ',';
			*to++ = *list;
		}
		*to = '\0';
		list += *list == ',';
		if (!strncmp(value, key, n) && value[n] == '=' && value[n + 1]) {
			memmove(value, value + n + 1, strlen(value + n + 1) + 1);
			return value;
		}
		if (first && implied && *value && !strchr(value, '='))
			return value;
	}
	free(value);
	return NULL;
}

static char *qemu(struct args a)
{
	const char *value = option(a, "name");
	char *name = value ? suboption(value, "guest", true) : NULL;

	if (!name) {
		value = option(a, "uuid");
		name = value ? xasprintf("%s", value) : NULL;
	}
	return name;
}

static char *firecracker(struct args a)
{
	const char *id = option(a, "id");

	return id ? xasprintf("%s", id) : NULL;
}

/* It has no names; use the path of the control socket. */
static char *cloud_hypervisor(struct args a)
{
	const char *value = option(a, "platform");
	char *name = value ? suboption(value, "uuid", false) : NULL;

	if (!name) {
		value = option(a, "api-socket");
		name = value ? suboption(value, "path", true) : NULL;
	}
	return name;
}

static bool is_qemu(const char *program)
{
	return !strncmp(program, "qemu-system-", 12) || !strcmp(program, "qemu-kvm") ||
	       !strcmp(program, "kvm");
}

/* The hypervisor may be a library in the shim. */
static bool is_shim(const char *program)
{
	return !strncmp(program, "containerd-shim-kata", 20);
}

bool vmm_is(const char *program)
{
	return is_qemu(program) || !strcmp(program, "firecracker") ||
	       !strcmp(program, "cloud-hypervisor");
}

char *vmm_name(const char *program, const char *args, size_t n)
{
	struct args a = { args, args + n };

	if (is_qemu(program))
		return qemu(a);
	if (!strcmp(program, "firecracker") || is_shim(program))
		return firecracker(a);
	if (!strcmp(program, "cloud-hypervisor"))
		return cloud_hypervisor(a);
	return NULL;
}

char *vmm_sandbox(const char *name)
{
	static const char digits[] = "0123456789abcdef";

	/* "sandbox-ID", or a path such as /run/vc/vm/ID/clh-api.sock. */
	if (strncmp(name, "sandbox-", 8) && !strstr(name, "/vc/"))
		return NULL;
	for (const char *s = name; *s; s += strcspn(s, "-/"), s += !!*s)
		if (strspn(s, digits) == 64)
			return xstrndup(s, 64);
	return NULL;
}
