// SPDX-License-Identifier: GPL-2.0
/*
 * The metrics by HTTP, for Prometheus to scrape. One thread, one scrape after the other: each
 * reads the module anew, and nothing is kept between two of them.
 */
#include "base/util.h"
#include "output/serve.h"

#ifdef HAVE_MICROHTTPD
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/news.h"
#include "base/notify.h"
#include "base/signals.h"
#include "host/sandbox.h"
#include "output/exposition.h"
#include "output/listen.h"
#include "who/process.h"

/*
 * Prometheus scrapes over one connection, a person looks over another. More wait in the queue of
 * the socket, until the slow ones before them are cut off: after less time than Prometheus waits
 * for a scrape, which is 10 s by default.
 */
#define CONNECTIONS	16
#define CONNECTION_NS	(5 * NSEC)
#define CONNECTION_ROOM	16384	/* bytes of one, so that a request is bounded */

/* An open connection, and when it began. */
struct client {
	struct MHD_Connection *connection;
	uint64_t began_ns;
	struct client *next;
};

static struct {
	const struct serve_options *options;
	struct MHD_Daemon *daemon[LISTEN_MOST];
	int fd[LISTEN_MOST];
	unsigned int daemons;
	struct client *clients;
	bool closed;		/* a connection was, in this run */
	struct news news;	/* of scrapes */
	uint64_t watchdog_ns;
	uint64_t watchdog_next_ns;
} server;

static const char page[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><title>roundwatch</title></head><body>\n"
	"<h1>roundwatch " VERSION "</h1>\n<p>Processes of this host that mine Monero, for Prometheus."
	"</p>\n<p><a href=\"/metrics\">Metrics</a></p>\n</body></html>\n";

static struct MHD_Response *respond(const char *text)
{
	return MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *respond_metrics(unsigned int *code)
{
	size_t n = 0;
	enum status status;
	struct MHD_Response *response;
	char *text;

	news_begin(&server.news);
	text = exposition_text(server.options->from, server.options->allow_path, &n, &status);
	news_end(&server.news);
	/* An answer without content would look like health. */
	if (!text) {
		*code = MHD_HTTP_INTERNAL_SERVER_ERROR;
		return respond("out of memory\n");
	}
	response = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(text);
	return response;
}

static struct MHD_Response *respond_to(const char *method, const char *path, unsigned int *code,
				       const char **type)
{
	const bool metrics = !strcmp(path, "/metrics"), front = !strcmp(path, "/");

	*code = MHD_HTTP_OK;
	*type = "text/plain; charset=utf-8";
	if (!metrics && !front && strcmp(path, "/-/healthy")) {
		*code = MHD_HTTP_NOT_FOUND;
		return respond("Not found. There are /metrics and /-/healthy.\n");
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD)) {
		*code = MHD_HTTP_METHOD_NOT_ALLOWED;
		return respond("Only GET and HEAD are answered.\n");
	}
	if (metrics) {
		*type = "text/plain; version=0.0.4; charset=utf-8";
		return respond_metrics(code);
	}
	if (!front)
		return respond("roundwatch is healthy.\n");
	*type = "text/html; charset=utf-8";
	return respond(page);
}

/* Called when the headers are complete. What comes after them is not read. */
static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **request)
{
	const char *type;
	unsigned int code;
	struct MHD_Response *response = respond_to(method, path, &code, &type);
	enum MHD_Result result;

	(void)cls;
	(void)version;
	(void)data;
	(void)size;
	(void)request;
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	/* One request each, so that the age of a connection is that of its request. */
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return result;
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **context,
			       enum MHD_ConnectionNotificationCode code)
{
	struct client **at = &server.clients, *client;

	(void)cls;
	(void)context;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		client = xrealloc(NULL, 1, sizeof(*client));
		*client = (struct client){ connection, monotonic_ns(), server.clients };
		server.clients = client;
		return;
	}
	server.closed = true;
	while (*at && (*at)->connection != connection)
		at = &(*at)->next;
	client = *at;
	if (!client)
		return;
	*at = client->next;
	free(client);
}

/*
 * A client that sends a byte now and then is never idle. Shut down, its connection ends as if the
 * client had closed it.
 */
