// SPDX-License-Identifier: GPL-2.0
/* roundwatch monitor: reports verdicts that rise, fall or end, and can act on them */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/news.h"
#include "base/notify.h"
#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "commands/collect.h"
#include "host/sandbox.h"
#include "output/event.h"
#include "output/exposition.h"
#include "output/page.h"
#include "output/reports.h"
#include "output/textfile.h"
#include "records/snapshot.h"
#include "response/allow.h"

enum {
	OPT_FORMAT = OPT_OWN,
	OPT_EXEC,
	OPT_EXEC_TIMEOUT,
	OPT_ACTION,
	OPT_ACTION_GUESTS,
	OPT_ALLOW,
	OPT_COLLECT,
	OPT_COLLECT_MAX,
	OPT_WAIT,
	OPT_EXIT_BLIND,
	OPT_TEXTFILE,
};

#define EXEC_TIMEOUT	60	/* seconds, by default */
#define WIND_UP		5	/* seconds for running commands after a signal to end */

/* Less than COLLECTOR_NS, after which nothing would be kept. */
#define COLLECT_SECONDS_AT_MOST	20
#define COLLECT_FILE_TIMEOUT	5

/* How often the module is asked whether it sees; the first time when its silence would tell. */
#define SIGHT_NS	(60 * NSEC)
#define FIRST_SIGHT_NS	(11 * NSEC)

/* How often the textfile is written: always, and at most when verdicts change all the time. */
#define TEXTFILE_NS	(15 * NSEC)
#define TEXTFILE_LEAST_NS (1 * NSEC)

static struct {
	/* options */
	struct source_options from;
	const char *allow_path;
	bool wait;
	bool exit_blind;
	const char *textfile;

	struct host host;
	struct follow follow;
	struct reports reports;
	int signals;
	int directory;			/* inotify, while there is no device */
	bool blind;			/* as last told */
	uint64_t observations;		/* as last asked */
	uint64_t sight_ns;		/* CLOCK_MONOTONIC, when to ask next */
	uint64_t watchdog_ns;		/* how often; 0: never */
	uint64_t watchdog_next_ns;
	uint64_t textfile_last_ns;
	uint64_t textfile_next_ns;
	struct news textfile_news;
} m = {
	.reports.format = EVENT_SUITABLE, .reports.hook.timeout = EXEC_TIMEOUT,
	.reports.collector.room = COLLECTOR_ROOM, .signals = -1, .directory = -1,
};

static void help(void)
{
	fputs("Usage: roundwatch monitor [options]\n"
	      "\n"
	      "Report each process when its verdict rises to suspect or above, falls or ends.\n"
	      "\n"
	      "     --format <format> json (Elastic Common Schema, one object on each line),\n"
	      "                       text, or syslog (to the system log); default: entries of\n"
	      "                       the journal if systemd connects it, otherwise json\n"
	      "     --exec <command>  run this with sh for each event, with its JSON as input\n"
	      "     --exec-timeout <seconds>  ... and kill it after this time (60)\n"
	      "     --action <what>   stop or kill processes that are randomx; none (default)\n"
	      "     --action-guests   ... also those that run a virtual machine\n"
	      "     --collect <dir>   before that, put the evidence about the process there\n"
	      "     --collect-max <size>  ... while no more than this is there (1G)\n"
	      "     --allow <file>    allow list instead of " ALLOW_FILE "\n"
	      "     --color <when>    auto, always or never; for the format text\n"
	      "     --textfile <file> metrics for node_exporter, at each change and every 15 s\n"
	      "     --wait            wait for the module if it is not loaded at the start\n"
	      "     --exit-blind      exit with status 4 if the module is blind\n"
	      COMMON_HELP, stdout);
}

static const char *device(void)
{
	return m.from.device ? m.from.device : ROUNDWATCH_DEVICE;
}

static void tell_systemd(void)
{
	if (!m.follow.open)
		notify("STATUS=Waiting for the module: %s", device());
	else if (m.blind)
		notify("STATUS=The module is blind");
	else
		notify("STATUS=Watching: %zu randomx, %zu suspect",
		       follow_count(&m.follow, ROUNDWATCH_RANDOMX),
		       follow_count(&m.follow, ROUNDWATCH_SUSPECT));
}

