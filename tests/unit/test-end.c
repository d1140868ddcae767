// SPDX-License-Identifier: GPL-2.0
/*
 * How the subcommands that run until they are ended do end: by each signal, by a terminal that
 * hangs up or says end of file, whatever they are doing. Run as: test-end ROUNDWATCH
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "roundwatch.h"
#include "tap.h"

#define LIMIT_MS	30000

static const char *roundwatch;
static int devnull;

/**
 * struct run - a program that runs on a terminal of its own
 * @pid: of it
 * @end: descriptor that becomes readable when it ends
 * @master: the other side of the terminal
 * @slave: the terminal itself
 * @modes: of the terminal, before
 * @seen: what has been written to it
 */
struct run {
	pid_t pid;
	int end, master, slave;
	struct termios modes;
	char seen[1 << 18];
	size_t n;
};

static void fail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The records of a device with one miner. */
static size_t device(char to[4096])
{
	struct roundwatch_info info = {
		.header = { sizeof(info), ROUNDWATCH_INFO, ROUNDWATCH_ABI, 1000000000000 },
		.version = "1", .max_tasks = 16, .observations = 1, .suspect_evidence = 30,
		.randomx_evidence = 100,
	};
	struct roundwatch_tally tally = {
		.header = { sizeof(tally), ROUNDWATCH_TALLY, ROUNDWATCH_ABI, 1000000000000 },
		.pid = 1, .tgid = 1, .comm = "digger", .verdict = ROUNDWATCH_RANDOMX,
		.highest = ROUNDWATCH_RANDOMX, .evidence = 100,
	};
	const struct roundwatch_header end = {
		sizeof(end), ROUNDWATCH_SNAPSHOT_END, ROUNDWATCH_ABI, 1000000000000,
	};

	memcpy(to, &info, sizeof(info));
	memcpy(to + sizeof(info), &tally, sizeof(tally));
	memcpy(to + sizeof(info) + sizeof(tally), &end, sizeof(end));
	return sizeof(info) + sizeof(tally) + sizeof(end);
}

static void make_device(const char *name)
{
	char records[4096];
	size_t n = device(records);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, records, n) != (ssize_t)n)
		fail(name);
	close(fd);
}

/* The device as a fifo that gives its records once: the next reader of it hangs. */
static void make_hanging_device(const char *name)
{
	char records[4096];
	size_t n = device(records);
	int fd;

	unlink(name);
	if (mkfifo(name, 0600))
		fail(name);
	if (fork())
		return;
	fd = open(name, O_WRONLY);
	_exit(write(fd, records, n) != (ssize_t)n);
}

static void open_terminal(struct run *r)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 80 };

	r->n = 0;
	r->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r->master < 0 || grantpt(r->master) || unlockpt(r->master))
		fail("posix_openpt");
	ioctl(r->master, TIOCSWINSZ, &size);
	r->slave = open(ptsname(r->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r->slave < 0 || tcgetattr(r->slave, &r->modes))
		fail("terminal");
}

static void execute(int input, int output, char **argv)
{
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execv(roundwatch, argv);
	_exit(127);
}

static void watch_end(struct run *r)
{
	r->end = syscall(SYS_pidfd_open, r->pid, 0);
	if (r->end < 0)
		fail("pidfd_open");
}

/* Run it in the foreground of a terminal; @nohup: with SIGHUP ignored. */
static void start(struct run *r, bool nohup, char **argv)
{
	open_terminal(r);
	r->pid = fork();
	if (!r->pid) {
		setsid();
		ioctl(r->slave, TIOCSCTTY, 0);
		signal(SIGHUP, nohup ? SIG_IGN : SIG_DFL);
		execute(r->slave, r->slave, argv);
	}
	watch_end(r);
}

/* Whether @text comes to be written to the terminal. */
static bool shows(struct run *r, const char *text)
{
	struct pollfd fd = { .fd = r->master, .events = POLLIN };

	while (!memmem(r->seen, r->n, text, strlen(text))) {
		ssize_t n;

		if (r->n == sizeof(r->seen))
			r->n = 0;
		if (poll(&fd, 1, LIMIT_MS) < 1)
			return false;
		n = read(r->master, r->seen + r->n, sizeof(r->seen) - r->n);
		if (n <= 0)
			return false;
		r->n += n;
	}
	return true;
}

static void type(struct run *r, const char *keys)
{
	r->n = 0;
	if (write(r->master, keys, strlen(keys)) < 0)
		fail("terminal");
}

/* Whether it hangs in a write() to its standard output, @output, which takes nothing. */
static bool is_stuck(pid_t pid, int output)
{
	struct pollfd room = { .fd = output, .events = POLLOUT };
	char name[64], text[64] = "", want[32];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/syscall", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	snprintf(want, sizeof(want), "%d 0x1 ", SYS_write);
	return n > 0 && !strncmp(text, want, strlen(want)) && !poll(&room, 1, 0);
}

