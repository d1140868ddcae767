// SPDX-License-Identifier: GPL-2.0
/*
 * follow - prints the records of /dev/roundwatch, a line each, as they come
 *
 * follow [--nonblock | --hold | --share | --edge | --hammer]
 *
 * Waits with poll(). With --nonblock reads what there is and prints "EAGAIN".
 * With --hold waits for a byte on standard input between the snapshot and the
 * rest. With --share reads in two threads, which wait in read(). Ends only by a
 * signal.
 *
 * With --edge checks that a record that cannot be copied to the reader is not lost.
 * With --hammer makes calls as fast as it can, for ever, whether the module is
 * loaded or not, and closes the files in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "roundwatch.h"

static int show(const char *at, const char *end)
{
	int snapshot_ended = 0;

	while (at < end) {
		const struct roundwatch_header *h = (const void *)at;
		const struct roundwatch_tally *t = (const void *)at;

		if (h->size < sizeof(*h) || h->size % 8 || h->size > end - at ||
		    h->abi != ROUNDWATCH_ABI) {
			printf("BAD size %u abi %u\n", h->size, h->abi);
			exit(1);
		}
		switch (h->type) {
		case ROUNDWATCH_INFO:
			puts("INFO");
			break;
		case ROUNDWATCH_TALLY:
			printf("TALLY %u %u verdict=%u flags=%u %s\n", t->tgid, t->pid, t->verdict,
			       t->flags, t->comm);
			break;
		case ROUNDWATCH_SNAPSHOT_END:
			puts("END");
			snapshot_ended = 1;
			break;
		case ROUNDWATCH_LOST:
			printf("LOST %llu\n", ((const struct roundwatch_lost *)at)->lost);
			break;
		}
		at += h->size;
	}
	fflush(stdout);
	return snapshot_ended;
}

static void hammer(void)
{
	static char buf[4096];
	struct roundwatch_info info;
	int i, fd;

	for (;;) {
		struct pollfd pfd = { .events = POLLIN };

		fd = open(ROUNDWATCH_DEVICE, O_RDONLY | O_NONBLOCK);
		pfd.fd = fd;
		for (i = 0; fd >= 0 && i < 10; i++) {
			ioctl(fd, ROUNDWATCH_IOC_INFO, &info);
			poll(&pfd, 1, 0);
			if (read(fd, buf, sizeof(buf)) < 0 && errno != EAGAIN)
				break;
		}
		if (fd >= 0)
			close(fd);
		fd = open("/proc/roundwatch", O_RDONLY);
		if (fd < 0)
			continue;
		for (i = 0; i < 50; i++)
			if (pread(fd, buf, sizeof(buf), 0) < 0)
				break;
		close(fd);
	}
}

static void *share(void *arg)
{
	char buf[4096] __attribute__((aligned(8)));
	int fd = *(int *)arg;

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0) {
			printf("BAD read: %s\n", n ? strerror(errno) : "end of file");
			fflush(stdout);
			return NULL;
		}
		/* One writer at a time, as stdio locks for a line only. */
		flockfile(stdout);
		show(buf, buf + n);
		funlockfile(stdout);
	}
}

/* Right before a page that cannot be written. */
static int edge(int fd)
{
	const size_t page = 4096, info = sizeof(struct roundwatch_info);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct roundwatch_header *first = (const void *)pages;

	if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE)) {
		perror("mmap");
		return 1;
	}
	if (read(fd, pages + page, page) != -1 || errno != EFAULT) {
		puts("BAD: no EFAULT");
		return 1;
	}
	/* The first record fits, and the next does not. */
	if (read(fd, pages + page - info, page) != (ssize_t)info ||
	    ((const struct roundwatch_header *)(pages + page - info))->type != ROUNDWATCH_INFO) {
		puts("BAD: the first record was lost");
		return 1;
	}
	if (read(fd, pages, page) <= 0 || first->type == ROUNDWATCH_INFO) {
		puts("BAD: what came after it was lost");
		return 1;
	}
	puts("OK");
	return 0;
}

int main(int argc, char **argv)
{
	int nonblock = argc > 1 && !strcmp(argv[1], "--nonblock");
	int hold = argc > 1 && !strcmp(argv[1], "--hold");
	int fd = open(ROUNDWATCH_DEVICE, O_RDONLY | (nonblock ? O_NONBLOCK : 0));
	struct roundwatch_info info;
	static char buf[65536] __attribute__((aligned(8)));
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (argc > 1 && !strcmp(argv[1], "--hammer"))
		hammer();
	if (fd < 0) {
		perror(ROUNDWATCH_DEVICE);
		return 1;
	}
	if (ioctl(fd, ROUNDWATCH_IOC_INFO, &info) || info.header.size != sizeof(info) ||
	    info.header.type != ROUNDWATCH_INFO || ioctl(fd, _IO('R', 0x76)) != -1 ||
	    errno != ENOTTY) {
		puts("BAD ioctl");
		return 1;
	}
	if (read(fd, buf, 16) != -1 || errno != EINVAL) {
		puts("BAD short read");
		return 1;
	}
	if (argc > 1 && !strcmp(argv[1], "--edge"))
		return edge(fd);
	if (argc > 1 && !strcmp(argv[1], "--share")) {
		pthread_t other;

		if (pthread_create(&other, NULL, share, &fd))
			abort();
		share(&fd);
		return 1;
	}
	for (;;) {
		ssize_t n;

		if (!nonblock && poll(&pfd, 1, -1) != 1) {
			perror("poll");
			return 1;
		}
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EAGAIN && nonblock) {
			puts("EAGAIN");
			return 0;
		}
		if (n < 0) {
			perror("read");
			return 1;
		}
		if (!n) {
			puts("BAD end of file");
			return 1;
		}
		if (show(buf, buf + n) && hold && read(STDIN_FILENO, buf, 1) != 1) {
			puts("BAD standard input");
			return 1;
		}
	}
}
