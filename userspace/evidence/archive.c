// SPDX-License-Identifier: GPL-2.0
/* Writes a tar.gz with libarchive. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/util.h"
#include "evidence/archive.h"

#define CHUNK	(64 << 10)

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

static ssize_t put(struct archive *tar, void *data, const void *buf, size_t n)
{
	struct evidence_archive *a = data;
	ssize_t done = write(a->fd, buf, n);

	if (done < 0) {
		archive_set_error(tar, errno, "%s", strerror(errno));
		return -1;
	}
	sha256_add(&a->sum, buf, done);
	a->size += done;
	return done;
}

static bool is_there(const struct evidence_archive *a)
{
	struct stat st;

	if (fstatat(a->directory, a->name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	error("%s: it exists; nothing is overwritten", a->path);
	return true;
}

static bool open_file(struct evidence_archive *a)
{
	char *path = xasprintf("%s", a->path), *last = xasprintf("%s", a->path);

	a->directory = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	a->name = xasprintf("%s", basename(last));
	if (a->directory < 0)
		error("%s: %s", dirname(path), strerror(errno));
	free(path);
	free(last);
	if (a->directory < 0 || is_there(a))
		return false;
	a->fd = openat(a->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (a->fd < 0) {
		/* Not every file system has files without a name. */
		a->temporary = xasprintf(".%s.%d", a->name, getpid());
		a->fd = openat(a->directory, a->temporary,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (a->fd >= 0)
		return true;
	error("%s: %s", a->path, strerror(errno));
	free(a->temporary);
	a->temporary = NULL;
	return false;
}

bool archive_begin(struct evidence_archive *a, const char *path)
{
	*a = (struct evidence_archive){ .path = path, .directory = -1, .fd = -1 };
	sha256_begin(&a->sum);
	if (!strcmp(path, "-"))
		a->fd = STDOUT_FILENO;
	else if (!open_file(a))
		return false;
	a->tar = archive_write_new();
	if (a->tar && !archive_write_add_filter_gzip(a->tar) &&
	    !archive_write_set_format_pax_restricted(a->tar) &&
	    !archive_write_open(a->tar, a, NULL, put, NULL))
		return true;
	error("libarchive: %s", a->tar ? archive_error_string(a->tar) : "out of memory");
	return false;
}

static bool failed(struct evidence_archive *a)
{
	const char *why = archive_error_string(a->tar);

	if (!a->error)
		a->error = xasprintf("%s", why ? why : strerror(errno));
	error("%s: %s", a->path, a->error);
	return false;
}

static bool copy(struct evidence_archive *a, int fd, uint64_t size)
{
	char *chunk = xrealloc(NULL, CHUNK, 1);
	uint64_t done = 0;
	bool good = true;

	while (good && done < size) {
		size_t wanted = size - done < CHUNK ? size - done : CHUNK;
		ssize_t n = pread(fd, chunk, wanted, done);

		good = n > 0 && archive_write_data(a->tar, chunk, n) == n;
		done += n > 0 ? n : 0;
	}
	free(chunk);
	return good;
}

bool archive_add(struct evidence_archive *a, const char *name, int fd, uint64_t size,
		 int64_t time_ns)
{
	struct archive_entry *entry = archive_entry_new();
	bool good;

	if (!entry)
		return failed(a);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_mtime(entry, time_ns / (int64_t)NSEC, time_ns % (int64_t)NSEC);
	good = archive_write_header(a->tar, entry) == ARCHIVE_OK && copy(a, fd, size);
	archive_entry_free(entry);
	return good || failed(a);
}

/* Each way fails if the name exists by now, even as a link that leads nowhere. */
static bool give_name(struct evidence_archive *a)
{
	char self[32];

	if (!a->temporary) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", a->fd);
		return !linkat(AT_FDCWD, self, a->directory, a->name, AT_SYMLINK_FOLLOW);
	}
	if (syscall(SYS_renameat2, a->directory, a->temporary, a->directory, a->name,
		    RENAME_NOREPLACE)) {
		/* The file system does not know the flag. */
		if ((errno != EINVAL && errno != ENOSYS) ||
		    linkat(a->directory, a->temporary, a->directory, a->name, 0))
			return false;
		unlinkat(a->directory, a->temporary, 0);
	}
	free(a->temporary);
	a->temporary = NULL;
	return true;
}

bool archive_finish(struct evidence_archive *a)
{
	if (archive_write_close(a->tar) != ARCHIVE_OK)
		return failed(a);
	sha256_end(&a->sum, a->sha256);
	if (a->fd == STDOUT_FILENO)
		return true;
	if (!fsync(a->fd) && give_name(a))
		return true;
	error("%s: %s", a->path, strerror(errno));
	return false;
}

void archive_close(struct evidence_archive *a)
{
	if (a->tar)
		archive_write_free(a->tar);
	if (a->temporary)
		unlinkat(a->directory, a->temporary, 0);
	if (a->fd >= 0 && a->fd != STDOUT_FILENO)
		close(a->fd);
	if (a->directory >= 0)
		close(a->directory);
	free(a->name);
	free(a->temporary);
	free(a->error);
	*a = (struct evidence_archive){ .directory = -1, .fd = -1 };
}

int archive_scratch(const struct evidence_archive *a)
{
	int fd = -1;

	if (a->directory >= 0)
		fd = openat(a->directory, ".", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? memfd_create("roundwatch", MFD_CLOEXEC) : fd;
}
