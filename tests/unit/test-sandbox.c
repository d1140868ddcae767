// SPDX-License-Identifier: GPL-2.0
/* userspace/host/sandbox.c: what each kind of filter permits and refuses, tried in a child. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/sandbox.h"
#include "tap.h"

static char file[] = "/tmp/test-sandbox-XXXXXX";
static char missing[64];
static struct sockaddr_un closed = { .sun_family = AF_UNIX };
static unsigned long long had, expected;
static pid_t parent;

/* Each returns what the call does: below 0 with errno if it fails. */
static long inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long inet6(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0);
}

static long packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long local(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}

/* That listens without blocking, so that there is nobody to accept. */
static int listens = -1;

static long take_connection(void)
{
	return accept4(listens, NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EAGAIN ? 0 : -1;
}

static long take_connection_plainly(void)
{
	return accept(listens, NULL, NULL) < 0 && errno == EAGAIN ? 0 : -1;
}

static long run(void)
{
	return execl("/bin/true", "true", NULL);
}

static long start(void)
{
	char *argv[] = { (char *)"true", NULL };
	int err, status;
	pid_t pid;

	err = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, argv + 1);
	if (err || waitpid(pid, &status, 0) != pid || status) {
		errno = err ? err : ECHILD;
		return -1;
	}
	return 0;
}

static long fork_child(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid;
}

static long signal_parent(void)
{
	return kill(parent, SIGCONT);
}

static long find_parent(void)
{
	return kill(parent, 0);
}

static long signal_itself(void)
{
	return raise(SIGCONT);
}

static long signal_pidfd(void)
{
	int fd = syscall(SYS_pidfd_open, parent, 0);

	return fd < 0 ? fd : syscall(SYS_pidfd_send_signal, fd, SIGCONT, NULL, 0);
}

static long trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long read_memory(void)
{
	return syscall(SYS_process_vm_readv, parent, NULL, 0UL, NULL, 0UL, 0UL);
}

static long read_file(void)
{
	return open(file, O_RDONLY);
}

static long write_file(void)
{
	return open(file, O_WRONLY);
}

static long create_file(void)
{
	return open(missing, O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

static long remove_file(void)
{
	return unlink(missing) && errno == ENOENT ? 0 : -1;
}

static long rename_file(void)
{
	return rename(file, missing);
}

static long name_file(void)
{
	return linkat(AT_FDCWD, file, AT_FDCWD, missing, 0);
}

/* Only the signal that cannot be caught, to none in particular. */
static long end_process(void)
{
	return kill(INT32_MAX, SIGKILL) && errno == ESRCH ? 0 : -1;
}

static long end_politely(void)
{
	return kill(INT32_MAX, SIGTERM) && errno == ESRCH ? 0 : -1;
}

static long change_mode(void)
{
	return chmod(file, 0600);
}

static long make_code(void)
{
	return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED ? -1 : 0;
}

static long turn_to_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long map_memory(void)
{
	void *p = malloc(64 << 20);

	free(p);
	return p ? 0 : -1;
}

static long type_for_user(void)
{
	return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static long mount_something(void)
{
	return mount("none", "/", "tmpfs", 0, NULL);
}

static long load_program(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long load_module(void)
{
	return syscall(SYS_finit_module, -1, "", 0);
}

static long become_root(void)
{
	return setuid(0);
}

static long raise_limit(void)
{
	const struct rlimit limit = { 64, 64 };

	return setrlimit(RLIMIT_NOFILE, &limit);
}

static long read_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit);
}

static long find_user(void)
{
	return getpwuid(0) ? 0 : -1;
}

/* Nobody may write to it, so it takes CAP_DAC_OVERRIDE. */
static long connect_to_closed(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	return connect(fd, (struct sockaddr *)&closed, sizeof(closed));
}

/* Later than the filter: a C library tries it, and does without. */
static long call_later_ones(void)
{
	return syscall(500);
}

static unsigned long long capabilities(const char *set)
{
	unsigned long long mask = ~0ULL;
	char text[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(text, sizeof(text), f))
		if (!strncmp(text, set, strlen(set)))
			mask = strtoull(text + strlen(set), NULL, 16);
	if (f)
		fclose(f);
	return mask;
}

/* Those that it had of those that it needs, and no others. */
static long has_capabilities(void)
{
	return capabilities("CapPrm:") == expected && capabilities("CapEff:") == expected &&
	       !(capabilities("CapInh:") & ~expected) && !(capabilities("CapAmb:") & ~expected) ?
	       0 : -1;
}

static bool has_line(const char *line)
{
	char text[256];
	bool found = false;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(text, sizeof(text), f))
		found |= !strcmp(text, line);
	return found;
}

static long is_filtered(void)
{
	return has_line("Seccomp:\t2\n") ? 0 : -1;
}

static long has_no_new_privileges(void)
{
	return has_line("NoNewPrivs:\t1\n") ? 0 : -1;
}

/* Twice, as it says so once only. */
static long twice(void)
{
	socket(AF_INET, SOCK_STREAM, 0);
	return socket(AF_INET, SOCK_STREAM, 0);
}

/* As a child that runs another subcommand. */
static long twice_limited(void)
{
	sandbox_enter(SANDBOX_CREATE);
	return create_file() < 0 && errno == EPERM ? 0 : -1;
}

static long while_blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return inet();
}