/* What the textfile says has changed. */
static void renew_textfile(void)
{
	uint64_t soon = m.textfile_last_ns + TEXTFILE_LEAST_NS;

	if (soon < m.textfile_next_ns)
		m.textfile_next_ns = soon;
}

/* An old file means that the monitor is dead, so it is written also if nothing has changed. */
static void write_textfile(uint64_t now)
{
	struct source_options from = m.from;
	enum status status;
	size_t n = 0;
	char *text;

	from.nonblock = false;
	m.textfile_last_ns = now;
	m.textfile_next_ns = now + TEXTFILE_NS;
	news_begin(&m.textfile_news);
	text = exposition_text(&from, m.allow_path, &n, &status);
	if (text && !textfile_check(m.textfile))
		textfile_write(m.textfile, text, n);
	news_end(&m.textfile_news);
	free(text);
}

static void report_change(struct follow *f, struct accused *a, enum change change,
			  uint8_t previous)
{
	(void)f;
	reports_change(&m.reports, a, change, previous);
	renew_textfile();
}

/* Asks the module whether it sees, and tells when that changed. */
static int check_sight(bool first)
{
	struct roundwatch_info info = m.follow.info;
	bool live = !m.from.input && source_ask(&m.follow.source, &info);
	/* That we slept since, and woke, is an observation. */
	bool silent = live && !first && info.observations <= m.observations;
	const char *why = NULL;
	struct event e;

	m.observations = info.observations;
	m.sight_ns = monotonic_ns() + (first ? FIRST_SIGHT_NS : SIGHT_NS);
	if (info.flags & ROUNDWATCH_BLIND)
		why = "its self-test failed on this kernel";
	else if (silent)
		why = "it makes no observations any more";
	if (!!why == m.blind)
		return STATUS_OK;
	m.blind = why;
	renew_textfile();
	if (why)
		event_of_module(&e, &m.follow, "module-blind", SEVERITY_ALERT,
				"the module is blind: %s, so that no miner would be seen; "
				"dmesg | grep roundwatch", why);
	else
		event_of_module(&e, &m.follow, "module-sees", SEVERITY_INFO,
				"the module sees again");
	reports_send(&m.reports, &e);
	if (!m.blind)
		return STATUS_OK;
	error("%s: THE MODULE IS BLIND: %s, so that no miner would be seen", m.follow.source.name,
	      why);
	return m.exit_blind ? STATUS_BLIND : STATUS_OK;
}

/* Continue to read. If records were lost, report it and read the present state. */
static int read_on(void)
{
	struct event e;
	int status = follow_read(&m.follow);

	while (!status && m.follow.lost) {
		const char *remedy = m.from.input ? "the recording does not have them" :
			"what they told is taken from the present state";

		error("%s: %llu records were lost; %s", m.follow.source.name,
		      (unsigned long long)m.follow.lost, remedy);
		event_of_module(&e, &m.follow, "records-lost", SEVERITY_WARNING,
				"%llu records were lost on the way; %s",
				(unsigned long long)m.follow.lost, remedy);
		reports_send(&m.reports, &e);
		if (m.from.input) {
			m.follow.lost = 0;
		} else {
			follow_close(&m.follow);
			status = follow_open(&m.follow);
		}
		if (!status)
			status = follow_read(&m.follow);
	}
	return status;
}

/* Opens the device and tells who is accused already; before that, that it is there @again. */
static int connect_device(bool again)
{
	int status = follow_open(&m.follow);
	struct event e;

	renew_textfile();
	if (!status && again) {
		error("%s: the module is there; watching", device());
		event_of_module(&e, &m.follow, "monitoring-resumed", SEVERITY_INFO,
				"the module is there; watching");
		reports_send(&m.reports, &e);
	}
	if (!status)
		status = read_on();
	if (!status)
		status = check_sight(true);
	return status;
}

