// SPDX-License-Identifier: GPL-2.0
/*
 * Process 1 of the test machine that scripts/vm boots.
 *
 * It makes the guest look like the host with another kernel installed: the host's root, over it
 * the tree of scripts/kernel, both read-only through 9p or virtiofs, and over both a tmpfs that
 * takes every write. If the root is not the host's, as its programs are of another architecture,
 * RW_SHARE in /args names the share that has the project. Then it runs one command, reports its
 * exit status to the host, and switches the machine off.
 *
 * From the host it gets three files in the initramfs:
 *   /modules/list   the modules to load, in order, one file name a line
 *   /args           NUL-terminated strings: environment, an empty one, the command's arguments
 * and on the kernel's command line RW_NONCE=…, which the kernel hands to us as environment.
 *
 * To the host it has the serial console (the kernel's alone) and a virtio-serial device:
 *   port 1          output of the command; absent in a terminal session, which is at /dev/hvc0
 *                   and sets COLUMNS
 *   port 2          the last line: the command's exit status, and the checksum of its output
 * Every error here ends in fail(): a line in the kernel log and no last line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_PORT	"/dev/vport0p1"
#define STATUS_PORT	"/dev/vport0p2"
#define TERMINAL	"/dev/hvc0"

#define MAX_ARGS	(256 << 10)
#define DIES_WITHIN_MS	30000	/* a killed process; more than any loaded emulator needs */

static void __attribute__((noreturn)) power_off(void)
{
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...)
{
	int error = errno;
	char what[256], line[384];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);

	/* One write makes one record; dprintf() would seek first, which this file refuses. */
	snprintf(line, sizeof(line), "<2>roundwatch-vm: %s: %s\n", what, strerror(error));
	if (write(open("/dev/kmsg", O_WRONLY), line, strlen(line)) < 0)
		perror(line);
	power_off();
}

static void make_dirs(const char *path)
{
	const char *end = path;
	char part[4096];

	do {
		end = strchrnul(end + 1, '/');
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			fail("mkdir %s", part);
	} while (*end);
}

static void mount_on(const char *source, const char *dir, const char *type, unsigned long flags,
		     const char *options)
{
	make_dirs(dir);
	if (mount(source, dir, type, flags, options))
		fail("mount %s on %s", source, dir);
}

/* The kernel in use may lack it. A test that needs it then fails. */
static void try_mount(const char *type, const char *dir)
{
	if (!access(dir, F_OK))
		mount(type, dir, type, MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
}

static void load_modules(void)
{
	FILE *list = fopen("/modules/list", "re");
	char name[128], path[160];

	if (!list)
		fail("/modules/list");
	while (fscanf(list, "%127s", name) == 1) {
		int file;

		snprintf(path, sizeof(path), "/modules/%s", name);
		file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0 || (syscall(SYS_finit_module, file, "", 0) && errno != EEXIST))
			fail("load %s", name);
		close(file);
	}
	fclose(list);
}

/* Splits /args into *envp and *argv, which point into a static buffer. */
static void read_args(char ***envp, char ***argv)
{
	static char text[MAX_ARGS];
	size_t size, count = 0;
	FILE *file = fopen("/args", "re");
	char **strings;

	if (!file)
		fail("/args");
	size = fread(text, 1, sizeof(text) - 1, file);
	if (!feof(file) && size == sizeof(text) - 1) {
		errno = E2BIG;
		fail("the command's arguments");
	}
	fclose(file);

	strings = calloc(size + 2, sizeof(*strings));
	if (!strings)
		fail("/args");
	*envp = strings;
	*argv = NULL;
	for (char *s = text; s < text + size; s += strlen(s) + 1) {
		if (*s || *argv)
			strings[count++] = s;
		else
			*argv = &strings[++count];
	}
	if (!*argv || !**argv) {
		errno = EINVAL;
		fail("no command in /args");
	}
}

static const char *get(char **envp, const char *name)
{
	size_t length = strlen(name);

	for (; *envp; envp++) {
		if (!strncmp(*envp, name, length) && (*envp)[length] == '=')
			return *envp + length + 1;
	}
	return NULL;
}

