// SPDX-License-Identifier: GPL-2.0
/* What else in /proc points to a miner. All that is read is bounded. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/sha256.h"
#include "base/util.h"
#include "corroboration/corroborate.h"
#include "corroboration/memory.h"
#include "corroboration/pool.h"

#define MIB		(1UL << 20)
#define PEERS_MAX	1024
#define TEXT_MAX	(16 * MIB)	/* of files such as maps and tcp */
#define EXE_MAX		(32 * MIB)
#define HASH_MAX	(1024 * MIB)
#define EXE_NS		(2 * NSEC)
#define CPU_NS		(NSEC / 2)

/* Share of a CPU from which a thread counts as computing all the time. */
#define BUSY_PERCENT	50

const char *finding_name(enum finding_kind kind)
{
	static const char *const name[FINDINGS] = {
		[FINDING_CPU] = "cpu",
		[FINDING_MEMORY] = "memory",
		[FINDING_HUGE_PAGES] = "huge pages",
		[FINDING_CODE] = "code",
		[FINDING_EXECUTABLE] = "executable",
		[FINDING_WORDS] = "words",
		[FINDING_CONNECTIONS] = "connections",
		[FINDING_SCHEDULING] = "scheduling",
		[FINDING_MSR] = "msr",
	};

	return name[kind];
}