/* From then on, the kernel reports new files in the directory of the device. */
static int watch_directory(void)
{
	char *path = xasprintf("%s", device());
	const char *dir = dirname(path);
	int status = STATUS_OK;

	m.directory = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (m.directory < 0 ||
	    inotify_add_watch(m.directory, dir, IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0) {
		error("%s: %s; cannot wait for the module", dir, strerror(errno));
		status = STATUS_FAILURE;
	}
	free(path);
	return status;
}

static void unwatch_directory(void)
{
	if (m.directory >= 0)
		close(m.directory);
	m.directory = -1;
}

/* Is the device there (again)? It may go while it is being opened. */
static int try_connect(void)
{
	int status;

	if (access(device(), F_OK))
		return STATUS_OK;
	status = connect_device(true);
	if (status == STATUS_NO_MODULE) {
		follow_close(&m.follow);
		return STATUS_OK;
	}
	if (!status)
		unwatch_directory();
	return status;
}

static int wait_for_device(void)
{
	int status = watch_directory();

	error("%s: waiting for the module", device());
	/* It may have come before we watched. */
	return status ? status : try_connect();
}

static int interrupted(void)
{
	struct event e;

	alerts_finish(&m.reports.alerts);
	error("%s: the module is gone, so that nobody is watched; modprobe roundwatch", device());
	event_of_module(&e, &m.follow, "monitoring-interrupted", SEVERITY_ALERT,
			"the module is gone, so that nobody is watched until it is loaded again "
			"(%zu processes were randomx); modprobe roundwatch",
			follow_count(&m.follow, ROUNDWATCH_RANDOMX));
	reports_send(&m.reports, &e);
	follow_close(&m.follow);
	renew_textfile();
	/* A module loaded again knows nothing: processes that still mine are reported again. */
	follow_forget(&m.follow);
	m.blind = false;
	return wait_for_device();
}

static int device_event(void)
{
	int status = read_on();

	if ((!status && m.follow.source.ended) || status == STATUS_NO_MODULE)
		return interrupted();
	return status;
}

static int directory_event(void)
{
	char events[4096];

	while (read(m.directory, events, sizeof(events)) > 0)
		;
	return try_connect();
}

static void signal_event(void)
{
	struct signalfd_siginfo info;

	while (read(m.signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			reports_reread_allow(&m.reports, m.allow_path);
			renew_textfile();
		}
		/* SIGCHLD has done its part by waking us. */
	}
}

static int catch_signals(void)
{
	static const int caught[] = { SIGHUP, SIGCHLD };
	sigset_t set;

	signals_catch();
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	m.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m.signals >= 0)
		return STATUS_OK;
	error("signalfd: %s", strerror(errno));
	return STATUS_FAILURE;
}

/* Milliseconds until something is due; -1: nothing ever is. */
static int time_left(void)
{
	uint64_t now = monotonic_ns(), next = reports_deadline(&m.reports);

	if (m.follow.open && !m.from.input && m.sight_ns < next)
		next = m.sight_ns;
	if (m.watchdog_ns && m.watchdog_next_ns < next)
		next = m.watchdog_next_ns;
	if (m.textfile && m.textfile_next_ns < next)
		next = m.textfile_next_ns;
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now) / 1000000 + 1);
}

static int wait_for_event(struct pollfd *fds, nfds_t n)
{
	int ms = time_left();
	const struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	return signals_poll(fds, n, ms < 0 ? NULL : &left);
}

static int do_what_is_due(void)
{
	uint64_t now = monotonic_ns();

	reports_work(&m.reports);
	if (m.textfile && now >= m.textfile_next_ns)
		write_textfile(now);
	if (m.watchdog_ns && now >= m.watchdog_next_ns) {
		notify("WATCHDOG=1");
		/* In good time. */
		m.watchdog_next_ns = now + m.watchdog_ns / 2;
	}
	if (m.follow.open && !m.from.input && now >= m.sight_ns)
		return check_sight(false);
	return STATUS_OK;
}

static bool is_pipe(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISFIFO(st.st_mode);
}

static int step(void)
{
	struct pollfd fds[] = {
		{ .fd = m.signals, .events = POLLIN },
		{ .fd = m.follow.open ? m.follow.source.fd : -1, .events = POLLIN },
		{ .fd = m.directory, .events = POLLIN },
		/* That the reader of a pipe is gone would else be noticed at the next event. */
		{ .fd = is_pipe(STDOUT_FILENO) ? STDOUT_FILENO : -1 },
	};
	int status = STATUS_OK;

	if (wait_for_event(fds, ARRAY_SIZE(fds)) < 0 && errno != EINTR) {
		error("poll: %s", strerror(errno));
		return STATUS_FAILURE;
	}
	if (fds[0].revents)
		signal_event();
	if (fds[1].revents)
		status = device_event();
	else if (fds[2].revents)
		status = directory_event();
	if (fds[3].revents & POLLERR) {
		error("standard output: its reader is gone");
		return STATUS_FAILURE;
	}
	tell_systemd();
	return status ? status : do_what_is_due();
}

