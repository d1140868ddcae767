// SPDX-License-Identifier: GPL-2.0
/* The running kernel, and whether it can load the module. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/util.h"
#include "host/kernel.h"

#define MODULE	"roundwatch"
#define DKMS	"var/lib/dkms/" MODULE

/* GUID of the global variables in the UEFI specification. */
#define SECURE_BOOT	"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static bool there(const struct host *host, const char *path)
{
	return !faccessat(host->root, path, F_OK, 0);
}

static enum answer answer(bool yes)
{
	return yes ? YES : NO;
}

/* First line of a file; allocated, NULL if the file is empty or missing. */
static char *first_line(const struct host *host, const char *path)
{
	char text[256];

	if (read_at(host->root, path, text, sizeof(text)) <= 0)
		return NULL;
	return xstrndup(text, strcspn(text, "\n"));
}

/* Without /proc/sys, as in a /proc with subset=pid, the running kernel still tells it. */
static char *read_release(const struct host *host)
{
	char *release = first_line(host, "proc/sys/kernel/osrelease");
	struct utsname name;

	if (!release && host->live && !uname(&name))
		release = xasprintf("%s", name.release);
	return release;
}

static void read_protection(const struct host *host, struct kernel *k)
{
	char *enforced = first_line(host, "sys/module/module/parameters/sig_enforce");
	char *lockdown = first_line(host, "sys/kernel/security/lockdown"), *open;
	char *disabled = first_line(host, "proc/sys/kernel/modules_disabled");
	char variable[16];

	k->efi = there(host, "sys/firmware/efi");
	/* The value follows four bytes of attributes. */
	if (read_at(host->root, SECURE_BOOT, variable, sizeof(variable)) == 5)
		k->secure_boot = answer(variable[4] == 1);
	if (enforced)
		k->enforced = answer(*enforced == 'Y');
	if (disabled)
		k->disabled = answer(*disabled == '1');
	/* "none [integrity] confidentiality" */
	open = lockdown ? strchr(lockdown, '[') : NULL;
	if (open)
		k->lockdown = xstrndup(open + 1, strcspn(open + 1, "]"));
	free(enforced);
	free(lockdown);
	free(disabled);
}

/* Each line of modules.dep starts with the path of a module. */
static bool is_in_modules_dep(const struct host *host, const char *release)
{
	char *path = xasprintf("lib/modules/%s/modules.dep", release), *line = NULL;
	int fd = openat(host->root, path, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0) {
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, "/" MODULE ".ko");
	}
	if (f)
		fclose(f);
	free(line);
	free(path);
	return found;
}

/* True if a signature is appended. Unknown for compressed modules. */
static enum answer is_signed(const struct host *host, const char *path)
{
	static const char mark[] = "~Module signature appended~\n";
	const ssize_t n = sizeof(mark) - 1;
	int fd = openat(host->root, path, O_RDONLY | O_CLOEXEC);
	enum answer found = NOT_KNOWN;
	char end[sizeof(mark)];
	struct stat st;

	if (fd < 0)
		return NOT_KNOWN;
	if (!strcmp(path + strlen(path) - 3, ".ko") && !fstat(fd, &st))
		found = answer(st.st_size > n && pread(fd, end, n, st.st_size - n) == n &&
			       !memcmp(end, mark, n));
	close(fd);
	return found;
}

static void find_module(const struct host *host, struct kernel *k)
{
	static const char *const places[] = {
		"updates/dkms", "updates", "extra", "extra/" MODULE, "weak-updates/" MODULE,
	};
	static const char *const packed[] = { "", ".xz", ".zst", ".gz" };

	for (size_t i = 0; i < ARRAY_SIZE(places) * ARRAY_SIZE(packed) && !k->file; i++) {
		char *path = xasprintf("/lib/modules/%s/%s/" MODULE ".ko%s", k->release,
				       places[i / ARRAY_SIZE(packed)],
				       packed[i % ARRAY_SIZE(packed)]);

		if (there(host, path + 1))
			k->file = path;
		else
			free(path);
	}
	if (k->file)
		k->is_signed = is_signed(host, k->file + 1);
	k->depmod = is_in_modules_dep(host, k->release);
}

