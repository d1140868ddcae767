// SPDX-License-Identifier: GPL-2.0
/* A file for the textfile collector of node_exporter */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "output/textfile.h"

enum status textfile_check(const char *path)
{
	struct stat st;

	if (lstat(path, &st) || S_ISREG(st.st_mode))
		return STATUS_OK;
	error("%s: not a regular file, and left as it is; name another file, which need not exist",
	      path);
	return STATUS_FAILURE;
}

static enum status write_failed(const char *path)
{
	error("%s: %s; the file is as it was", path, strerror(errno));
	return STATUS_FAILURE;
}

/* A crash may undo a rename until its directory is written to disk. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? xstrndup(path, slash - path + 1) : xasprintf(".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(dir);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

enum status textfile_write(const char *path, const char *text, size_t n)
{
	char *beside = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(beside, O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	enum status status = STATUS_OK;
	bool ok = f && fwrite(text, 1, n, f) == n && !fflush(f) && !fchmod(fd, 0644) && !fsync(fd);

	if (f && fclose(f))
		ok = false;
	if (!ok || rename(beside, path)) {
		status = write_failed(path);
		if (fd >= 0)
			unlink(beside);
	} else {
		sync_directory(path);
	}
	free(beside);
	return status;
}