/*
 * cache=loose: the host's files hardly change while a guest runs, and asking again for each is
 * slow. msize is the most that the virtio transport carries at once. For a kernel without 9p,
 * scripts/vm provides virtiofs.
 */
static void mount_share(const char *tag, const char *dir)
{
	const char *options = "trans=virtio,version=9p2000.L,cache=loose,msize=512000";

	make_dirs(dir);
	if (!mount(tag, dir, "9p", MS_RDONLY, options))
		return;
	if (errno != ENODEV || mount(tag, dir, "virtiofs", MS_RDONLY, NULL))
		fail("mount %s on %s", tag, dir);
}

static void mount_overlay(const char *lower, const char *dir, const char *writes)
{
	char options[512], upper[64], work[64];

	snprintf(upper, sizeof(upper), "/writes/%s", writes);
	snprintf(work, sizeof(work), "/writes/%s.work", writes);
	make_dirs(upper);
	make_dirs(work);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper,
		 work);
	mount_on("overlay", dir, "overlay", 0, options);
}

static void make_root(const char *project, const char *top)
{
	char dir[PATH_MAX];

	mount_share("host", "/host");
	mount_share("kernel", "/kernel");
	mount_on("tmpfs", "/writes", "tmpfs", 0, "mode=0755");
	mount_overlay("/kernel:/host", "/root", "root");
	if (!project)
		return;
	mount_share(project, "/project");
	snprintf(dir, sizeof(dir), "/root%s", top);
	mount_overlay("/project", dir, "project");
}

static void enter_root(const char *top)
{
	int seen;

	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fail("enter the root file system");

	seen = open(top, O_PATH | O_CLOEXEC);
	if (seen < 0)
		fail("%s", top);

	mount_on("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	mount_on("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	mount_on("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
	mount_on("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666");
	mount_on("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, NULL);
	mount_on("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
	mount_on("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL);
	try_mount("tracefs", "/sys/kernel/tracing");
	try_mount("debugfs", "/sys/kernel/debug");
	try_mount("securityfs", "/sys/kernel/security");
	try_mount("cgroup2", "/sys/fs/cgroup");
	try_mount("bpf", "/sys/fs/bpf");

	/* A project below /tmp has just been hidden. */
	if (access(top, F_OK)) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", seen);
		mount_on(path, top, NULL, MS_BIND, NULL);
	}
	close(seen);

	/* What udev would do. */
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("fd/0", "/dev/stdin") ||
	    symlink("fd/1", "/dev/stdout") || symlink("fd/2", "/dev/stderr"))
		fail("links in /dev");
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &lo))
		fail("bring lo up");
	close(sock);
}

/* The ports appear some time after the driver has been loaded. */
static int open_port(const char *path)
{
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];
	int watch = inotify_init1(IN_CLOEXEC);
	int port;

	if (watch < 0 || inotify_add_watch(watch, "/dev", IN_CREATE) < 0)
		fail("watch /dev");
	while ((port = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY)) < 0) {
		if ((errno != ENOENT && errno != ENXIO) || read(watch, event, sizeof(event)) < 0)
			fail("%s", path);
	}
	close(watch);
	return port;
}

