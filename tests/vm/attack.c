// SPDX-License-Identifier: GPL-2.0
/*
 * attack - calls the module's files in every wrong way, for tests/vm/interfaces.sh
 *
 * attack MODE; says what is wrong, and ends with status 1 then.
 *
 * ioctls    every number, with good and bad addresses
 * reads     every size, into every kind of buffer
 * records   reads what there is, and looks for what must not be in it
 * calls     the calls that the files do not have
 * hand      passes an open device to a process of another user in other namespaces
 * shared    reads by two processes, and waits with epoll
 * ring      reads and waits with io_uring
 * random SECONDS [SEED]  calls at random, from several threads
 * guided SECONDS [SEED]  calls that reach more and more of the module's code, on a kernel with kcov
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/kcov.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Padding would carry what was on the kernel's stack. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include "roundwatch.h"
#pragma GCC diagnostic pop

#define PROC_FILE	"/proc/roundwatch"
#define PATTERN		0xc3
#define NOBODY		65534
#define PAGE		4096UL
#define ARENA		(64 * PAGE)
#define MAX_RECORD	sizeof(struct roundwatch_tally)
#define KERNEL		((void *)0xffff888000001000UL)

static int wrong;

static void __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	va_list list;

	/* One fault may have many faces. */
	if (++wrong > 20)
		exit(1);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
}

