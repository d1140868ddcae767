// SPDX-License-Identifier: GPL-2.0
/* From an address to a socket that listens */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/notify.h"
#include "base/util.h"
#include "output/listen.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

static enum status bad_address(const char *text, const char *why)
{
	error("metrics: --listen '%s': %s; name an address of this host and a port, such as "
	      "127.0.0.1:9753 or [::1]:9753", text, why);
	return STATUS_USAGE;
}

/* The parts of "ADDRESS:PORT", as @host and @port; a port alone is that of 127.0.0.1. */
static enum status split(const char *text, char **host, char **port)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? colon - text : 0;
	uint64_t number;

	if (!parse_number(colon ? colon + 1 : text, UINT16_MAX, &number))
		return bad_address(text, "no port from 0 to 65535");
	if (!n)
		*host = xasprintf("127.0.0.1");
	else if (*text == '[' && colon[-1] == ']')
		*host = xstrndup(text + 1, n - 2);
	else if (n == 1 && *text == '*')
		*host = xasprintf("::");
	else if (!memchr(text, ':', n))
		*host = xstrndup(text, n);
	else
		return bad_address(text, "an IPv6 address needs brackets");
	*port = xasprintf("%u", (unsigned int)number);
	return STATUS_OK;
}

static enum status parse(const char *text, union address *address, socklen_t *size)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	};
	char *host = NULL, *port = NULL;
	struct addrinfo *found;
	enum status status = split(text, &host, &port);

	if (status)
		return status;
	/* A name could be of several addresses. */
	if (getaddrinfo(strcmp(host, "localhost") ? host : "127.0.0.1", port, &hints, &found)) {
		status = bad_address(text, "not an IP address");
	} else {
		*size = found->ai_addrlen;
		memcpy(address, found->ai_addr, *size);
		freeaddrinfo(found);
	}
	free(host);
	free(port);
	return status;
}

static bool is_any(const union address *a)
{
	static const struct in6_addr mapped = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (a->any.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return a->any.sa_family == AF_INET6 &&
	       (IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr) ||
		!memcmp(&a->v6.sin6_addr, &mapped, sizeof(mapped)));
}

static enum status refuse_any(const char *what)
{
	error("%s: this is each address of the host, and the metrics name processes, users and pods; "
	      "listen on one address, or add --any-address", what);
	return STATUS_USAGE;
}

static char *url_of(const union address *a, socklen_t size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool v6 = a->any.sa_family == AF_INET6;

	if (getnameinfo(&a->any, size, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return xasprintf("a socket of family %d", a->any.sa_family);
	return xasprintf("http://%s%s%s:%s/metrics", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

/* Says where @fd listens, with the port that the kernel chose for port 0. */
static void announce(int fd)
{
	union address address = { .room.ss_family = AF_UNSPEC };
	socklen_t size = sizeof(address);
	char *url;

	getsockname(fd, &address.any, &size);
	url = url_of(&address, size);
	error("listening on %s", url);
	free(url);
}

static enum status failed(const char *text)
{
	const char *remedy = "";

	switch (errno) {
	case EADDRINUSE:
		remedy = "; ss -ltnp shows what listens there: end it, or choose another port";
		break;
	case EADDRNOTAVAIL:
		remedy = "; this host has no such address: ip address shows those that it has";
		break;
	case EACCES:
		remedy = "; ports below 1024 are for root: choose another one";
		break;
	}
	error("%s: %s%s", text, strerror(errno), remedy);
	return STATUS_FAILURE;
}

static enum status listen_on(const char *text, bool any_address, int *fd)
{
	union address address;
	static const int on = 1;
	socklen_t size;
	enum status status = parse(text, &address, &size);
	int v6only;

	if (status)
		return status;
	if (is_any(&address) && !any_address)
		return refuse_any(text);
	*fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return failed(text);
	/* So that it can be started again at once. */
	setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	v6only = *text != '*';
	if (address.any.sa_family == AF_INET6)
		setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	if (!bind(*fd, &address.any, size) && !listen(*fd, SOMAXCONN)) {
		announce(*fd);
		return STATUS_OK;
	}
	status = failed(text);
	close(*fd);
	return status;
}

/* Sockets of a socket unit. They may be of AF_UNIX, too. */
static enum status take_over(bool any_address, int *fds, unsigned int *n)
{
	int passed = notify_sockets(fds, LISTEN_MOST);

	if (passed <= 0) {
		error("metrics: --listen systemd: systemd passed no socket that listens; start "
		      "roundwatch-metrics.socket, or name an address");
		return STATUS_USAGE;
	}
	for (*n = 0; *n < (unsigned int)passed; ++*n) {
		union address address = { .room.ss_family = AF_UNSPEC };
		socklen_t size = sizeof(address);
		enum status status;
		char *url;

		getsockname(fds[*n], &address.any, &size);
		if (is_any(&address) && !any_address) {
			url = url_of(&address, size);
			status = refuse_any(url);
			free(url);
			return status;
		}
		announce(fds[*n]);
	}
	return STATUS_OK;
}

enum status listen_open(const char *address, bool any_address, int *fds, unsigned int *n)
{
	if (!strcmp(address, "systemd"))
		return take_over(any_address, fds, n);
	*n = 1;
	return listen_on(address, any_address, fds);
}