/* Text is what the child printed; returns its errno, 0, or -1 if SIGSYS ended it. */
static int try(unsigned int needs, long (*call)(void), char *text, size_t size)
{
	int out[2], status;
	ssize_t n, have = 0;
	pid_t pid;

	if (pipe(out))
		abort();
	pid = fork();
	if (!pid) {
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		sandbox_enter(needs);
		_exit(call() < 0 ? errno : 0);
	}
	close(out[1]);
	while ((n = read(out[0], text + have, size - 1 - have)) > 0)
		have += n;
	text[have] = '\0';
	close(out[0]);
	if (waitpid(pid, &status, 0) != pid)
		abort();
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return WTERMSIG(status) == SIGSYS ? -1 : -2;
}

static const struct attempt {
	const char *name;
	long (*call)(void);
	unsigned int needs;	/* with any of these, it is permitted */
	int number;		/* of the call; 0: it is permitted with all */
} attempts[] = {
	{ "a socket of the Internet", inet, 0, SYS_socket },
	{ "one of IPv6", inet6, 0, SYS_socket },
	{ "one for raw packets", packet, 0, SYS_socket },
	{ "a connection from others", take_connection, SANDBOX_SERVE, SYS_accept4 },
	{ "one without flags", take_connection_plainly, SANDBOX_SERVE, SYS_accept },
	{ "running another program", run, SANDBOX_SPAWN, SYS_execve },
	{ "signals to others", signal_parent, SANDBOX_SPAWN, SYS_kill },
	{ "signals to others through a descriptor", signal_pidfd, SANDBOX_SIGNAL, SYS_pidfd_open },
	{ "ptrace", trace, 0, SYS_ptrace },
	{ "memory of others", read_memory, 0, SYS_process_vm_readv },
	{ "creating a file", create_file, SANDBOX_CREATE, SYS_openat },
	{ "opening a file for writing", write_file,
	  SANDBOX_CREATE | SANDBOX_WRITE | SANDBOX_SPAWN, SYS_openat },
	{ "giving a file a name", name_file, SANDBOX_COLLECT, SYS_linkat },
	{ "ending other processes", end_process, SANDBOX_SPAWN | SANDBOX_COLLECT, SYS_kill },
	{ "asking them to end", end_politely, SANDBOX_SPAWN, SYS_kill },
	{ "removing a file", remove_file, 0, SYS_unlink },
	{ "renaming a file", rename_file, 0, SYS_rename },
	{ "the mode of a file", change_mode, 0, SYS_chmod },
	{ "memory that is written and executed", make_code, 0, SYS_mmap },
	{ "memory that was written and is executed", turn_to_code, SANDBOX_SPAWN, SYS_mprotect },
	{ "typing on the terminal", type_for_user, 0, SYS_ioctl },
	{ "mount", mount_something, 0, SYS_mount },
	{ "bpf", load_program, 0, SYS_bpf },
	{ "a kernel module", load_module, 0, SYS_finit_module },
	{ "another user ID", become_root, 0, SYS_setuid },
	{ "another limit", raise_limit, 0, SYS_prlimit64 },
	{ "a local socket", local, 0, 0 },
	{ "reading a file", read_file, 0, 0 },
	{ "memory", map_memory, 0, 0 },
	{ "a look at its limits", read_limit, 0, 0 },
	{ "a user's name", find_user, 0, 0 },
	{ "a look whether a process is there", find_parent, 0, 0 },
	{ "signals to itself", signal_itself, 0, 0 },
	{ "a filter, after all", is_filtered, 0, 0 },
	{ "no new privileges", has_no_new_privileges, 0, 0 },
	{ "no other capabilities", has_capabilities, 0, 0 },
};