static void die(const char *what)
{
	printf("attack: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_device(int flags)
{
	int fd = open(ROUNDWATCH_DEVICE, O_RDONLY | flags);

	if (fd < 0)
		die(ROUNDWATCH_DEVICE);
	return fd;
}

/* Memory with nothing behind it. */
static unsigned char *arena(void)
{
	unsigned char *at = mmap(NULL, ARENA + PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at + ARENA, PAGE, PROT_NONE))
		die("mmap");
	memset(at, PATTERN, ARENA);
	return at;
}

static int untouched(const unsigned char *from, const unsigned char *to)
{
	for (; from < to; from++)
		if (*from != PATTERN)
			return 0;
	return 1;
}

static int all_zero(const void *at, size_t size)
{
	const unsigned char *byte = at;

	while (size--)
		if (*byte++)
			return 0;
	return 1;
}

/*
 * What no record may contain: an address of the kernel, and what its allocators write into free
 * memory if they are told to.
 */
static void check_values(const void *record, size_t size)
{
	static const uint64_t poison[] = {
		0x5a5a5a5a5a5a5a5a, 0x6b6b6b6b6b6b6b6b, 0xaaaaaaaaaaaaaaaa,
	};
	uint64_t value;
	size_t i, j;

	for (i = 0; i + sizeof(value) <= size; i += sizeof(value)) {
		memcpy(&value, (const char *)record + i, sizeof(value));
		if (value >= 0xffff800000000000 && value < 0xfffffffffffff000)
			complain("%#llx at %zu looks like an address",
				 (unsigned long long)value, i);
		for (j = 0; j < sizeof(poison) / sizeof(*poison); j++)
			if (value == poison[j])
				complain("%#llx at %zu was never written",
					 (unsigned long long)value, i);
	}
}

static void check_name(const char *name, size_t size)
{
	size_t length = strnlen(name, size);

	if (length == size)
		complain("a name does not end");
	else if (!all_zero(name + length, size - length))
		complain("something follows a name");
}

static void check_info(const struct roundwatch_info *info)
{
	check_name(info->version, sizeof(info->version));
	if (!info->machine || !all_zero(info->reserved, sizeof(info->reserved)))
		complain("reserved fields of the module's record are not zero");
	check_values(info, sizeof(*info));
}

/* Return: bytes of the record. */
static size_t check_record(const unsigned char *at, size_t room)
{
	const struct roundwatch_header *h = (const void *)at;
	const struct roundwatch_tally *t = (const void *)at;
	size_t size = room < sizeof(*h) ? 0 : h->size;

	if (!size || size > room || size % 8) {
		complain("a record of %zu bytes where there are %zu", size, room);
		exit(1);
	}
	check_values(at, size);
	switch (h->type) {
	case ROUNDWATCH_INFO:
		check_info((const void *)at);
		break;
	case ROUNDWATCH_TALLY:
		check_name(t->comm, sizeof(t->comm));
		if (t->reserved0 || !all_zero(t->reserved, sizeof(t->reserved)))
			complain("reserved fields of a tally are not zero");
		break;
	case ROUNDWATCH_SNAPSHOT_END:
	case ROUNDWATCH_LOST:
		break;
	default:
		complain("type %u", h->type);
	}
	return size;
}

static size_t check_records(const unsigned char *at, size_t size)
{
	size_t done, n = 0;

	for (done = 0; done < size; n++)
		done += check_record(at + done, size - done);
	return n;
}

/* The kernel answers some itself, whatever the file is. */
static int is_generic(unsigned int cmd)
{
	switch (cmd) {
	case 0x5450:	/* FIONCLEX */
	case 0x5451:	/* FIOCLEX */
	case 0x5421:	/* FIONBIO */
	case 0x5452:	/* FIOASYNC */
	case 0x5460:	/* FIOQSIZE */
	case _IOWR('X', 119, int):	/* FIFREEZE */
	case _IOWR('X', 120, int):	/* FITHAW */
	case 2:		/* FIGETBSZ */
	case 1:		/* FIBMAP */
		return 1;
	}
	/* The file system's: attributes, extents, clones. */
	return _IOC_TYPE(cmd) == 'f' || _IOC_TYPE(cmd) == 'X' || _IOC_TYPE(cmd) == 0x94;
}

static int is_ours(unsigned int cmd)
{
	return _IOC_TYPE(cmd) == 'R' && _IOC_NR(cmd) == _IOC_NR(ROUNDWATCH_IOC_INFO) &&
	       _IOC_DIR(cmd) == _IOC_READ && _IOC_SIZE(cmd) >= sizeof(struct roundwatch_header);
}

static void try_ioctl(int fd, unsigned int cmd, unsigned char *buffer)
{
	struct roundwatch_info *info = (void *)buffer;
	size_t most = _IOC_SIZE(cmd) < sizeof(*info) ? _IOC_SIZE(cmd) : sizeof(*info);
	int ret;

	memset(buffer, PATTERN, sizeof(*info) + 64);
	ret = ioctl(fd, cmd, buffer);
	if (is_ours(cmd)) {
		if (ret || info->header.size != most)
			complain("ioctl %#x: %d, %u bytes", cmd, ret, info->header.size);
		if (!untouched(buffer + most, buffer + sizeof(*info) + 64))
			complain("ioctl %#x writes more than %zu bytes", cmd, most);
	} else if (!is_generic(cmd)) {
		if (ret != -1 || errno != ENOTTY)
			complain("ioctl %#x: %d, %s", cmd, ret, strerror(errno));
		if (!untouched(buffer, buffer + sizeof(*info) + 64))
			complain("ioctl %#x writes", cmd);
	}
}

static int ioctls(void)
{
	unsigned char *at = arena();
	void *const bad[] = {
		NULL, (void *)1, KERNEL, (void *)-1UL, at + ARENA,
		at + ARENA - sizeof(struct roundwatch_info) + 1,
	};
	int fd = open_device(0);
	unsigned int i, size, dir;

	for (i = 0; i < 0x10000; i++) {
		try_ioctl(fd, _IOC_READ << 30 | sizeof(struct roundwatch_info) << 16 | i, at);
		try_ioctl(fd, i, at);
	}
	for (dir = 0; dir < 4; dir++)
		for (size = 0; size < 1 << _IOC_SIZEBITS; size++)
			try_ioctl(fd, _IOC(dir, 'R', _IOC_NR(ROUNDWATCH_IOC_INFO), size), at);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!ioctl(fd, ROUNDWATCH_IOC_INFO, bad[i]) || errno != EFAULT)
			complain("ioctl to %p: %s", bad[i], strerror(errno));
	if (ioctl(fd, ROUNDWATCH_IOC_INFO, at + 3))
		complain("ioctl to an odd address: %s", strerror(errno));
	else
		check_values(at + 3, sizeof(struct roundwatch_info));
	return 0;
}

static void expect(const char *call, long ret, int error)
{
	if (ret != -1 || errno != error)
		complain("%s: %ld, %s; not %s", call, ret, ret < 0 ? strerror(errno) : "no error",
			 strerror(error));
}

