// SPDX-License-Identifier: GPL-2.0
/* Makes something in a process of its own, with limits on time and size. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/util.h"
#include "evidence/worker.h"

#define CHUNK	(64 << 10)

int worker_write(int out, const void *data, uint64_t n)
{
	const char *at = data;

	while (n) {
		ssize_t done = write(out, at, n);

		if (done < 0 && errno != EINTR)
			return errno;
		if (done > 0) {
			at += done;
			n -= done;
		}
	}
	return 0;
}

static void __attribute__((noreturn)) work(int (*make)(const void *of, int out), const void *of,
					   int out)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(make(of, out) & 0xff);
}

/* What came, kept up to the limit. */
static int keep(struct product *p, struct sha256 *kept, struct sha256 *whole, const char *data,
		size_t n, uint64_t limit)
{
	size_t fits = p->size + n > limit ? limit - p->size : n;

	sha256_add(whole, data, n);
	p->whole += n;
	for (size_t done = 0; done < fits; ) {
		ssize_t more = pwrite(p->fd, data + done, fits - done, p->size + done);

		if (more < 0 && errno != EINTR)
			return errno;
		if (more > 0)
			done += more;
	}
	sha256_add(kept, data, fits);
	p->size += fits;
	return 0;
}

/* Until the end of the pipe; true if it came. */
static bool take(struct product *p, int in, struct sha256 *kept, struct sha256 *whole,
		 uint64_t limit, bool count_all, unsigned int seconds, uint64_t end_ns)
{
	char *chunk = xrealloc(NULL, CHUNK, 1);
	bool ended = false;

	while (!ended && (p->whole <= limit || count_all) && !signals_came()) {
		struct pollfd fd = { .fd = in, .events = POLLIN };
		uint64_t until = deadline(seconds);
		struct timespec left;
		ssize_t n;
		int ready;

		if (!deadline_left(until < end_ns ? until : end_ns, &left)) {
			p->late = true;
			break;
		}
		ready = signals_poll(&fd, 1, &left);
		if (ready < 0)
			continue;
		p->late = !ready;
		if (p->late)
			break;
		n = read(in, chunk, CHUNK);
		if (n > 0)
			p->err = keep(p, kept, whole, chunk, n, limit);
		ended = !n;
		if (p->err || (n < 0 && errno != EINTR))
			break;
	}
	free(chunk);
	return ended;
}

bool worker_run(struct product *p, int (*make)(const void *of, int out), const void *of,
		uint64_t limit, bool count_all, unsigned int seconds, uint64_t end_ns)
{
	struct sha256 kept, whole;
	int pipes[2], status = 0;
	pid_t worker = -1;

	p->size = p->whole = 0;
	p->err = 0;
	p->late = p->all = false;
	sha256_begin(&kept);
	sha256_begin(&whole);
	if (!pipe2(pipes, O_CLOEXEC)) {
		fflush(stdout);
		worker = fork();
		if (!worker)
			work(make, of, pipes[1]);
		close(pipes[1]);
		if (worker < 0)
			close(pipes[0]);
	}
	if (worker < 0) {
		p->err = errno;
	} else {
		p->all = take(p, pipes[0], &kept, &whole, limit, count_all, seconds, end_ns);
		close(pipes[0]);
		if (!p->all)
			kill(worker, SIGKILL);
		/* That the pipe has ended says that it has, or is about to. */
		if (waitpid(worker, &status, p->all ? 0 : WNOHANG) == worker && p->all &&
		    !p->err)
			p->err = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	}
	sha256_end(&kept, p->sha256);
	sha256_end(&whole, p->whole_sha256);
	return !signals_came();
}
