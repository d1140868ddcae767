// SPDX-License-Identifier: GPL-2.0
/*
 * follow - prints the records of /dev/roundwatch, a line each, as they come
 *
 * follow [--nonblock | --hold | --hammer]
 *
 * Waits with poll(); with --nonblock reads what there is and says "EAGAIN";
 * with --hold waits for a byte on standard input between the snapshot and the
 * rest. Ends only by a signal. With --hammer makes calls as fast as it can, for
 * ever, whether the module is loaded or not, and closes the files in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