static int reads(void)
{
	unsigned char *at = arena();
	size_t size;
	ssize_t n;
	int fd;

	for (size = 0; size < 2 * PAGE; size++) {
		fd = open_device(O_NONBLOCK);
		memset(at, PATTERN, size + 64);
		n = read(fd, at, size);
		if (size < MAX_RECORD)
			expect("read of less than a record", n, EINVAL);
		else if (n <= 0 || (size_t)n > size)
			complain("read of %zu bytes: %zd, %s", size, n, strerror(errno));
		else
			check_records(at, n);
		if (!untouched(at + (n < 0 ? 0 : n), at + size + 64))
			complain("read of %zu bytes writes more than %zd", size, n);
		close(fd);
	}
	fd = open_device(O_NONBLOCK);
	expect("read to the kernel", syscall(SYS_read, fd, KERNEL, PAGE), EFAULT);
	expect("read to nowhere", syscall(SYS_read, fd, NULL, PAGE), EFAULT);
	expect("read of a huge size", syscall(SYS_read, fd, at, SIZE_MAX), EFAULT);
	expect("read at the end of memory", syscall(SYS_read, fd, at + ARENA, PAGE), EFAULT);
	n = read(fd, at + ARENA - MAX_RECORD - 1, PAGE);
	if (n <= 0)
		complain("read that finds little room: %s", strerror(errno));
	else if (check_records(at + ARENA - MAX_RECORD - 1, n) &&
		 ((struct roundwatch_header *)(at + ARENA - MAX_RECORD - 1))->type !=
			 ROUNDWATCH_INFO)
		complain("a failed read loses a record");
	while ((n = read(fd, at + 5, PAGE)) > 0)
		check_records(at + 5, n);
	if (errno != EAGAIN)
		complain("read at an odd address: %s", strerror(errno));
	close(fd);
	return 0;
}

static int records(void)
{
	unsigned char *at = arena();
	int fd = open_device(O_NONBLOCK);
	size_t count = 0;
	ssize_t n;

	while ((n = read(fd, at, ARENA)) > 0)
		count += check_records(at, n);
	if (errno != EAGAIN)
		complain("read: %s", strerror(errno));
	printf("# %zu records\n", count);
	if (count < 4)
		complain("too few: proves nothing");
	return 0;
}

static int calls(void)
{
	unsigned char *at = arena();
	struct iovec tiny = { at, 1 }, two[2] = { { at, PAGE }, { at + PAGE, PAGE } };
	loff_t offset = 0;
	int ends[2], fd = open_device(O_NONBLOCK), proc, null = open("/dev/null", O_WRONLY);

	if (pipe(ends) || null < 0)
		die("pipe");
	expect("lseek", lseek(fd, 0, SEEK_SET), ESPIPE);
	expect("pread", pread(fd, at, PAGE, 0), ESPIPE);
	expect("preadv2", preadv2(fd, two, 2, 0, 0), ESPIPE);
	expect("readv of a byte", readv(fd, &tiny, 1), EINVAL);
	if (readv(fd, two, 2) <= 0)
		complain("readv: %s", strerror(errno));
	expect("write", write(fd, at, PAGE), EBADF);
	expect("ftruncate", ftruncate(fd, 0), EINVAL);
	expect("fallocate", fallocate(fd, 0, 0, PAGE), EBADF);
	expect("fsync", fsync(fd), EINVAL);
	expect("splice", splice(fd, NULL, ends[1], NULL, PAGE, 0), EINVAL);
	expect("sendfile", sendfile(null, fd, NULL, PAGE), EINVAL);
	expect("copy_file_range", copy_file_range(fd, NULL, null, NULL, PAGE, 0), EINVAL);
	if (mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED || errno != ENODEV)
		complain("mmap: %s", strerror(errno));
	if (mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED || errno != ENODEV)
		complain("private mmap: %s", strerror(errno));
	fd = open(ROUNDWATCH_DEVICE, O_RDWR);
	if (fd >= 0)	/* root may, whatever the mode is */
		expect("write of root", write(fd, at, PAGE), EINVAL);
	proc = open(PROC_FILE, O_RDONLY);
	if (proc < 0)	/* a member of the group */
		return 0;
	expect("ioctl of " PROC_FILE, ioctl(proc, ROUNDWATCH_IOC_INFO, at), ENOTTY);
	if (pread(proc, at, PAGE, 7) <= 0 || lseek(proc, -1, SEEK_SET) != -1 ||
	    pread(proc, at, PAGE, INT64_MAX) > 0)
		complain("offsets of " PROC_FILE);
	expect("read of " PROC_FILE " to the kernel", syscall(SYS_read, proc, KERNEL, PAGE),
	       EFAULT);
	if (mmap(NULL, PAGE, PROT_READ, MAP_SHARED, proc, 0) != MAP_FAILED)
		complain("mmap of " PROC_FILE);
	expect("splice of " PROC_FILE, splice(proc, &offset, ends[1], NULL, PAGE, 0), EINVAL);
	return 0;
}