const char *finding_state_name(enum finding_state state)
{
	static const char *const name[] = { "not readable", "not found", "found" };

	return name[state];
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static void set(struct corroboration *c, enum finding_kind kind, enum finding_state state,
		char *detail)
{
	free(c->finding[kind].detail);
	c->finding[kind] = (struct finding){ .state = state, .detail = detail };
}

static void not_readable(struct corroboration *c, enum finding_kind kind, const char *what)
{
	set(c, kind, NOT_READABLE,
	    xasprintf("%s: %s%s", what, errno == ENODATA ? "empty" : strerror(errno),
		      errno == EACCES || errno == EPERM ? "; try as root" : ""));
}

/*
 * A file as text; allocated, NULL with errno on failure. @cut: there is more. None of the files
 * that are read is ever empty, but as the process ends.
 */
static char *read_text(int dir, const char *path, bool *cut)
{
	char *text = xrealloc(NULL, TEXT_MAX, 1);
	ssize_t n = read_at(dir, path, text, TEXT_MAX);

	if (n <= 0) {
		int err = n ? errno : ENODATA;

		free(text);
		errno = err;
		return NULL;
	}
	*cut = (size_t)n == TEXT_MAX - 1;
	return xrealloc(text, n + 1, 1);
}

static const char *size_text(uint64_t bytes, char buf[NUMBER_MAX])
{
	if (bytes < MIB)
		snprintf(buf, NUMBER_MAX, "%" PRIu64 " KiB", bytes >> 10);
	else
		snprintf(buf, NUMBER_MAX, "%" PRIu64 " MiB", bytes >> 20);
	return buf;
}

/*
 * CPU time, and how the scheduler treats each thread
 */

static void look_at_scheduling(struct corroboration *c)
{
	long cpus = c->host->live ? sysconf(_SC_NPROCESSORS_ONLN) : 0;
	struct scheduling s = { 0 };
	struct thread_use *use;
	size_t n;

	if (threads_read(c->process, &use, &n, &s)) {
		not_readable(c, FINDING_SCHEDULING, "task");
		return;
	}
	free(use);
	if (cpus == 1)	/* all threads are bound to it */
		s.pinned = 0;
	if (s.nice || s.idle || s.pinned)
		set(c, FINDING_SCHEDULING, FOUND,
		    xasprintf("of %zu threads %zu pinned to one CPU, %zu nice, %zu of class idle or "
			      "batch", s.threads, s.pinned, s.nice, s.idle));
	else
		set(c, FINDING_SCHEDULING, NOT_FOUND,
		    xasprintf("no thread pinned to a CPU, nice, or of class idle or batch"));
}

static void look_at_cpu(struct corroboration *c, uint64_t now_ns)
{
	uint64_t hz = sysconf(_SC_CLK_TCK), total = 0, elapsed_ns;
	struct thread_use *before = c->thread;
	size_t befores = c->threads, busy = 0;
	const char *over;

	if (c->host->live) {
		elapsed_ns = clock_ns() - c->begun_ns;
		if (elapsed_ns < CPU_NS) {
			struct timespec rest = { .tv_nsec = CPU_NS - elapsed_ns };

			nanosleep(&rest, NULL);
		}
	}
	if (threads_read(c->process, &c->thread, &c->threads, NULL)) {
		not_readable(c, FINDING_CPU, "task");
		free(before);
		return;
	}
	elapsed_ns = clock_ns() - c->begun_ns;
	for (size_t i = 0; i < c->threads; i++) {
		struct thread_use *t = &c->thread[i], *old;
		uint64_t ticks = t->ticks, ns = elapsed_ns, began_ns;

		old = befores ? bsearch(t, before, befores, sizeof(*t), thread_compare) : NULL;
		if (c->host->live && old && old->start == t->start) {
			ticks = t->ticks > old->ticks ? t->ticks - old->ticks : 0;
		} else if (!c->host->live) {
			began_ns = t->start * (NSEC / hz);
			ns = now_ns > began_ns ? now_ns - began_ns : NSEC / hz;
		}
		/* In floating point, because a copy may contain any number. */
		t->percent = (double)ticks * (NSEC / hz) / ns * 100 + 0.5 < 100 ?
			     (double)ticks * (NSEC / hz) / ns * 100 + 0.5 : 100;
		total += t->percent;
		busy += t->percent >= BUSY_PERCENT;
	}
	free(before);
	over = !c->host->live ? "since they began" :
	       elapsed_ns < 2 * NSEC ? "just now" : "while watched";
	set(c, FINDING_CPU, busy ? FOUND : NOT_FOUND,
	    xasprintf("%zu of %zu thread%s with half a CPU or more, %" PRIu64
		      " %% of one CPU in all, %s", busy, c->threads,
		      c->threads == 1 ? "" : "s", total, over));
}

/*
 * Memory
 */

static void look_at_memory(struct corroboration *c)
{
	char *text, dataset[NUMBER_MAX], cache[NUMBER_MAX], *pads;
	struct memory m;
	bool cut;

	text = read_text(c->task, "maps", &cut);
	if (!text) {
		not_readable(c, FINDING_MEMORY, "maps");
		not_readable(c, FINDING_CODE, "maps");
		return;
	}
	memory_parse(text, &m);
	free(text);

	size_text(m.dataset, dataset);
	size_text(m.cache, cache);
	pads = m.scratchpads ? xasprintf(", and %u of 2 MiB, as scratchpads", m.scratchpads) :
			       xasprintf("%s", "");
	if (m.dataset && m.cache)
		set(c, FINDING_MEMORY, FOUND,
		    xasprintf("%s, as RandomX's dataset, and %s, as its cache%s", dataset, cache,
			      pads));
	else if (m.dataset || m.cache)
		set(c, FINDING_MEMORY, FOUND,
		    xasprintf("a mapping of %s, as RandomX's %s%s", m.dataset ? dataset : cache,
			      m.dataset ? "dataset" : "cache (light mode)", pads));
	else if (c->tid)
		/* What another thread's file lacks does not clear the process. */
		set(c, FINDING_MEMORY, NOT_READABLE,
		    xasprintf("the first thread has ended, and its maps is empty; in that of thread "
			      "%u, no mapping as RandomX's dataset or cache", c->tid));
	else
		set(c, FINDING_MEMORY, NOT_FOUND,
		    xasprintf("no mapping as RandomX's dataset (2080 MiB) or cache (256 MiB)%s",
			      cut ? " in the first 16 MiB of maps" : ""));
	free(pads);

	if (m.code_regions)
		set(c, FINDING_CODE, FOUND,
		    xasprintf("%s of executable memory that is no file's, in %u mapping%s, %u "
			      "writable: a just-in-time compiler", size_text(m.code, dataset),
			      m.code_regions, m.code_regions == 1 ? "" : "s", m.code_writable));
	else
		set(c, FINDING_CODE, NOT_FOUND,
		    xasprintf("all executable memory is a file's: no just-in-time compiler"));
	if (m.word)
		set(c, FINDING_WORDS, FOUND,
		    xasprintf("\"%s\" in the name of a mapped file", m.word));
}

static void look_at_huge_pages(struct corroboration *c)
{
	uint64_t huge = 0, transparent = 0;
	char a[NUMBER_MAX], b[NUMBER_MAX];
	bool cut, known = false;
	char *text = read_text(c->task, "status", &cut);

	if (text)
		known = memory_sum(text, "HugetlbPages:", &huge);
	free(text);
	/* Linux 4.14 and later have the sum of all mappings; older ones only each mapping. */
	text = read_text(c->task, "smaps_rollup", &cut);
	if (!text)
		text = read_text(c->task, "smaps", &cut);
	if (text)
		known |= memory_sum(text, "AnonHugePages:", &transparent);
	else if (!known || !huge)
		known = false;
	if (!known)
		not_readable(c, FINDING_HUGE_PAGES, "smaps");
	else if (huge || transparent)
		set(c, FINDING_HUGE_PAGES, FOUND,
		    xasprintf("%s reserved, %s transparent", size_text(huge, a),
			      size_text(transparent, b)));
	else
		set(c, FINDING_HUGE_PAGES, NOT_FOUND, xasprintf("none in use"));
	free(text);
}

/*
 * The executable
 */

static void look_at_executable(struct corroboration *c, const struct identity *id)
{
	if (!id->exe)
		set(c, FINDING_EXECUTABLE, NOT_READABLE,
		    xasprintf("/proc/%u/exe cannot be read", c->tally->tgid));
	else if (id->memfd)
		set(c, FINDING_EXECUTABLE, FOUND, xasprintf("in memory only: %s", id->exe));
	else if (id->deleted)
		set(c, FINDING_EXECUTABLE, FOUND, xasprintf("deleted: %s", id->exe));
	else
		set(c, FINDING_EXECUTABLE, NOT_FOUND,
		    xasprintf("%s is on disk: neither deleted nor memfd", id->exe));
}

/* In a copy, resolve the link inside the copy, never on this host. */
static int open_exe(const struct corroboration *c)
{
	char path[64];

	if (c->host->live)
		return openat(c->task, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (c->tid)
		snprintf(path, sizeof(path), "proc/%u/task/%u/exe", c->tally->tgid, c->tid);
	else
		snprintf(path, sizeof(path), "proc/%u/exe", c->tally->tgid);
	return open_below(c->host->root, path, O_RDONLY | O_NONBLOCK);
}

/* Find the first word of a miner in the executable. @err: errno or 0, @have: bytes searched. */
static const char *search_exe(const struct corroboration *c, uint64_t *have, int *err)
{
	static char buf[MIB + 32];
	uint64_t begun = clock_ns();
	const char *word = NULL;
	struct stat st;
	size_t kept = 0;
	ssize_t n = 0;
	int fd = open_exe(c);

	*have = 0;
	*err = errno;
	if (fd < 0)
		return NULL;
	*err = 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		*err = EINVAL;
		return NULL;
	}
	while (!word && *have < EXE_MAX && clock_ns() - begun < EXE_NS) {
		n = read(fd, buf + kept, MIB);
		if (n <= 0)
			break;
		*have += n;
		n += kept;
		word = miner_word(buf, n);
		/* A word may cross the end of the buffer. */
		kept = n < 31 ? n : 31;
		memmove(buf, buf + n - kept, kept);
	}
	if (n < 0)
		*err = errno;
	else if (!*have)
		*err = ENODATA;
	close(fd);
	return word;
}

static void look_at_words(struct corroboration *c, const struct identity *id)
{
	const char *where = "on the command line";
	const char *word = id->cmdline ? miner_word(id->cmdline, strlen(id->cmdline)) : NULL;
	char buf[NUMBER_MAX];
	uint64_t have = 0;
	int err = 0;

	if (!word && id->exe) {
		where = "in the name of the executable";
		word = miner_word(id->exe, strlen(id->exe));
	}
	if (!word && c->finding[FINDING_WORDS].detail)
		return;		/* found in the name of a mapped file before */
	if (!word) {
		where = "in the executable";
		word = search_exe(c, &have, &err);
	}
	if (word)
		set(c, FINDING_WORDS, FOUND, xasprintf("\"%s\" %s", word, where));
	else if (err)
		set(c, FINDING_WORDS, NOT_READABLE,
		    xasprintf("exe: %s; none on the command line",
			      err == ENODATA ? "empty" : strerror(err)));
	else
		set(c, FINDING_WORDS, NOT_FOUND,
		    xasprintf("no word of a known miner in %s of the executable, its name or the "
			      "command line", size_text(have, buf)));
}

/*
 * Connections
 */

static void look_at_connections(struct corroboration *c, const char *pools)
{
	static struct peer peer[PEERS_MAX];
	struct pool_list list;
	bool has_list = pool_list_read(&list, pools), any = false, cut;
	size_t inodes = 0, n = 0, shown, listed, args_n;
	char *args = process_args(c->task, &args_n), *host, *text, *peers;
	uint64_t *inode = sockets_read(c->task, &inodes);
	int err = errno;

	host = pool_host_in(&list, args, args_n);
	for (int v6 = 0; inode && v6 < 2; v6++) {
		text = read_text(c->task, v6 ? "net/tcp6" : "net/tcp", &cut);
		if (text) {
			any = true;
			shown = n < PEERS_MAX ? n : PEERS_MAX;
			n += peers_parse(text, inode, inodes, peer + shown, PEERS_MAX - shown);
		} else if (!v6) {
			err = errno;
		}
		free(text);
	}
	shown = n < PEERS_MAX ? n : PEERS_MAX;
	listed = peers_sort(&list, peer, shown);
	peers = peers_join(peer, listed ? listed : shown, 3);

	errno = err;
	if (host && listed)
		set(c, FINDING_CONNECTIONS, FOUND,
		    xasprintf("%s, of a pool, on the command line; connected to %s, on the list",
			      host, peers));
	else if (host)
		set(c, FINDING_CONNECTIONS, FOUND,
		    xasprintf("%s, of a pool, on the command line%s%s", host,
			      n ? "; connected to " : "; not connected", peers));
	else if (listed)
		set(c, FINDING_CONNECTIONS, FOUND,
		    xasprintf("%s: address or port as of pools", peers));
	else if (!inode)
		not_readable(c, FINDING_CONNECTIONS, "fd");
	else if (!any)
		not_readable(c, FINDING_CONNECTIONS, "net/tcp");
	else if (!n)
		set(c, FINDING_CONNECTIONS, NOT_FOUND, xasprintf("no TCP connection"));
	else if (!has_list)
		set(c, FINDING_CONNECTIONS, NOT_READABLE,
		    xasprintf("connected to %s; no list of pools at %s", peers, pools));
	else
		set(c, FINDING_CONNECTIONS, NOT_FOUND,
		    xasprintf("%zu connection%s, none to what is on the list: %s%s", n,
			      n == 1 ? "" : "s", peers, n > 3 ? ", ..." : ""));
	free(peers);
	free(host);
	free(args);
	free(inode);
	pool_list_free(&list);
}

/* This is about the host, not the process, so it comes last. */
static void look_at_msr(struct corroboration *c)
{
	bool cut;
	char *text = read_text(c->host->proc, "modules", &cut);

	/* Of a copy it may be empty: then no module was loaded. */
	if (!text && errno != ENODATA)
		not_readable(c, FINDING_MSR, "/proc/modules");
	else if (text && (!strncmp(text, "msr ", 4) || strstr(text, "\nmsr ")))
		set(c, FINDING_MSR, FOUND,
		    xasprintf("msr is loaded, with which miners, and others, tune the CPU"));
	else
		set(c, FINDING_MSR, NOT_FOUND, xasprintf("msr is not loaded"));
	free(text);
}

char *corroborate_hash(const struct corroboration *c)
{
	int fd = c->found ? open_exe(c) : -1;
	char *buf, text[SHA256_TEXT];
	struct sha256 s;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	buf = xrealloc(NULL, MIB, 1);
	sha256_begin(&s);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		while (s.size < HASH_MAX && (n = read(fd, buf, MIB)) > 0)
			sha256_add(&s, buf, n);
	free(buf);
	close(fd);
	return n ? NULL : xasprintf("%s", sha256_end(&s, text));
}

void corroborate_begin(struct corroboration *c, const struct host *host,
		       const struct roundwatch_tally *tally)
{
	*c = (struct corroboration){ .host = host, .tally = tally };
	c->process = process_open(host, tally->tgid, tally->process_start_ns);
	c->task = c->process < 0 ? -1 : process_task(c->process, &c->tid);
	c->found = c->task >= 0;
	c->begun_ns = clock_ns();
	if (c->found && host->live)
		threads_read(c->process, &c->thread, &c->threads, NULL);
}

void corroborate_end(struct corroboration *c, const struct identity *id, const char *pools,
		     uint64_t now_ns)
{
	if (!c->found) {
		const char *why = c->host->root < 0 ?
			"the recording's host is not at hand (--sysroot names a copy)" :
			c->process >= 0 || c->tally->flags & ROUNDWATCH_EXITED ?
			"the process has ended" :
			id->unseen ? id->unseen : "the process is not in /proc: ended or hidden";

		for (int i = 0; i < FINDINGS; i++)
			set(c, i, NOT_READABLE, xasprintf("%s", why));
		return;
	}
	look_at_memory(c);
	look_at_huge_pages(c);
	look_at_executable(c, id);
	look_at_words(c, id);
	look_at_connections(c, pools);
	look_at_scheduling(c);
	look_at_msr(c);
	look_at_cpu(c, now_ns);
}

int corroborate_thread(const struct corroboration *c, uint32_t tid)
{
	const struct thread_use key = { .tid = tid }, *t;

	t = c->threads ? bsearch(&key, c->thread, c->threads, sizeof(key), thread_compare) : NULL;
	return t ? (int)t->percent : -1;
}

void corroborate_free(struct corroboration *c)
{
	for (int i = 0; i < FINDINGS; i++)
		free(c->finding[i].detail);
	free(c->thread);
	if (c->task >= 0)
		close(c->task);
	if (c->process >= 0)
		close(c->process);
	*c = (struct corroboration){ .process = -1, .task = -1 };
}
