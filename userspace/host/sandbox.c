// SPDX-License-Identifier: GPL-2.0
/*
 * What the subcommands that run for long give up: capabilities, and system calls. They
 * read what other users' processes control: names, command lines, memory maps.
 *
 * The filter lists what is allowed. A list of what is dangerous would be out of date with
 * each new kernel. A call that the filter refuses fails with EPERM, and the program says so
 * on standard error and continues. To be killed would be worse: if a C library makes a call
 * that is not foreseen here, the detection would end. To fail without a message would be
 * worse as well: nobody would know what is no longer seen.
 *
 * The filter cannot see what pointers point to: paths, and the flags of openat2().
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "host/sandbox.h"

#ifdef HAVE_LIBSECCOMP
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>

#include "roundwatch.h"

/* An old libseccomp does not know their names; the numbers are the same on all machines. */
#define PIDFD_SEND_SIGNAL	424
#define PIDFD_OPEN		434
#define OPENAT2			437
#define FACCESSAT2		439

/*
 * The last system call of Linux 6.6. A C library that makes a later one expects that the
 * kernel may not have it, and does without.
 */
#define NEWEST_CALL		453

/* Reading, printing, waiting; a name service that asks a daemon; the journal and syslog. */
static const char *const plain[] = {
	"access", "arch_prctl", "brk", "clock_getres", "clock_gettime", "clock_nanosleep", "close",
	"dup", "dup2", "dup3", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait",
	"eventfd2", "exit", "exit_group", "faccessat", "fadvise64", "fcntl", "flock", "fstat",
	"fstatfs", "fsync", "ftruncate", "futex", "getcwd", "getdents64", "getegid", "geteuid",
	"getgid", "getgroups", "getpeername", "getpgrp", "getpid", "getppid", "getrandom",
	"getresgid", "getresuid", "getrlimit", "getrusage", "getsockname", "getsockopt", "gettid",
	"gettimeofday", "getuid", "inotify_add_watch", "inotify_init1", "inotify_rm_watch",
	"lseek", "lstat", "madvise", "membarrier", "memfd_create", "mincore", "mremap", "munmap",
	"nanosleep", "newfstatat", "poll", "ppoll", "pread64", "preadv", "pselect6", "read",
	"readlink", "readlinkat", "readv", "recvfrom", "recvmsg", "restart_syscall", "rseq",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait",
	"sched_getaffinity", "sched_yield", "select", "sendmmsg", "sendmsg", "sendto",
	"set_robust_list", "set_tid_address", "setitimer", "setsockopt", "shutdown", "sigaltstack",
	"signalfd4", "stat", "statfs", "statx", "sysinfo", "time", "timerfd_create",
	"timerfd_settime", "uname", "write", "writev",
};

/* Of a terminal: its size and modes, but not TIOCSTI, which types for the user. */
static const unsigned long requests[] = {
	ROUNDWATCH_IOC_INFO, FIONBIO, FIONREAD, TCFLSH, TCGETS, TCSBRK, TCSETS, TCSETSF, TCSETSW,
	TCXONC, TIOCGPGRP, TIOCGWINSZ,
	0x802c542a, 0x402c542b, 0x402c542c, 0x402c542d,	/* TCGETS2, TCSETS2, TCSETSW2, TCSETSF2 */
};

static const char *const spawning[] = {
	"clone", "clone3", "execve", "kill", "mprotect", "open_tree", "pipe2", "setpgid", "vfork",
	"wait4", "waitid",
};

static scmp_filter_ctx filter;
static bool bad;

static void allow_number(int call)
{
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) < 0;
}

/* A name that libseccomp does not know is of a call that its kernel did not have either. */
static void allow(const char *name)
{
	int call = seccomp_syscall_resolve_name(name);

	if (call != __NR_SCMP_ERROR)
		allow_number(call);
}

static void allow_all(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		allow(names[i]);
}

static void allow_if(int call, struct scmp_arg_cmp condition)
{
	bad |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition) < 0;
}

static void allow_open(unsigned int needs)
{
	scmp_datum_t written = O_ACCMODE | O_CREAT | O_TRUNC;

	if (needs & SANDBOX_CREATE) {
		allow("open");
		allow("openat");
		return;
	}
	allow_if(SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, written, O_RDONLY));
	allow_if(SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, written, O_RDONLY));
	if (!(needs & (SANDBOX_WRITE | SANDBOX_SPAWN)))
		return;
	allow_if(SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, written, O_WRONLY));
	allow_if(SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, written, O_WRONLY));
	if (needs & SANDBOX_WRITE)
		allow("unlinkat");
}

/* Children do the work, which are this program, and what waits in a read is killed. */
static const char *const collecting[] = {
	"clone", "linkat", "pipe2", "pwrite64", "renameat2", "unlinkat", "wait4",
};

static const char *const replacing[] = { "fchmod", "rename", "renameat", "renameat2", "unlink" };