static void send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		die("sendmsg");
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		die("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* Permission is asked for at open: who is given an open device may read, but not open it anew. */
static void receiver(int socket)
{
	unsigned char *at = arena();
	char path[32];
	int fd;

	if (setgid(NOBODY) || setuid(NOBODY) || unshare(CLONE_NEWUSER | CLONE_NEWNS))
		die("receiver");
	if (open(ROUNDWATCH_DEVICE, O_RDONLY) >= 0)
		complain("nobody may open the device");
	fd = receive_fd(socket);
	if (read(fd, at, ARENA) <= 0)
		complain("a descriptor that was passed: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (open(path, O_RDONLY) >= 0)
		complain("a descriptor that was passed can be opened anew");
	exit(!!wrong);
}

static int hand(void)
{
	int pair[2], fd = open_device(0), status;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	if (!fork())
		receiver(pair[1]);
	send_fd(pair[0], fd);
	close(fd);
	if (wait(&status) < 0 || status)
		complain("the receiver failed");
	return 0;
}

/* Records until there are none; the first and the last of a snapshot are counted in @ends. */
static size_t read_rest(int fd, unsigned char *at, size_t room, size_t ends[2])
{
	const struct roundwatch_header *h = (const void *)at;
	size_t count = 0, i;
	ssize_t n;

	while ((n = read(fd, at, room)) > 0)
		for (i = 0; i < (size_t)n; i += h->size) {
			h = (const void *)(at + i);
			check_record(at + i, n - i);
			ends[0] += h->type == ROUNDWATCH_INFO;
			ends[1] += h->type == ROUNDWATCH_SNAPSHOT_END;
			count++;
		}
	if (errno != EAGAIN)
		complain("read: %s", strerror(errno));
	return count;
}

/* What one has read, the other has not. */
static void fork_reads(unsigned char *at)
{
	int fd = open_device(O_NONBLOCK), status;
	size_t ends[2] = { 0 };
	pid_t pid = fork();

	if (!pid) {
		if (read(fd, at, MAX_RECORD) <= 0 ||
		    ((struct roundwatch_header *)at)->type != ROUNDWATCH_INFO)
			complain("the child does not read the first record");
		exit(!!wrong);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		complain("the child failed");
	read_rest(fd, at, MAX_RECORD, ends);
	if (ends[0] != 0 || ends[1] != 1)
		complain("after the child's read: %zu first records, %zu last", ends[0], ends[1]);
	close(fd);
}

static void expect_events(const char *when, int epoll, int events)
{
	struct epoll_event event;
	int n = epoll_wait(epoll, &event, 1, 0);

	if (n != events)
		complain("epoll, %s: %d events, not %d", when, n, events);
}

static void epolls(unsigned char *at)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = open_device(O_NONBLOCK), epoll = epoll_create1(0), again;
	size_t ends[2];

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll");
	expect_events("level", epoll, 1);
	expect_events("level, again", epoll, 1);
	event.events = EPOLLIN | EPOLLET;
	epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
	expect_events("edge", epoll, 1);
	expect_events("edge, again", epoll, 0);
	event.events = EPOLLIN;
	epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
	read_rest(fd, at, ARENA, ends);
	expect_events("when all is read", epoll, 0);
	close(fd);
	fd = open_device(O_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	again = dup(fd);
	close(fd);
	expect_events("closed, but for a copy", epoll, 1);
	close(again);
	expect_events("closed in the set", epoll, 0);
	expect("epoll_ctl of a closed one", epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), EBADF);
	close(epoll);
}

static int shared(void)
{
	unsigned char *at = arena();

	fork_reads(at);
	epolls(at);
	return 0;
}

/* An io_uring with room for one call at a time. */
static struct ring {
	int fd;
	struct io_uring_params params;
	struct io_uring_sqe *sqe;
	unsigned char *sq, *cq;
} ring;

static unsigned int *sq_word(unsigned int offset)
{
	return (unsigned int *)(ring.sq + offset);
}

static void submit(int op, int fd, void *to, size_t size)
{
	unsigned int *tail = sq_word(ring.params.sq_off.tail);

	memset(ring.sqe, 0, sizeof(*ring.sqe));
	ring.sqe->opcode = op;
	ring.sqe->fd = fd;
	ring.sqe->addr = (uintptr_t)to;
	ring.sqe->len = size;
	if (op == IORING_OP_READ)
		ring.sqe->off = -1;
	else if (op == IORING_OP_POLL_ADD)
		ring.sqe->poll32_events = POLLIN;
	sq_word(ring.params.sq_off.array)[*tail & *sq_word(ring.params.sq_off.ring_mask)] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0) != 1)
		die("io_uring_enter");
}