/* The link to the kernel headers is absolute. Do not follow it out of a copy. */
static bool has_headers(const struct host *host, const char *release)
{
	char *path = xasprintf("lib/modules/%s/build", release);
	char *to = read_link_at(host->root, path), *makefile;
	bool found;

	makefile = xasprintf("%s/Makefile", to && *to == '/' ? to + strspn(to, "/") : path);
	found = there(host, makefile);
	free(makefile);
	free(to);
	free(path);
	return found;
}

static DIR *open_dir(const struct host *host, const char *path)
{
	int fd = openat(host->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

/* A version is a directory with a link to its source. */
static bool is_dkms_version(const struct host *host, const char *name)
{
	char *link = xasprintf(DKMS "/%s/source", name), *to = read_link_at(host->root, link);
	bool is = to;

	free(to);
	free(link);
	return is;
}

static const char *dkms_state(const struct host *host, const struct kernel *k)
{
	char *path, *to;
	bool is;

	path = xasprintf(DKMS "/kernel-%s-x86_64", k->release);
	to = read_link_at(host->root, path);
	free(path);
	free(to);
	if (to)
		return "installed";
	path = xasprintf(DKMS "/%s/%s/x86_64/module", k->dkms_version, k->release);
	is = there(host, path);
	free(path);
	if (is)
		return "built";
	/* This directory remains only if the build failed. */
	path = xasprintf(DKMS "/%s/build/make.log", k->dkms_version);
	is = there(host, path);
	free(path);
	return is ? "failed" : "added";
}

/* Choose the newest of several versions. */
static void read_dkms(const struct host *host, struct kernel *k)
{
	DIR *dir = open_dir(host, DKMS);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!is_dkms_version(host, entry->d_name))
			continue;
		if (k->dkms_version && strverscmp(k->dkms_version, entry->d_name) > 0)
			continue;
		free(k->dkms_version);
		k->dkms_version = xstrndup(entry->d_name, SIZE_MAX - 1);
	}
	if (dir)
		closedir(dir);
	if (k->dkms_version)
		k->dkms_state = dkms_state(host, k);
}

/*
 * A line of modprobe.d(5). "blacklist" affects aliases and loading at boot; "install" with
 * a command that does nothing blocks the module completely.
 */
static void read_modprobe_line(struct kernel *k, const char *path, char *line)
{
	char *said = xstrndup(line, strcspn(line, "\n")), *rest;
	char *word, *name = NULL, **to = NULL;

	line[strlen(said)] = '\0';
	word = strtok_r(line, " \t", &rest);
	if (word)
		name = strtok_r(NULL, " \t", &rest);
	if (name && !strcmp(name, MODULE)) {
		if (!strcmp(word, "blacklist"))
			to = &k->listed;
		else if (!strcmp(word, "install") && !strstr(said, "modprobe"))
			to = &k->blocked;
	}
	if (to && !*to)
		*to = xasprintf("'%s' in %s", said, path);
	free(said);
}

static void read_modprobe_file(const struct host *host, struct kernel *k, const char *path)
{
	int fd = openat(host->root, path + 1, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0)
		read_modprobe_line(k, path, line);
	if (f)
		fclose(f);
	free(line);
}

static bool ends_in(const char *s, const char *end)
{
	return strlen(s) > strlen(end) && !strcmp(s + strlen(s) - strlen(end), end);
}

static void read_modprobe(const struct host *host, struct kernel *k)
{
	static const char *const places[] = {
		"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
		"/usr/lib/modprobe.d", "/lib/modprobe.d",
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		DIR *dir = open_dir(host, places[i] + 1);
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			char *path = xasprintf("%s/%s", places[i], entry->d_name);

			if (ends_in(path, ".conf"))
				read_modprobe_file(host, k, path);
			free(path);
		}
		if (dir)
			closedir(dir);
	}
}

