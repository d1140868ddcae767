// SPDX-License-Identifier: GPL-2.0
/* Limits of what this program can see. They must not be mistaken for hidden processes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/util.h"
#include "who/process.h"
#include "who/view.h"

/* Inode of the initial time namespace; linux/proc_ns.h does not export it. */
#define INIT_TIME_NS	0xeffffffaU

/* From linux/capability.h, as a bit of CapEff. */
#define SYS_PTRACE	(UINT64_C(1) << 19)

bool view_time_offset(int root, int64_t *offset)
{
	struct stat ours, childrens;
	char text[256], *line;
	long long s, ns;

	*offset = 0;
	if (fstatat(root, "proc/self/ns/time", &ours, 0) || ours.st_ino == INIT_TIME_NS)
		return true;	/* Linux before 5.6 has only one */
	/* Only the offsets for the next child can be read. */
	if (fstatat(root, "proc/self/ns/time_for_children", &childrens, 0) ||
	    childrens.st_ino != ours.st_ino ||
	    read_at(root, "proc/self/timens_offsets", text, sizeof(text)) < 0)
		return false;
	line = strstr(text, "boottime");
	if (!line || sscanf(line, "boottime %lld %lld", &s, &ns) != 2)
		return false;
	*offset = s * (int64_t)NSEC + ns;
	return true;
}

static bool may_trace(int root)
{
	char status[8192], *s;

	if (read_at(root, "proc/self/status", status, sizeof(status)) < 0)
		return false;
	s = strstr(status, "\nCapEff:");
	return s && strtoull(s + strlen("\nCapEff:"), NULL, 16) & SYS_PTRACE;
}

/* The option in a line of mountinfo, if the line is about this device; modifies the line. */
static char *find_option(char *line, const char *device)
{
	char *options = strstr(line, " - "), *save, *word;

	if (!options || !strstr(line, device) || strstr(line, device) > options)
		return NULL;
	/* The type, the source and the options of the file system follow. */
	options[strcspn(options, "\n")] = '\0';
	for (word = strtok_r(options, " ,", &save); word; word = strtok_r(NULL, " ,", &save))
		if (!strncmp(word, "hidepid=", 8) && strcmp(word, "hidepid=0") &&
		    strcmp(word, "hidepid=off"))
			return word;
	return NULL;
}

char *view_filter(int root, int proc)
{
	char device[32], *line = NULL, *option, *found = NULL;
	int fd = openat(root, "proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct stat st;
	size_t size = 0;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (!fstat(proc, &st) && !may_trace(root)) {
		snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev), minor(st.st_dev));
		while (!found && getline(&line, &size, f) > 0) {
			option = find_option(line, device);
			found = option ? xasprintf("%s", option) : NULL;
		}
	}
	free(line);
	fclose(f);
	return found;
}