/* The same, after a while: no event tells that. */
static bool gets_stuck(pid_t pid, int output)
{
	for (int i = 0; i < LIMIT_MS / 10; i++) {
		if (is_stuck(pid, output))
			return true;
		usleep(10000);
	}
	return false;
}

/* Its exit status, or the negative number of the signal that ended it; 1000 if it did not end. */
static int ended(struct run *r)
{
	struct pollfd fd = { .fd = r->end, .events = POLLIN };
	int status;

	if (poll(&fd, 1, LIMIT_MS) < 1) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, &status, 0);
		status = 1000 << 8;
		printf("# still runs after %d s\n", LIMIT_MS / 1000);
	} else {
		waitpid(r->pid, &status, 0);
		status = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
	}
	close(r->end);
	return status;
}

enum state { PAGE, FILTER, PAUSE, ROWS, EXPLAIN, KEYS_ELSEWHERE, STUCK, STOPPED, STATES };
enum ending { HUP, TERM, INT, QUIT, USR1, END_OF_FILE, HANGUP, HANGUP_ONLY, ENDINGS };

static const char *const state_name[] = {
	"page", "filter", "pause", "rows", "explain runs", "keys from /dev/tty",
	"terminal takes no output", "output stopped by Ctrl-S",
};

static const char *const ending_name[] = {
	"SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "end of file", "hangup",
	"hangup with SIGHUP ignored",
};

/* Fill the terminal: nobody reads it, and Ctrl-L draws the whole screen. */
static bool fill(struct run *r)
{
	for (int i = 0; i < LIMIT_MS; i++) {
		int left;

		ioctl(r->slave, FIONREAD, &left);
		if (!left)
			type(r, "\f");
		else if (is_stuck(r->pid, r->slave))
			return true;
		usleep(1000);
	}
	return false;
}

static bool enter(struct run *r, enum state state)
{
	if (!shows(r, "digger"))
		return false;
	switch (state) {
	case PAGE:
		type(r, "h");
		return shows(r, "reverse the order");
	case FILTER:
		type(r, "/");
		return shows(r, "keep it");
	case PAUSE:
		type(r, "p");
		return shows(r, "PAUSED");
	case EXPLAIN:
		type(r, "e");
		return shows(r, "looking it up");
	case STUCK:
		return fill(r);
	case STOPPED:
		type(r, "\023h");
		return gets_stuck(r->pid, r->slave);
	default:
		return true;
	}
}

static void end(struct run *r, enum ending ending)
{
	static const int number[] = { SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1 };

	if (ending < END_OF_FILE) {
		kill(r->pid, number[ending]);
	} else if (ending == END_OF_FILE) {
		type(r, "\004");
	} else {
		close(r->master);
		r->master = -1;
	}
}

/* An orphan has this program for its parent. */
static bool no_orphan(void)
{
	int status;

	alarm(LIMIT_MS / 1000);
	while (waitpid(-1, &status, 0) > 0)
		;
	alarm(0);
	return errno == ECHILD;
}

static void test_top(enum state state, enum ending ending)
{
	char *file[] = { "roundwatch", "top", "--device", "device", NULL };
	char *fifo[] = { "roundwatch", "top", "--delay", "600", "--device", "fifo", NULL };
	char *standard[] = { "roundwatch", "top", "--input", "-", NULL };
	const char *s = state_name[state], *e = ending_name[ending];
	static struct run r;
	struct termios modes;
	int status;

	if (state == EXPLAIN)
		make_hanging_device("fifo");
	if (state == KEYS_ELSEWHERE) {
		open_terminal(&r);
		r.pid = fork();
		if (!r.pid) {
			setsid();
			ioctl(r.slave, TIOCSCTTY, 0);
			signal(SIGHUP, ending == HANGUP_ONLY ? SIG_IGN : SIG_DFL);
			execute(open("recording", O_RDONLY | O_CLOEXEC), r.slave, standard);
		}
		watch_end(&r);
	} else {
		start(&r, ending == HANGUP_ONLY, state == EXPLAIN ? fifo : file);
	}
	ok(enter(&r, state), "top, %s: is so", s);
	end(&r, ending);
	status = ended(&r);
	/* What cannot end in order ends as by the signal. */
	if ((state == STUCK || state == STOPPED) && ending < END_OF_FILE)
		ok(status > 128 && status < 1000, "top, %s, %s: ends", s, e);
	else
		is(status, 0, "top, %s, %s: ends", s, e);
	if (r.master >= 0) {
		ok(!tcgetattr(r.slave, &modes) && !memcmp(&modes, &r.modes, sizeof(modes)),
		   "top, %s, %s: the terminal has its modes again", s, e);
		if (state != STUCK)
			ok(shows(&r, "\033[?1049l"), "top, %s, %s: the full screen is left", s, e);
		close(r.master);
	}
	close(r.slave);
	ok(no_orphan(), "top, %s, %s: nothing else runs on", s, e);
}

