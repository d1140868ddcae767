// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes all parsers of a host's files with --sysroot: those of /proc, of a process's identity,
 * what explain looks at, and the reasons why the module is not loaded.
 *
 * The input is a sequence of files: a byte 0x1e, a letter that selects one of the files below,
 * and its contents.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/util.h"
#include "fuzz.h"
#include "records/source.h"
#include "who/identity.h"

/* For a LINK, the contents are its target; for an ENTRY, the name of a subdirectory. */
enum kind { TEXT, LINK, ENTRY };

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct file {
	char letter;
	enum kind kind;
	const char *path;
} files[] = {
	{ 's', TEXT, "proc/7/stat" },
	{ 'l', TEXT, "proc/7/cmdline" },
	{ 'c', TEXT, "proc/7/comm" },
	{ 'g', TEXT, "proc/7/cgroup" },
	{ 'x', LINK, "proc/7/exe" },
	{ 't', TEXT, "proc/7/task/8/comm" },
	{ 'p', TEXT, "proc/1/comm" },
	{ 'm', TEXT, "proc/self/mountinfo" },
	{ 'u', TEXT, "etc/passwd" },
	{ 'o', ENTRY, "var/log/pods" },
	{ 'n', ENTRY, "var/log/containers" },
	/* State, configuration and command lines of container runtimes. */
	{ 'd', TEXT, "var/lib/docker/containers/" ID "/config.v2.json" },
	{ 'k', TEXT, "run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json" },
	{ 'b', TEXT, "var/lib/containers/storage/vfs-containers/containers.json" },
	{ 'j', TEXT, "etc/docker/daemon.json" },
	{ 'f', TEXT, "etc/containers/storage.conf" },
	{ 'i', TEXT, "run/systemd/machines/m" },
	{ 'r', TEXT, "proc/9/comm" },
	{ 'v', TEXT, "proc/9/cmdline" },
	{ 'w', LINK, "proc/9/cwd" },
	{ 'y', TEXT, "proc/7/task/8/stat" },
	{ 'z', TEXT, "proc/7/task/8/cgroup" },
	{ 'a', LINK, "proc/7/task/8/exe" },
	/* What explain reads of the process. */
	{ 'e', TEXT, "proc/7/maps" },
	{ 'h', TEXT, "proc/7/smaps_rollup" },
	{ '{', TEXT, "proc/7/status" },
	{ '|', TEXT, "proc/modules" },
	/* The files below describe the kernel. */
	{ 'R', TEXT, "proc/sys/kernel/osrelease" },
	{ 'C', TEXT, "proc/cmdline" },
	{ 'E', TEXT, "sys/module/module/parameters/sig_enforce" },
	{ 'L', TEXT, "sys/kernel/security/lockdown" },
	{ 'S', TEXT, "sys/firmware/efi/efivars/"
		     "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c" },
	{ 'B', TEXT, "etc/modprobe.d/some.conf" },
	{ 'D', TEXT, "lib/modules/6/modules.dep" },
	{ 'M', TEXT, "lib/modules/6/extra/roundwatch.ko" },
	{ 'H', LINK, "lib/modules/6/build" },
	{ 'V', LINK, "var/lib/dkms/roundwatch/1/source" },
	{ 'K', TEXT, "dev/kmsg" },
};

static int root = -1;
static char sysroot[40];

static void remove_root(void)
{
	char command[sizeof(sysroot) + 10];

	snprintf(command, sizeof(command), "rm -rf '%s'", sysroot);
	if (system(command))
		perror(sysroot);
}

static void make_root(void)
{
	strcpy(sysroot, "/tmp/roundwatch-fuzz-XXXXXX");
	must(mkdtemp(sysroot));
	atexit(remove_root);
	root = open(sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(root >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s%s", files[i].path,
			 files[i].kind == ENTRY ? "/" : "");
		for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			must(!mkdirat(root, path, 0700) || errno == EEXIST);
			*slash = '/';
		}
	}
}

static void make_text(const char *path, const uint8_t *data, size_t size)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void make_link(const char *path, const char *to)
{
	must(!unlinkat(root, path, 0) || errno == ENOENT);
	must(!*to || !symlinkat(to, root, path) || errno == ENAMETOOLONG);
}