static int completed(void)
{
	unsigned int *head = (unsigned int *)(ring.cq + ring.params.cq_off.head), mask;
	struct io_uring_cqe *cqe = (void *)(ring.cq + ring.params.cq_off.cqes);
	int res;

	if (syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		die("io_uring_enter");
	mask = *(unsigned int *)(ring.cq + ring.params.cq_off.ring_mask);
	res = cqe[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

static int call(int op, int fd, void *to, size_t size)
{
	submit(op, fd, to, size);
	return completed();
}

static void expect_result(const char *what, int res, int want)
{
	if (res != want)
		complain("io_uring, %s: %d, not %d", what, res, want);
}

static int open_ring(void)
{
	const int both = PROT_READ | PROT_WRITE;

	ring.fd = syscall(SYS_io_uring_setup, 1, &ring.params);
	if (ring.fd < 0)
		return -1;
	ring.sqe = mmap(NULL, PAGE, both, MAP_SHARED, ring.fd, IORING_OFF_SQES);
	ring.sq = mmap(NULL, PAGE, both, MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
	ring.cq = mmap(NULL, PAGE, both, MAP_SHARED, ring.fd, IORING_OFF_CQ_RING);
	if (ring.sqe == MAP_FAILED || ring.sq == MAP_FAILED || ring.cq == MAP_FAILED)
		die("mmap");
	return 0;
}

static int rings(void)
{
	unsigned char *at = arena();
	size_t ends[2] = { 0 };
	int fd, res;

	if (open_ring()) {
		printf("# this kernel has no io_uring: %s\n", strerror(errno));
		return errno != ENOSYS;
	}
	fd = open_device(O_NONBLOCK);
	expect_result("poll", call(IORING_OP_POLL_ADD, fd, NULL, 0), POLLIN);
	expect_result("read of a byte", call(IORING_OP_READ, fd, at, 1), -EINVAL);
	expect_result("read to the kernel", call(IORING_OP_READ, fd, KERNEL, PAGE), -EFAULT);
	res = call(IORING_OP_READ, fd, at, MAX_RECORD);
	if (res <= 0 || ((struct roundwatch_header *)at)->type != ROUNDWATCH_INFO)
		complain("io_uring, read: %d", res);
	else
		check_records(at, res);
	read_rest(fd, at, ARENA, ends);
	if (ends[0] || ends[1] != 1)
		complain("after io_uring: %zu first records, %zu last", ends[0], ends[1]);
	/*
	 * These wait when the process ends: io_uring itself, although the file is not to wait,
	 * and a thread of the kernel in a read that waits.
	 */
	submit(IORING_OP_POLL_ADD, fd, NULL, 0);
	submit(IORING_OP_READ, fd, at, PAGE);
	fcntl(fd, F_SETFL, 0);
	submit(IORING_OP_READ, fd, at, PAGE);
	close(fd);
	return 0;
}

static double deadline;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

#define FILES	8
static int files[FILES] = { -1, -1, -1, -1, -1, -1, -1, -1 };

/* A call on one of the files; what the numbers mean depends on the call. */
struct call {
	unsigned int kind, file, where, size, number;
};

static void make_call(const struct call *call, unsigned char *at, int epoll)
{
	int *file = &files[call->file % FILES];
	void *to = at + call->where % (ARENA + PAGE);
	size_t size = call->size % (2 * PAGE);
	struct timeval moment = { .tv_usec = 100 };
	struct epoll_event event = { .events = EPOLLIN };
	int fd = __atomic_load_n(file, __ATOMIC_RELAXED);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	fd_set set;

	switch (call->kind % 14) {
	case 0:
	case 1:
		fd = open(call->number % 4 ? ROUNDWATCH_DEVICE : PROC_FILE,
			  O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		fd = __atomic_exchange_n(file, fd, __ATOMIC_RELAXED);
		if (fd > 2)
			close(fd);
		break;
	case 2:
		fd = __atomic_exchange_n(file, -1, __ATOMIC_RELAXED);
		if (fd > 2)
			close(fd);
		break;
	case 3:
		ioctl(fd, ROUNDWATCH_IOC_INFO, to);
		break;
	case 4:
		ioctl(fd, call->number, to);
		break;
	case 5:
		pread(fd, to, size, call->number);
		break;
	case 6:
		lseek(fd, call->number, call->size % 5);
		break;
	case 7:
		poll(&p, 1, 0);
		break;
	case 8:
		epoll_ctl(epoll, 1 + call->number % 3, fd, &event);
		epoll_wait(epoll, &event, 1, 0);
		break;
	case 9:
		if (fd < 0 || fd >= FD_SETSIZE)
			break;
		FD_ZERO(&set);
		FD_SET(fd, &set);
		select(fd + 1, &set, NULL, NULL, &moment);
		break;
	case 10:
		fd = dup(fd);
		if (fd > 2)
			close(fd);
		break;
	default:
		read(fd, to, size);
	}
}

static struct call random_call(unsigned int *seed)
{
	return (struct call){ .kind = rand_r(seed), .file = rand_r(seed), .where = rand_r(seed),
			      .size = rand_r(seed), .number = rand_r(seed) };
}

/* Threads share the descriptors, and close them while others use them. */
static void *random_calls(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	unsigned char *at = arena();
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned long count = 0;

	for (; now() < deadline; count++) {
		struct call call = random_call(&seed);

		make_call(&call, at, epoll);
	}
	return (void *)count;
}

static int random_for(double seconds, unsigned int seed)
{
	unsigned long count = 0;
	pthread_t thread[4];
	void *result;
	int i;

	deadline = now() + seconds;
	printf("# seed %u\n", seed);
	for (i = 0; i < 4; i++)
		if (pthread_create(&thread[i], NULL, random_calls, (void *)(uintptr_t)(seed + i)))
			die("pthread_create");
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], &result);
		count += (uintptr_t)result;
	}
	printf("# %lu calls\n", count);
	return count < 1000;
}

#define MAX_CALLS	24
#define MAX_PLACES	(1U << 16)

struct program {
	unsigned int length;
	struct call call[MAX_CALLS];
};

/* The programs that reached code which none before them had reached. */
static struct program corpus[1024];
static unsigned int corpus_size;

static unsigned long places[MAX_PLACES];
static unsigned int place_count;

/* Return: whether @pc is new. A table that is full knows every place. */
static int is_new_place(unsigned long pc)
{
	unsigned int i = pc * 0x9e3779b97f4a7c15 >> 48;

	for (; places[i]; i = (i + 1) % MAX_PLACES)
		if (places[i] == pc)
			return 0;
	if (place_count == MAX_PLACES / 2)
		return 0;
	places[i] = pc;
	place_count++;
	return 1;
}

/* Numbers at which the module may change its mind, among them sizes of records. */
static unsigned int edge(unsigned int *seed)
{
	static const unsigned int edges[] = {
		0, 1, 7, 8, sizeof(struct roundwatch_header), sizeof(struct roundwatch_info) - 1,
		sizeof(struct roundwatch_info), MAX_RECORD - 1, MAX_RECORD, MAX_RECORD + 1,
		PAGE, ARENA - 1, ARENA, ARENA + 1, 0x7fffffff, 0xffffffff, ROUNDWATCH_IOC_INFO,
		ROUNDWATCH_IOC_INFO & ~IOCSIZE_MASK, ROUNDWATCH_IOC_INFO | IOCSIZE_MASK,
	};

	return edges[rand_r(seed) % (sizeof(edges) / sizeof(*edges))];
}

static void mutate(struct program *p, unsigned int *seed)
{
	const struct program *other = &corpus[rand_r(seed) % (corpus_size ?: 1)];
	unsigned int at = rand_r(seed) % (p->length ?: 1);
	struct call *call = &p->call[at];
	unsigned int *number[] = { &call->where, &call->size, &call->number };

	switch (rand_r(seed) % 6) {
	case 0:
		if (p->length < MAX_CALLS)
			p->call[p->length++] = random_call(seed);
		break;
	case 1:
		if (p->length > 1)
			*call = p->call[--p->length];
		break;
	case 2:
		*number[rand_r(seed) % 3] = edge(seed);
		break;
	case 3:
		*number[rand_r(seed) % 3] ^= 1U << rand_r(seed) % 32;
		break;
	case 4:
		call->file = rand_r(seed);
		call->kind = rand_r(seed);
		break;
	default:
		if (other->length)
			*call = other->call[rand_r(seed) % other->length];
	}
}

/* Like syzkaller in small: keeps what reaches new code of the module, and changes that. */
static int guided_for(double seconds, unsigned int seed)
{
	const size_t room = 1 << 18;
	int kcov = open("/sys/kernel/debug/kcov", O_RDWR), epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned char *at = arena();
	unsigned long *cover, count = 0, i;

	if (kcov < 0 || ioctl(kcov, KCOV_INIT_TRACE, room))
		die("kcov");
	cover = mmap(NULL, room * sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED, kcov, 0);
	if (cover == MAP_FAILED || ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC))
		die("kcov");
	printf("# seed %u\n", seed);
	for (deadline = now() + seconds; now() < deadline; count++) {
		struct program program = corpus[rand_r(&seed) % (corpus_size ?: 1)];
		unsigned int changes = 1 + rand_r(&seed) % 4;
		int is_new = 0;

		while (changes--)
			mutate(&program, &seed);
		__atomic_store_n(cover, 0, __ATOMIC_RELAXED);
		for (i = 0; i < program.length; i++)
			make_call(&program.call[i], at, epoll);
		for (i = __atomic_load_n(cover, __ATOMIC_RELAXED); i; i--)
			is_new |= is_new_place(cover[i]);
		if (is_new && corpus_size < sizeof(corpus) / sizeof(*corpus))
			corpus[corpus_size++] = program;
		for (i = 0; i < FILES; i++)
			if (files[i] > 2) {
				close(files[i]);
				files[i] = -1;
			}
	}
	printf("# %lu programs, %u kept, %u places of the module reached\n", count, corpus_size,
	       place_count);
	/* The module alone is compiled so that its places are seen. */
	if (place_count < 50)
		complain("too few: proves nothing");
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int status = 2;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(mode, "ioctls"))
		status = ioctls();
	else if (!strcmp(mode, "reads"))
		status = reads();
	else if (!strcmp(mode, "records"))
		status = records();
	else if (!strcmp(mode, "calls"))
		status = calls();
	else if (!strcmp(mode, "hand"))
		status = hand();
	else if (!strcmp(mode, "shared"))
		status = shared();
	else if (!strcmp(mode, "ring"))
		status = rings();
	else if (!strcmp(mode, "random") && argc > 2)
		status = random_for(atof(argv[2]), argc > 3 ? atoi(argv[3]) : 1);
	else if (!strcmp(mode, "guided") && argc > 2)
		status = guided_for(atof(argv[2]), argc > 3 ? atoi(argv[3]) : 1);
	else
		fputs("usage: attack ioctls|reads|records|calls|hand|shared|ring|random SECONDS [SEED]|"
		      "guided SECONDS [SEED]\n",
		      stderr);
	return status ? status : wrong > 0;
}