/* The kernel reads "module_blacklist=", modprobe reads "modprobe.blacklist=". */
static void read_command_line(const struct host *host, struct kernel *k)
{
	static const char own[] = "module_blacklist=", modprobe[] = "modprobe.blacklist=";
	char line[4096], *rest, *word;

	if (read_at(host->root, "proc/cmdline", line, sizeof(line)) < 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		bool is_own = !strncmp(word, own, strlen(own));
		char *said, *name, *left, **to = is_own ? &k->blocked : &k->listed;

		if (!is_own && strncmp(word, modprobe, strlen(modprobe)))
			continue;
		said = xstrndup(word, SIZE_MAX - 1);
		for (name = strtok_r(strchr(word, '=') + 1, ",", &left); name;
		     name = strtok_r(NULL, ",", &left))
			if (!strcmp(name, MODULE) && !*to)
				*to = xasprintf("'%s' on the kernel's command line", said);
		free(said);
	}
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/*
 * Lines of the module, or about an unnamed module, but no lines about accused processes. The
 * kernel also prints names of programs, which anybody chooses: "NAME[PID]: segfault at ...".
 */
static bool is_about_us(const char *message)
{
	static const char ours[] = MODULE ": ";

	if (starts(message, ours))
		/* A name has at most 15 bytes, and the PID follows. */
		return strcspn(message, "[") > 15 && !strstr(message, "] uid ");
	return starts(message, "module " MODULE ": ") ||
	       starts(message, "failed to validate module [" MODULE "]") ||
	       starts(message, "Loading of unsigned module") ||
	       starts(message, "Loading of module with un") ||
	       (starts(message, "Lockdown: ") && strstr(message, ": unsigned module loading"));
}

/*
 * "6,1234,5678,-;message": the first number is the facility, times 8, and the level; the third
 * is the time since boot in microseconds. What programs write has another facility than the
 * kernel's, 0.
 */
static void read_log_line(struct kernel *k, char *line)
{
	char *message = strchr(line, ';');
	unsigned long long priority, micros;

	/* A line that starts with a blank continues the previous record. */
	if (*line == ' ' || !message)
		return;
	*message++ = '\0';
	if (!is_about_us(message) ||
	    sscanf(line, "%llu,%*u,%llu", &priority, &micros) != 2 || priority >= 8)
		return;
	if (k->logs == KERNEL_LOG_LINES) {
		free(k->log[0]);
		memmove(k->log, k->log + 1, (KERNEL_LOG_LINES - 1) * sizeof(*k->log));
		k->logs--;
	}
	k->log[k->logs++] = xasprintf("[%5llu.%06llu] %s", micros / 1000000, micros % 1000000,
				      message);
}

/* The device returns one record per read. A copy may return several, or parts. */
static void read_log(const struct host *host, struct kernel *k)
{
	static char text[1 << 14];
	int fd = openat(host->root, "dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	if (fd < 0) {
		k->log_error = errno;
		return;
	}
	while ((n = read(fd, text + have, sizeof(text) - have)) > 0 ||
	       (n < 0 && (errno == EPIPE || errno == EINTR))) {
		char *line = text, *end;

		if (n < 0)	/* records were overwritten */
			continue;
		have += n;
		while ((end = memchr(line, '\n', text + have - line))) {
			*end = '\0';
			read_log_line(k, line);
			line = end + 1;
		}
		have = text + have - line;
		memmove(text, line, have);
		if (have == sizeof(text))
			have = 0;
	}
	if (n < 0 && errno != EAGAIN)
		k->log_error = errno;
	close(fd);
}

/* A container or a sandbox may show less than the host has: that is not the same as nothing. */
static void read_unseen(const struct host *host, struct kernel *k)
{
	static const struct {
		const char *path, *means;
	} wanted[] = {
		{ "proc/sys/kernel", "no /proc/sys, as in a /proc with subset=pid: whether the "
				     "kernel loads modules is not known" },
		{ "sys/module", "no /sys: whether the module is loaded, and Secure Boot, are not "
				"known" },
		{ "lib/modules", "no /lib/modules: whether the module and headers are installed is "
				 "not known" },
	};
	size_t size;
	FILE *f = open_memstream(&k->unseen, &size);

	if (!f)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!there(host, wanted[i].path))
			fprintf(f, "%s\n", wanted[i].means);
	if (host->filter)
		fprintf(f, "processes of others: /proc is mounted with %s\n", host->filter);
	if (host->blur)
		fprintf(f, "which process is which: %s\n", host->blur);
	fclose(f);
}