static const struct kind {
	const char *name;
	unsigned int needs;
	unsigned int capabilities;	/* besides the two to read */
} kinds[] = {
	{ "reading", 0, 0 },
	{ "creating a file", SANDBOX_CREATE, 1U << CAP_DAC_OVERRIDE },
	{ "writing to files", SANDBOX_WRITE, 1U << CAP_DAC_OVERRIDE },
	{ "starting programs", SANDBOX_SPAWN, 1U << CAP_DAC_OVERRIDE | 1U << CAP_SYS_ADMIN },
	{ "signals", SANDBOX_SIGNAL, 1U << CAP_KILL },
	{ "serving", SANDBOX_SERVE, 0 },
	{ "collecting", SANDBOX_CREATE | SANDBOX_COLLECT, 1U << CAP_DAC_OVERRIDE },
};

static void test_attempt(const struct kind *k, const struct attempt *a)
{
	bool permitted = !a->number || a->needs & k->needs;
	char text[1024], told[64];
	int err;

	expected = had & (1U << CAP_SYS_PTRACE | 1U << CAP_DAC_READ_SEARCH | k->capabilities);
	err = try(k->needs, a->call, text, sizeof(text));
	unlink(missing);
	snprintf(told, sizeof(told), "number %4d.\n", a->number);
	if (permitted)
		ok(!err && !*text, "%s: %s is permitted", k->name, a->name);
	else if (k->needs & SANDBOX_SPAWN)
		ok(err == EPERM, "%s: %s is refused", k->name, a->name);
	else
		ok(err == EPERM && strstr(text, told),
		   "%s: %s is refused, and said so", k->name, a->name);
	if (*text && permitted)
		diag("%s", text);
}

int main(void)
{
	char text[1024];
	int fd = mkstemp(file), err;

	if (fd < 0)
		abort();
	close(fd);
	snprintf(missing, sizeof(missing), "%s-", file);
	snprintf(closed.sun_path, sizeof(closed.sun_path), "%s=", file);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(fd, (struct sockaddr *)&closed, sizeof(closed)) || chmod(closed.sun_path, 0))
		abort();
	listens = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listen(listens, 1))
		abort();
	parent = getpid();
	had = capabilities("CapPrm:");
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
			test_attempt(&kinds[k], &attempts[i]);
	err = try(0, fork_child, text, sizeof(text));
	/* Newer C libraries block all signals meanwhile, and then it ends. */
	ok(err == EPERM || err == -1, "reading: no other process is made");
	is(try(SANDBOX_COLLECT, fork_child, text, sizeof(text)), 0, "collecting: one is made");
	is(try(0, twice_limited, text, sizeof(text)), 0, "limits that are there stay as they are");
	is(try(SANDBOX_SPAWN, start, text, sizeof(text)), 0, "starting programs: one is started");
	is(try(0, twice, text, sizeof(text)), EPERM, "refused twice, it goes on");
	ok(strchr(text, '\n') && !strchr(text, '\n')[1], "and says so once");
	is(try(0, connect_to_closed, text, sizeof(text)), EACCES, "no rights beyond those of files");
	is(try(0, call_later_ones, text, sizeof(text)), ENOSYS, "a later call is one it has not");
	ok(strstr(text, "number  500.\n"), "and it says so");
	is(try(0, while_blocked, text, sizeof(text)), EPERM, "while signals are blocked, too");
	unlink(closed.sun_path);
	unlink(file);
	return tap_done();
}