static void make_entry(const char *path, const char *name)
{
	int dir = openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	must(dir >= 0);
	if (*name && !strchr(name, '/'))
		must(!mkdirat(dir, name, 0700) || errno == EEXIST || errno == ENAMETOOLONG);
	close(dir);
}

static void make(const struct file *file, const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	must(text);
	if (file->kind == TEXT)
		make_text(file->path, data, size);
	else if (file->kind == LINK)
		make_link(file->path, text);
	else
		make_entry(file->path, text);
	free(text);
}

static void remove_entries(const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	must(dir);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			must(!unlinkat(fd, entry->d_name, AT_REMOVEDIR));
	closedir(dir);
}

/* Remove files of the previous input. */
static void remove_files(const bool made[])
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (!made[i])
			continue;
		if (files[i].kind == ENTRY)
			remove_entries(files[i].path);
		else
			must(!unlinkat(root, files[i].path, 0) || errno == ENOENT);
	}
}

/* Make the files of the input; true if one of them describes the kernel. */
static bool make_files(const uint8_t *data, size_t size)
{
	static bool made[ARRAY_SIZE(files)];
	const uint8_t *end = data + size, *next;
	bool kernel = false;

	remove_files(made);
	memset(made, 0, sizeof(made));
	for (; data < end; data = next) {
		const uint8_t *text = data + 2;

		next = memchr(data + 1, 0x1e, end - data - 1);
		if (!next)
			next = end;
		for (size_t i = 0; text <= next && i < ARRAY_SIZE(files); i++) {
			if (*data != 0x1e || data[1] != files[i].letter)
				continue;
			make(&files[i], text, next - text);
			made[i] = true;
			kernel |= files[i].letter < 'a';
		}
	}
	return kernel;
}

/* Process 7, started one second after boot. */
static const struct roundwatch_tally tally = {
	.header = { sizeof(tally), ROUNDWATCH_TALLY, ROUNDWATCH_ABI, 5 * NSEC },
	.pid = 7,
	.tgid = 7,
	.comm = "seven",
	.verdict = ROUNDWATCH_RANDOMX,
	.highest = ROUNDWATCH_RANDOMX,
	.evidence = 100,
	.count = { 31, 23, 23, 23 },
	.start_ns = NSEC,
	.process_start_ns = NSEC,
	.first_ns = 2 * NSEC,
	.last_ns = 4 * NSEC,
};

static const char *recording(void)
{
	static struct {
		struct recording_header head;
		struct roundwatch_info info;
		struct roundwatch_tally tally;
		struct roundwatch_header end;
	} all = {
		.head.magic = RECORDING_MAGIC,
		.info = {
			.header = { sizeof(all.info), ROUNDWATCH_INFO, ROUNDWATCH_ABI, 5 * NSEC },
			.observations = 1,
		},
		.end = { sizeof(all.end), ROUNDWATCH_SNAPSHOT_END, ROUNDWATCH_ABI, 5 * NSEC },
	};

	all.tally = tally;
	return fuzz_file(&all, sizeof(all));
}

static void identify(void)
{
	struct identity id;
	struct host host;
	char *place;

	must(!host_open(&host, sysroot, false));
	identity_read(&host, &tally, &id);
	must(id.user);
	place = identity_place(&id);
	must(place || !id.found);
	must(!id.container == !id.runtime);
	free(place);
	free(identity_describe(&id));
	free(identity_oddities(&id, &tally));
	json_object_put(identity_to_json(&id));
	identity_free(&id);
	host_close(&host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool kernel;

	if (root < 0)
		make_root();
	kernel = make_files(data, size);
	identify();
	if (kernel) {
		fuzz_run("status", "--sysroot", sysroot, "--device", "/no/such/device", NULL);
		fuzz_run("status", "--json", "--sysroot", sysroot, "--device", "/no/such/device",
			 NULL);
	} else {
		fuzz_run("list", "--json", "-o", "EXE,CMDLINE,USER", "--sysroot", sysroot,
			 "-i", recording(), NULL);
		fuzz_run("list", "--by", "pod", "--sysroot", sysroot, "-i", recording(), NULL);
		fuzz_run("explain", "--json", "--sysroot", sysroot, "-i", recording(), "7", NULL);
	}
	return 0;
}