static void __attribute__((noreturn)) command(char **argv, char **envp, int in, int out)
{
	sigset_t none;

	setsid();
	if (isatty(in)) {
		const char *rows = get(envp, "LINES"), *columns = get(envp, "COLUMNS");
		struct winsize size = {
			.ws_row = rows ? atoi(rows) : 24,
			.ws_col = columns ? atoi(columns) : 80,
		};

		ioctl(in, TIOCSCTTY, 0);
		ioctl(in, TIOCSWINSZ, &size);
	}
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	environ = envp;
	execvp(*argv, argv);
	dprintf(STDERR_FILENO, "roundwatch-vm: cannot run %s: %s\n", *argv, strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Reaps all children that have ended. True if the command was one of them. */
static bool reap(pid_t child, int *status)
{
	bool ended = false;
	pid_t pid;
	int how;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
		ended = true;
	}
	return ended;
}

/* The checksum of all that the command wrote, as cksum(1) computes it. The host compares. */
static struct output {
	uint32_t crc;
	uintmax_t bytes;
} output;

static void crc_add(uint32_t *crc, unsigned char byte)
{
	*crc ^= (uint32_t)byte << 24;
	for (int bit = 0; bit < 8; bit++)
		*crc = *crc << 1 ^ (*crc >> 31 ? 0x04c11db7 : 0);
}

static uint32_t cksum(struct output sum)
{
	for (; sum.bytes; sum.bytes >>= 8)
		crc_add(&sum.crc, sum.bytes);
	return ~sum.crc;
}

static void copy(int from, int to)
{
	static char text[64 << 10];
	ssize_t length = read(from, text, sizeof(text));

	if (length < 0)
		fail("read the command's output");
	for (ssize_t done = 0, n; done < length; done += n) {
		n = write(to, text + done, length - done);
		if (n < 0)
			fail("write to the host");
	}
	for (ssize_t i = 0; i < length; i++)
		crc_add(&output.crc, text[i]);
	output.bytes += length;
}

/*
 * Everything that the command left running is killed. Its output is complete when no process
 * has the pipe open any more. A process that cannot be killed is an error.
 */
static int run(char **argv, char **envp, bool terminal)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct signalfd_siginfo info;
	int ends[2], in, port = -1;
	bool ended = false;
	sigset_t child_ended;
	int status = 0;
	pid_t child;

	sigemptyset(&child_ended);
	sigaddset(&child_ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_ended, NULL);
	fds[0].fd = signalfd(-1, &child_ended, SFD_CLOEXEC);

	/* A pipe and not the port itself, which has one opener and no /dev/stdout. */
	if (pipe2(ends, O_CLOEXEC))
		fail("pipe");
	in = terminal ? open_port(TERMINAL) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!terminal)
		port = open_port(OUTPUT_PORT);

	child = fork();
	if (child < 0)
		fail("fork");
	if (!child)
		command(argv, envp, in, terminal ? in : ends[1]);
	close(in);
	close(ends[1]);
	fds[1].fd = terminal ? -1 : ends[0];

	while (!ended || fds[1].fd >= 0) {
		int ready = poll(fds, 2, ended ? DIES_WITHIN_MS : -1);

		if (ready < 0)
			fail("poll");
		if (!ready) {
			errno = ETIMEDOUT;
			fail("kill what the command left running");
		}
		if (fds[0].revents) {
			if (read(fds[0].fd, &info, sizeof(info)) < 0)
				fail("read signals");
			if (reap(child, &status)) {
				ended = true;
				kill(-1, SIGKILL);
			}
		}
		if (fds[1].revents & POLLIN)
			copy(fds[1].fd, port);
		else if (fds[1].revents)
			fds[1].fd = -1;
	}
	return status;
}

/* If a test wants another process 1, this program continues as its child. */
static void give_way_to(const char *command)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (!child)
		return;
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	fail("%s", command);
}

int main(void)
{
	const char *nonce = getenv("RW_NONCE");
	char **envp, **argv;
	const char *top, *init;
	int status;
	int port;

	mount_on("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	read_args(&envp, &argv);
	top = get(envp, "RW_TOP");
	if (!nonce || !top) {
		errno = EINVAL;
		fail("no RW_NONCE on the kernel's command line, or no RW_TOP in /args");
	}
	load_modules();
	make_root(get(envp, "RW_SHARE"), top);
	enter_root(top);
	loopback_up();
	if (sethostname("roundwatch-vm", strlen("roundwatch-vm")) || chdir(top))
		fail("settle in %s", top);

	init = get(envp, "RW_INIT");
	if (init)
		give_way_to(init);

	/* The boot is over: from here on the console gets every line, not just warnings. */
	klogctl(8, NULL, 8);

	port = open_port(STATUS_PORT);
	status = run(argv, envp, get(envp, "COLUMNS"));
	if (dprintf(port, "roundwatch-vm: status=%d output=%" PRIu32 ":%ju nonce=%s\n", status,
		    cksum(output), output.bytes, nonce) < 0)
		fail("write the last line");
	power_off();
}