static void fill(unsigned int needs)
{
	allow_all(plain, ARRAY_SIZE(plain));
	allow_number(OPENAT2);
	allow_number(FACCESSAT2);
	allow_open(needs);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		allow_if(SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, requests[i]));
	/* Memory that can be written is not executed, also where a name service is loaded. */
	allow_if(SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	allow_if(SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0));
	if (!(needs & SANDBOX_SPAWN))
		allow_if(SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* No network. */
	allow_if(SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	allow_if(SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	allow("connect");
	/* Limits are read, not set. */
	allow_if(SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
	/* To end as a signal asks it to; with 0, to see whether a process is there. */
	allow_if(SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	allow_if(SCMP_SYS(tkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)gettid()));
	if (needs & SANDBOX_SPAWN) {
		allow_all(spawning, ARRAY_SIZE(spawning));
	} else {
		allow_if(SCMP_SYS(kill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
		allow_if(SCMP_SYS(kill), SCMP_A1(SCMP_CMP_EQ, 0));
	}
	if (needs & SANDBOX_REPLACE)
		allow_all(replacing, ARRAY_SIZE(replacing));
	if (needs & SANDBOX_COLLECT) {
		allow_all(collecting, ARRAY_SIZE(collecting));
		allow_if(SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG));
		allow_if(SCMP_SYS(kill), SCMP_A1(SCMP_CMP_EQ, SIGKILL));
	}
	if (needs & SANDBOX_SERVE) {
		allow("accept");
		allow("accept4");
	}
	if (needs & SANDBOX_SIGNAL) {
		allow_number(PIDFD_SEND_SIGNAL);
		allow_number(PIDFD_OPEN);
	}
}

#ifdef __x86_64__
#define RESULT gregs[REG_RAX]
#elif defined(__aarch64__)
#define RESULT regs[0]
#endif

#ifdef RESULT
#define REFUSE SCMP_ACT_TRAP

/* Only what a signal handler may call. Each call is reported once. */
static void refused(int signal, siginfo_t *info, void *context)
{
	static bool reported[512];
	char text[] =
		"roundwatch: refused by its own filter, please report it: call number     .\n";
	unsigned int call = info->si_syscall, n = call;
	char *digit = text + sizeof(text) - 4;
	ucontext_t *machine = context;
	int saved = errno;

	(void)signal;
	machine->uc_mcontext.RESULT = call > NEWEST_CALL ? -ENOSYS : -EPERM;
	if (call >= ARRAY_SIZE(reported) || reported[call])
		return;
	reported[call] = true;
	do {
		*digit-- = '0' + n % 10;
	} while (n /= 10);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		errno = saved;
}

static void handle_refused(void)
{
	struct sigaction action = {
		.sa_sigaction = refused, .sa_flags = SA_SIGINFO | SA_RESTART,
	};
	sigset_t set;

	sigaction(SIGSYS, &action, NULL);
	/*
	 * If the signal is blocked, the kernel ends the process instead. That is also what
	 * happens where a C library blocks all signals, as for fork() since glibc 2.41.
	 */
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

#else
#define REFUSE SCMP_ACT_ERRNO(EPERM)

static void handle_refused(void)
{
}
#endif

static void filter_calls(unsigned int needs)
{
	int err;

	/*
	 * A program that is started has no handler yet, and a signal without one would end it.
	 * So that refusals are not silent there either, the kernel logs them.
	 */
	filter = seccomp_init(needs & SANDBOX_SPAWN ? SCMP_ACT_ERRNO(EPERM) : REFUSE);
	if (!filter) {
		error("no memory for the filter of system calls; nothing is filtered");
		return;
	}
	/* Kernels before 4.14 cannot. */
	if (needs & SANDBOX_SPAWN)
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	bad = false;
	fill(needs);
	handle_refused();
	err = bad ? -EINVAL : seccomp_load(filter);
	if (err)
		error("the filter of system calls: %s; nothing is filtered", strerror(-err));
	seccomp_release(filter);
}

#else

static void filter_calls(unsigned int needs)
{
	(void)needs;
}

#endif

/*
 * To read about processes of other users takes two, as in the unit of the service. To be
 * user 0 takes none, so /dev/roundwatch can still be opened by root when it comes again.
 */
static void drop_capabilities(unsigned int needs)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t keep = 1U << CAP_SYS_PTRACE | 1U << CAP_DAC_READ_SEARCH, drops = 0;

	/* The directory, the terminal or the kernel's tracing may belong to another user. */
	if (needs & (SANDBOX_CREATE | SANDBOX_WRITE | SANDBOX_SPAWN))
		keep |= 1U << CAP_DAC_OVERRIDE;
	/* explain opens /proc without the mounts in it. */
	if (needs & SANDBOX_SPAWN)
		keep |= 1U << CAP_SYS_ADMIN;
	if (needs & SANDBOX_SIGNAL)
		keep |= 1U << CAP_KILL;
	/* A program that root starts would get them back. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capget, &head, data))
		goto failed;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t kept = i ? 0 : keep;

		drops |= (data[i].permitted | data[i].inheritable) & ~kept;
		data[i].permitted &= kept;
		data[i].effective &= data[i].permitted;
		data[i].inheritable &= data[i].permitted;
	}
	/* The unit of the service has no others, and its filter forbids to change them. */
	if (!drops || !syscall(SYS_capset, &head, data))
		return;
failed:
	error("privileges are kept: %s", strerror(errno));
}

void sandbox_enter(unsigned int needs)
{
	static bool entered;

	/* A child that runs another subcommand has it already. */
	if (entered)
		return;
	entered = true;
	drop_capabilities(needs);
	filter_calls(needs);
}