static void cut_off_slow_clients(uint64_t now)
{
	for (struct client *c = server.clients; c; c = c->next) {
		const union MHD_ConnectionInfo *info;

		if (now - c->began_ns < CONNECTION_NS)
			continue;
		info = MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info)
			shutdown(info->connect_fd, SHUT_RDWR);
		c->began_ns = now;
	}
}

static bool start(int fd)
{
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_NS / NSEC, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_ROOM, NULL },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_changed, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL,
						     MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	const union MHD_DaemonInfo *info;

	if (!daemon)
		return false;
	info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server.fd[server.daemons] = info ? info->epoll_fd : -1;
	server.daemon[server.daemons++] = daemon;
	return info;
}

static void earlier(uint64_t *next, uint64_t when)
{
	if (when < *next)
		*next = when;
}

/* When something is due, CLOCK_MONOTONIC; UINT64_MAX: nothing is. */
static uint64_t next_due(uint64_t now)
{
	uint64_t next = server.watchdog_ns ? server.watchdog_next_ns : UINT64_MAX;
	MHD_UNSIGNED_LONG_LONG ms;

	for (unsigned int i = 0; i < server.daemons; i++)
		if (MHD_get_timeout(server.daemon[i], &ms) == MHD_YES)
			earlier(&next, now + ms * 1000000);
	for (const struct client *c = server.clients; c; c = c->next)
		earlier(&next, c->began_ns + CONNECTION_NS);
	return next;
}

/*
 * At the limit of connections, the library looks at the listening socket again only in the run
 * after the one that closed a connection, and nothing else would wake us for that.
 */
static bool run_daemon(struct MHD_Daemon *daemon)
{
	do {
		server.closed = false;
		if (MHD_run(daemon) != MHD_YES)
			return false;
	} while (server.closed);
	return true;
}

static bool step(void)
{
	struct pollfd fds[LISTEN_MOST];
	uint64_t now = monotonic_ns(), next = next_due(now), ns = next > now ? next - now : 0;
	const struct timespec left = { ns / NSEC, ns % NSEC };

	for (unsigned int i = 0; i < server.daemons; i++)
		fds[i] = (struct pollfd){ .fd = server.fd[i], .events = POLLIN };
	if (signals_poll(fds, server.daemons, next == UINT64_MAX ? NULL : &left) < 0 &&
	    errno != EINTR) {
		error("poll: %s", strerror(errno));
		return false;
	}
	if (signals_came())
		return true;
	now = monotonic_ns();
	if (server.watchdog_ns && now >= server.watchdog_next_ns) {
		notify("WATCHDOG=1");
		server.watchdog_next_ns = now + server.watchdog_ns / 2;
	}
	cut_off_slow_clients(now);
	for (unsigned int i = 0; i < server.daemons; i++)
		if (!run_daemon(server.daemon[i])) {
			error("metrics: the HTTP server failed");
			return false;
		}
	return true;
}

static enum status serve_on(const int *fds, unsigned int n)
{
	bool ok = true;

	for (unsigned int i = 0; i < n; i++) {
		if (ok && !start(fds[i])) {
			error("metrics: the HTTP server does not start: %s", strerror(errno));
			ok = false;
		}
	}
	server.watchdog_ns = notify_watchdog_ns();
	if (ok)
		notify("READY=1\nSTATUS=Answering scrapes");
	while (ok && !signals_came())
		ok = step();
	notify("STOPPING=1");
	for (unsigned int i = 0; i < server.daemons; i++)
		MHD_stop_daemon(server.daemon[i]);
	news_free(&server.news);
	return ok ? STATUS_OK : STATUS_FAILURE;
}

enum status serve(const struct serve_options *options)
{
	int fds[LISTEN_MOST];
	unsigned int n = 0;
	enum status status;
	struct host host;

	signals_catch();
	server.options = options;
	status = listen_open(options->address, options->any_address, fds, &n);
	if (status)
		return status;
	/* What the sandbox forbids is opened now, and kept. */
	if (!options->from->sysroot && !host_open(&host, NULL, true))
		host_close(&host);
	sandbox_enter(SANDBOX_SERVE);
	return serve_on(fds, n);
}

#else

enum status serve(const struct serve_options *options)
{
	(void)options;
	error("metrics: --listen: built without libmicrohttpd; use --textfile and node_exporter");
	return STATUS_FAILURE;
}

#endif
