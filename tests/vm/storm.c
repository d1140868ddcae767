// SPDX-License-Identifier: GPL-2.0
/*
 * storm - many tasks at once, for tests/vm/storms.sh
 *
 * storm rounders PROCESSES THREADS   that change their rounding mode, until they are killed;
 *                                  prints "ready" once all run
 * storm births SECONDS               processes that round, fork, exec and end
 * storm readers SECONDS              processes that open the module's files, do something and end
 * storm unload                       unloads the module as soon as nobody has the device open
 * storm memory                       takes memory until it is killed
 * storm failing MODULE [PARAMETERS]  loads MODULE again and again; the Nth time, the Nth allocation
 *                                  fails. The kernel must have CONFIG_FAULT_INJECTION.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../rounding.h"
#include "roundwatch.h"

#define PROC_FILE	"/proc/roundwatch"
#define BROODS		3
#define READS_US	50000	/* a read may wait */
#define UNLOAD_SECONDS	60
#define MAX_ALLOCATIONS	20000	/* of one load; it has some hundreds */

static void die(const char *what)
{
	fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void spin(unsigned int n)
{
	volatile unsigned int i;

	for (i = 0; i < n; i++)
		;
}

static int ready[2], go[2];

/*
 * All modes in turn, in user mode nearly always, once all are there. The first is not RN, so
 * that the first sample shows it.
 */
static void *rounder(void *unused)
{
	unsigned int mode = 2;
	char byte = 1;

	(void)unused;
	if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1))
		die("rounder");
	set_mode(mode);
	for (;;) {
		spin(20000);
		set_mode(++mode);
		if (!(mode % 64))
			sched_yield();
	}
	return NULL;
}

/*
 * A session of its own, which has its own share of the CPUs, and a group, so that one signal
 * stops or ends them all.
 */
static void __attribute__((noreturn)) rounders(int processes, int threads)
{
	int i, j, left = processes * threads;
	pthread_attr_t small;
	pthread_t thread;
	char bytes[512];
	ssize_t n;

	if (setsid() < 0 || pipe(ready) || pipe(go))
		die("rounders");
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "rounder");
		close(go[1]);
		for (j = 1; j < threads; j++) {
			errno = pthread_create(&thread, &small, rounder, NULL);
			if (errno)
				die("pthread_create");
		}
		rounder(NULL);
	}
	for (; left; left -= n) {
		n = read(ready[0], bytes, sizeof(bytes));
		if (n <= 0)
			die("read");
	}
	close(go[1]);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

/* @generations: how many more may come of this one */
static void __attribute__((noreturn)) birth(unsigned int seed, int generations)
{
	pid_t pid;

again:
	prctl(PR_SET_NAME, "birth");
	set_mode(seed);
	spin(rand_r(&seed) % 200000);
	if (generations && rand_r(&seed) % 2) {
		pid = fork();
		if (!pid) {
			seed++;
			generations--;
			goto again;
		}
		/* Some leave theirs behind. */
		if (pid > 0 && rand_r(&seed) % 2)
			waitpid(pid, NULL, 0);
	}
	if (rand_r(&seed) % 3 == 0)
		execl("/proc/self/exe", "storm", "born", (char *)NULL);
	_exit(0);
}

static int births(double deadline)
{
	unsigned long count = 0;
	unsigned int seed = 1;
	int alive = 0;

	/* init waits for the orphans. */
	while (now() < deadline) {
		pid_t pid = fork();

		if (!pid)
			birth(seed, 2);
		if (pid < 0)
			die("fork");
		count++;
		seed++;
		for (alive++; alive >= 16 && wait(NULL) > 0;)
			alive--;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			alive--;
	}
	while (wait(NULL) > 0)
		;
	printf("# %lu processes and their children\n", count);
	return 0;
}

static void *reads_too(void *fd)
{
	char buffer[ROUNDWATCH_MAX_RECORD];

	while (read(*(int *)fd, buffer, sizeof(buffer)) > 0)
		;
	return NULL;
}