/* Those that run have some time yet; after a recording, all that wait have their turn too. */
static void finish_hooks(void)
{
	m.watchdog_ns = 0;
	m.textfile = NULL;
	follow_close(&m.follow);
	for (hook_work(&m.reports.hook); hook_busy(&m.reports.hook); hook_work(&m.reports.hook)) {
		struct pollfd fd = { .fd = m.signals, .events = POLLIN };

		wait_for_event(&fd, 1);
		signal_event();
		if (signals_came())
			hook_wind_up(&m.reports.hook, WIND_UP);
	}
}

/* What it is read from may be a pipe, and to wait for that a signal may end as any program. */
static int replay(void)
{
	int status = follow_open(&m.follow);

	if (!status)
		status = read_on();
	reports_finish(&m.reports);
	if (!status) {
		check_sight(true);
		status = m.blind ? STATUS_BLIND : STATUS_OK;
	}
	catch_signals();
	return status;
}

static int watch(void)
{
	int status = catch_signals();

	if (!status)
		status = m.wait && access(device(), F_OK) ? wait_for_device() :
							     connect_device(false);
	m.watchdog_ns = notify_watchdog_ns();
	if (!status && m.textfile)
		write_textfile(monotonic_ns());
	if (!status)
		notify("READY=1");
	tell_systemd();
	while (!status && !m.reports.failed && !signals_came())
		status = step();
	notify("STOPPING=1");
	reports_finish(&m.reports);
	hook_wind_up(&m.reports.hook, WIND_UP);
	return status;
}

/* In a child. What it holds open must not keep the module loaded. */
static enum status collect_evidence(const char *path, uint64_t max_size,
				    const struct roundwatch_tally *tally)
{
	const struct collect c = {
		.from = { .device = m.from.device }, .path = path, .max_size = max_size,
		.timeout = COLLECT_FILE_TIMEOUT, .seconds = COLLECT_SECONDS_AT_MOST, .quiet = true,
	};

	follow_close(&m.follow);
	return collect(&c, &m.host, tally);
}

static unsigned int needs(void)
{
	unsigned int needs = 0;

	if (m.reports.policy.action != ACTION_NONE)
		needs |= SANDBOX_SIGNAL;
	if (m.textfile)
		needs |= SANDBOX_CREATE | SANDBOX_REPLACE;
	if (m.reports.collector.directory)
		needs |= SANDBOX_CREATE | SANDBOX_COLLECT;
	return needs;
}

static int monitor(void)
{
	int status = host_open(&m.host, m.from.sysroot, !m.from.input);

	if (!status)
		status = reports_open(&m.reports, &m.host, &m.follow, m.allow_path);
	if (status)
		return status;
	/* A reader that went away is an error of write(), and ends us with a message. */
	signal(SIGPIPE, SIG_IGN);
	page_open();
	/* Commands would have the filter, too, and may be anything. */
	if (!m.reports.hook.command)
		sandbox_enter(needs());
	m.from.nonblock = !m.from.input;
	m.follow = (struct follow){
		.from = &m.from, .host = &m.host, .tell = report_change,
		.source.live = !m.from.input,
	};
	status = m.from.input ? replay() : watch();
	finish_hooks();
	follow_forget(&m.follow);
	unwatch_directory();
	close(m.signals);
	news_free(&m.textfile_news);
	reports_close(&m.reports);
	host_close(&m.host);
	return status;
}

/* The place of @word in a list of words that ends in NULL; if it has none, says what there is. */
static bool choose(const char *option, const char *word, const char *const *words, int *choice)
{
	for (*choice = 0; words[*choice]; (*choice)++)
		if (!strcmp(words[*choice], word))
			return true;
	error("monitor: %s '%s' is none of %s, %s and %s", option, word, words[0], words[1],
	      words[2]);
	return false;
}