void kernel_read(const struct host *host, struct kernel *k)
{
	*k = (struct kernel){ 0 };
	if (host->root < 0)
		return;
	k->release = read_release(host);
	if (there(host, "sys/module"))
		k->loaded = answer(there(host, "sys/module/" MODULE));
	k->searched = there(host, "lib/modules");
	read_unseen(host, k);
	read_protection(host, k);
	read_modprobe(host, k);
	read_command_line(host, k);
	read_log(host, k);
	if (!k->release || !*k->release || strchr(k->release, '/'))
		return;
	find_module(host, k);
	k->headers = has_headers(host, k->release);
	read_dkms(host, k);
}

void kernel_free(struct kernel *k)
{
	for (size_t i = 0; i < k->logs; i++)
		free(k->log[i]);
	free(k->release);
	free(k->lockdown);
	free(k->file);
	free(k->dkms_version);
	free(k->blocked);
	free(k->listed);
	free(k->unseen);
	*k = (struct kernel){ 0 };
}

static void next_to_build(const struct kernel *k, FILE *f)
{
	if (!k->headers)
		fprintf(f, "install the kernel's headers: apt-get install linux-headers-%s, "
			"or dnf install kernel-devel-%s\n", k->release, k->release);
	if (!k->dkms_version) {
		fprintf(f, "install the package roundwatch-dkms; or, among the sources: "
			"make install\n");
		return;
	}
	if (!strcmp(k->dkms_state, "failed"))
		fprintf(f, "see why DKMS could not build it: /" DKMS "/%s/build/make.log\n",
			k->dkms_version);
	fprintf(f, "dkms install " MODULE "/%s -k %s\n", k->dkms_version, k->release);
}

static void next_to_sign(FILE *f)
{
	fputs("sign it with an enrolled key, as the kernel takes no other modules: with DKMS, run\n"
	      "    mokutil --import /var/lib/dkms/mok.pub\n"
	      "    and reboot, confirm the key, and run dkms install --force\n", f);
}

char *kernel_next(const struct kernel *k)
{
	bool locked = k->lockdown && strcmp(k->lockdown, "none");
	bool signature = locked || k->enforced == YES;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return xasprintf("%s", "");
	if (k->loaded == YES) {
		fputs("the module is loaded: run this as root; in a container, pass the host's "
		      "/dev/roundwatch into it\n", f);
		fclose(f);
		return text;
	}
	if (k->disabled == YES)
		fputs("reboot without kernel.modules_disabled=1: until then the kernel loads no "
		      "module\n", f);
	if (k->blocked)
		fprintf(f, "remove %s: it forbids to load the module\n", k->blocked);
	if (!k->release)
		fputs("mount /proc: the kernel's release is not known\n", f);
	else if (!k->file && !k->depmod)
		next_to_build(k, f);
	else if (!k->depmod)
		fputs("depmod -a\n", f);
	if (signature && k->is_signed == NO)
		next_to_sign(f);
	fputs("modprobe " MODULE "\n", f);
	if (signature && k->is_signed != NO)
		fputs("if that is refused (\"Key was rejected by service\"), enroll the key that it "
		      "is signed with;\n"
		      "    DKMS's is: mokutil --import /var/lib/dkms/mok.pub, then reboot\n", f);
	if (k->listed)
		fprintf(f, "to have it loaded at boot, remove %s\n", k->listed);
	fclose(f);
	return text;
}