/* Opens one of the two files, and ends in the middle of something. The module may not be there. */
static void reader(unsigned int seed)
{
	char buffer[64 << 10];
	struct roundwatch_info info;
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct timeval moment = { .tv_usec = 1000 };
	struct pollfd pollfd;
	pthread_t thread;
	fd_set set;
	int fd, epoll;

	fd = open(rand_r(&seed) % 2 ? ROUNDWATCH_DEVICE : PROC_FILE,
		  O_RDONLY | (rand_r(&seed) % 2 ? O_NONBLOCK : 0));
	if (fd < 0)
		_exit(0);
	ualarm(READS_US, 0);
	switch (rand_r(&seed) % 9) {
	case 0:
		if (read(fd, buffer, 1) < 0 && errno == EFAULT)
			die("read");
		break;
	case 1:
		while (read(fd, buffer, sizeof(buffer)) > 0)
			;
		break;
	case 2:
		pollfd = (struct pollfd){ .fd = fd, .events = POLLIN };
		poll(&pollfd, 1, 1);
		break;
	case 3:
		epoll = epoll_create1(0);
		if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
			break;
		close(fd);
		epoll_wait(epoll, &event, 1, 1);
		break;
	case 4:
		FD_ZERO(&set);
		FD_SET(fd, &set);
		select(fd + 1, &set, NULL, NULL, &moment);
		break;
	case 5:
		lseek(fd, rand_r(&seed), SEEK_SET);
		lseek(fd, -1, SEEK_END);
		if (pread(fd, buffer, sizeof(buffer), rand_r(&seed)) > (ssize_t)sizeof(buffer))
			die("pread");
		break;
	case 6:
		ioctl(fd, ROUNDWATCH_IOC_INFO, &info);
		break;
	case 7:
		if (!pthread_create(&thread, NULL, reads_too, &fd))
			spin(rand_r(&seed) % 100000);
		break;
	default:
		if (dup(fd) >= 0)
			close(fd);
		if (!fork())
			ualarm(READS_US, 0);
		while (read(fd, buffer, ROUNDWATCH_MAX_RECORD) > 0)
			;
	}
	_exit(0);
}

static int readers(double deadline)
{
	unsigned long count = 0;
	unsigned int seed = BROODS;
	int i;

	for (i = 0; i < BROODS; i++)
		if (!fork())
			reader(i);
	while (now() < deadline) {
		if (wait(NULL) < 0)
			die("wait");
		count++;
		seed++;
		if (!fork())
			reader(seed);
	}
	while (wait(NULL) > 0)
		;
	printf("# %lu readers\n", count);
	return 0;
}

static int unload(double deadline)
{
	while (syscall(SYS_delete_module, "roundwatch", O_NONBLOCK)) {
		if ((errno != EWOULDBLOCK && errno != EBUSY) || now() > deadline)
			die("cannot be unloaded");
		usleep(500);
	}
	return 0;
}

static void __attribute__((noreturn)) memory(void)
{
	const size_t step = 16 << 20;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, "1000", 4) != 4)
		die("oom_score_adj");
	for (;;) {
		char *more = malloc(step);

		if (more)
			memset(more, 1, step);
	}
}

/*
 * The calling thread's allocation that is to fail, counted from now; 0: none. The file stays
 * open, as opening it allocates.
 */
static int fail_nth_fd;

static void set_fail_nth(long n)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%ld", n);

	if (pwrite(fail_nth_fd, text, length, 0) != length)
		die("fail-nth");
}

static long get_fail_nth(void)
{
	char text[32] = "";

	if (pread(fail_nth_fd, text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth");
	return atol(text);
}

static int exists(const char *path)
{
	return !access(path, F_OK);
}

static int failing(const char *path, const char *parameters)
{
	long n, refused = 0, loaded = 0;
	int fd, status, error, failed = 1;

	fail_nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth_fd < 0)
		die("fail-nth");
	for (n = 1; failed && n < MAX_ALLOCATIONS; n++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			die(path);
		set_fail_nth(n);
		status = syscall(SYS_finit_module, fd, parameters, 0);
		error = errno;
		failed = !get_fail_nth();
		set_fail_nth(0);
		close(fd);
		if (!status) {
			loaded++;
			if (syscall(SYS_delete_module, "roundwatch", O_NONBLOCK))
				die("cannot be unloaded");
		} else {
			refused++;
			if (error != ENOMEM) {
				fprintf(stderr, "storm: allocation %ld: %s, not ENOMEM\n", n,
					strerror(error));
				return 1;
			}
		}
		if (exists("/sys/module/roundwatch") || exists(PROC_FILE) ||
		    exists(ROUNDWATCH_DEVICE)) {
			fprintf(stderr, "storm: allocation %ld: something is left\n", n);
			return 1;
		}
	}
	printf("# of %ld loads in which an allocation failed %ld failed, %ld did without\n", n - 2,
	       refused, loaded - 1);
	return failed || refused < 10;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "born"))
		return 0;
	if (!strcmp(what, "rounders") && argc == 4)
		rounders(atoi(argv[2]), atoi(argv[3]));
	if (!strcmp(what, "births") && argc == 3)
		return births(now() + atof(argv[2]));
	if (!strcmp(what, "readers") && argc == 3)
		return readers(now() + atof(argv[2]));
	if (!strcmp(what, "unload"))
		return unload(now() + UNLOAD_SECONDS);
	if (!strcmp(what, "memory"))
		memory();
	if (!strcmp(what, "failing") && argc >= 3)
		return failing(argv[2], argc > 3 ? argv[3] : "");
	fputs("usage: storm rounders PROCESSES THREADS | births SECONDS | readers SECONDS | unload | memory | failing MODULE [PARAMETERS]\n",
	      stderr);
	return 2;
}