static bool own_option(int opt)
{
	static const char *const formats[] = { "json", "text", "syslog", NULL };
	static const char *const actions[] = { "none", "stop", "kill", NULL };
	char *end;
	int choice;

	switch (opt) {
	case OPT_FORMAT:
		if (!choose("--format", optarg, formats, &choice))
			return false;
		m.reports.format = choice;
		return true;
	case OPT_ACTION:
		if (!choose("--action", optarg, actions, &choice))
			return false;
		m.reports.policy.action = choice;
		return true;
	case OPT_EXEC_TIMEOUT:
		m.reports.hook.timeout = strtoul(optarg, &end, 10);
		if (*optarg >= '0' && *optarg <= '9' && !*end && m.reports.hook.timeout &&
		    m.reports.hook.timeout <= 86400)
			return true;
		error("monitor: --exec-timeout '%s' is no number of seconds from 1 to 86400",
		      optarg);
		return false;
	case OPT_EXEC:
		m.reports.hook.command = optarg;
		break;
	case OPT_ACTION_GUESTS:
		m.reports.policy.guests = true;
		break;
	case OPT_ALLOW:
		m.allow_path = optarg;
		break;
	case OPT_COLLECT:
		m.reports.collector.directory = optarg;
		m.reports.collector.collect = collect_evidence;
		break;
	case OPT_COLLECT_MAX:
		return option_size(&cmd_monitor, "collect-max", &m.reports.collector.room);
	case OPT_TEXTFILE:
		m.textfile = optarg;
		break;
	case OPT_WAIT:
		m.wait = true;
		break;
	case OPT_EXIT_BLIND:
		m.exit_blind = true;
		break;
	}
	return true;
}

static enum status run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format",	  required_argument,	NULL, OPT_FORMAT },
		{ "exec",	  required_argument,	NULL, OPT_EXEC },
		{ "exec-timeout", required_argument,	NULL, OPT_EXEC_TIMEOUT },
		{ "action",	  required_argument,	NULL, OPT_ACTION },
		{ "action-guests", no_argument,		NULL, OPT_ACTION_GUESTS },
		{ "collect",	  required_argument,	NULL, OPT_COLLECT },
		{ "collect-max",  required_argument,	NULL, OPT_COLLECT_MAX },
		{ "allow",	  required_argument,	NULL, OPT_ALLOW },
		{ "textfile",	  required_argument,	NULL, OPT_TEXTFILE },
		{ "wait",	  no_argument,		NULL, OPT_WAIT },
		{ "exit-blind",	  no_argument,		NULL, OPT_EXIT_BLIND },
		COLOR_LONG,
		COMMON_LONG,
		{ 0 }
	};
	enum status status;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" COMMON_SHORT, options, NULL)) != -1) {
		if (opt >= OPT_OWN) {
			if (!own_option(opt))
				return STATUS_USAGE;
		} else if (opt == OPT_COLOR) {
			if (!option_color(&cmd_monitor))
				return STATUS_USAGE;
		} else if (!common_option(&cmd_monitor, opt, argv, options, &m.from, &status)) {
			return status;
		}
	}
	if (optind < argc)
		return extra_argument(&cmd_monitor, argv[optind]);
	if (m.reports.policy.action != ACTION_NONE && (m.from.input || m.from.sysroot)) {
		error("monitor: --action acts upon this host's processes, and neither upon a "
		      "recording's nor a copy's; leave out --input and --sysroot");
		return STATUS_USAGE;
	}
	if (m.reports.collector.directory && (m.from.input || m.from.sysroot)) {
		error("monitor: --collect needs the processes themselves, and neither a recording "
		      "nor a copy of their host; leave out --input and --sysroot");
		return STATUS_USAGE;
	}
	if (m.reports.collector.directory && !collector_check(&m.reports.collector))
		return STATUS_FAILURE;
	if (m.textfile && m.from.input) {
		error("monitor: --textfile is about the present, and not for recordings; leave out "
		      "--input, or use roundwatch metrics --textfile");
		return STATUS_USAGE;
	}
	if (m.textfile && textfile_check(m.textfile))
		return STATUS_FAILURE;
	return monitor();
}

const struct command cmd_monitor = {
	.name = "monitor",
	.summary = "events when verdicts rise, fall or end: for logs and for actions",
	.help = help,
	.run = run,
};