/* Reads of the terminal fail in a background process group that nothing outside controls. */
static void test_orphan(void)
{
	char *argv[] = { "roundwatch", "top", "--device", "device", NULL };
	static struct run r;
	int pids[2], hold[2];

	if (pipe2(pids, O_CLOEXEC) || pipe2(hold, O_CLOEXEC))
		fail("pipe");
	open_terminal(&r);
	if (!fork()) {
		setsid();
		ioctl(r.slave, TIOCSCTTY, 0);
		if (!fork()) {
			pid_t parent = getpid(), pid = fork();

			if (!pid) {
				setpgid(0, 0);
				/* Before that, the terminal would stop it. */
				while (getppid() == parent)
					usleep(1000);
				execute(r.slave, r.slave, argv);
			}
			_exit(write(pids[1], &pid, sizeof(pid)) != sizeof(pid));
		}
		close(hold[1]);
		wait(NULL);
		/* The session goes on until the test closes the other end. */
		_exit(read(hold[0], &hold[1], 1) < 0);
	}
	if (read(pids[0], &r.pid, sizeof(r.pid)) != sizeof(r.pid))
		fail("pipe");
	watch_end(&r);
	ok(shows(&r, "digger"), "top, in the background: runs");
	type(&r, "h\n");
	is(ended(&r), 0, "top, in the background: ends when it cannot read what is there");
	close(pids[0]);
	close(pids[1]);
	close(hold[0]);
	close(hold[1]);
	close(r.master);
	close(r.slave);
	no_orphan();
}

/* A device that says more than anybody reads, of a program whose output nobody reads. */
static void test_output(const char *name, char **argv)
{
	struct roundwatch_tally tally = {
		.header = { sizeof(tally), ROUNDWATCH_TALLY, ROUNDWATCH_ABI, 1000000000000 },
		.comm = "digger", .verdict = ROUNDWATCH_RANDOMX, .highest = ROUNDWATCH_RANDOMX,
		.evidence = 100, .flags = ROUNDWATCH_PROCESS,
	};
	const int signals[] = { SIGTERM, SIGINT };
	char records[4096];
	size_t n = device(records);

	for (int s = 0; s < 2; s++) {
		static struct run r;
		int output[2], fd, status;

		unlink("fifo");
		if (mkfifo("fifo", 0600) || pipe2(output, O_CLOEXEC))
			fail("fifo");
		fd = open("fifo", O_RDWR | O_CLOEXEC);
		if (write(fd, records, n) != (ssize_t)n)
			fail("fifo");
		r.pid = fork();
		if (!r.pid)
			execute(devnull, output[1], argv);
		watch_end(&r);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		for (int i = 0; !is_stuck(r.pid, output[1]) && i < 3000; i++) {
			struct pollfd room = { .fd = fd, .events = POLLOUT };

			tally.pid = ++tally.tgid;
			tally.start_ns = tally.process_start_ns = tally.tgid;
			if (poll(&room, 1, 100) == 1 && write(fd, &tally, sizeof(tally)) < 0)
				fail("fifo");
		}
		ok(is_stuck(r.pid, output[1]), "%s: nobody reads its output", name);
		kill(r.pid, signals[s]);
		status = ended(&r);
		ok(status < 128, "%s: ends by signal %d: %d", name, signals[s], status);
		close(fd);
		close(output[0]);
		close(output[1]);
	}
}

static void on_alarm(int number)
{
	(void)number;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	char *record[] = { "roundwatch", "record", "--follow", "--device", "fifo", "-", NULL };
	char *monitor[] = { "roundwatch", "monitor", "--device", "fifo", NULL };
	static const char magic[32] = "roundwatch record 1\n";
	char directory[] = "/tmp/test-end.XXXXXX", records[4096];
	size_t n = device(records);
	int fd;

	roundwatch = argc == 2 ? realpath(argv[1], NULL) : NULL;
	if (!roundwatch) {
		fputs("Usage: test-end ROUNDWATCH\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	setenv("TERM", "screen", 1);
	setenv("LC_ALL", "C", 1);
	sigaction(SIGALRM, &action, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	devnull = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (!mkdtemp(directory) || chdir(directory))
		fail(directory);
	make_device("device");
	fd = open("recording", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (write(fd, magic, sizeof(magic)) < 0 || write(fd, records, n) < 0)
		fail("recording");
	close(fd);

	for (int s = 0; s < STATES; s++)
		for (int e = 0; e < ENDINGS; e++)
			/* Keys are not read while it hangs. */
			if (e != END_OF_FILE || (s != STUCK && s != STOPPED))
				test_top(s, e);
	test_orphan();
	test_output("record", record);
	test_output("monitor", monitor);

	unlink("device");
	unlink("fifo");
	unlink("recording");
	rmdir(directory);
	return tap_done();
}
