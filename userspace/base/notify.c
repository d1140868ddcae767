// SPDX-License-Identifier: GPL-2.0
/* Notifications for systemd, if the program runs under it */
#include <stdarg.h>
#include <stdio.h>

#include "base/notify.h"

#ifdef HAVE_LIBSYSTEMD
#include <fcntl.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

void notify(const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	sd_notify(0, text);
}

uint64_t notify_watchdog_ns(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec * 1000 : 0;
}

int notify_sockets(int *fds, int most)
{
	int n = sd_listen_fds(1);

	if (n < 0 || n > most)
		return 0;
	for (int i = 0; i < n; i++) {
		fds[i] = SD_LISTEN_FDS_START + i;
		if (sd_is_socket(fds[i], AF_UNSPEC, SOCK_STREAM, 1) <= 0)
			return 0;
		fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) | O_NONBLOCK);
	}
	return n;
}

#else

void notify(const char *format, ...)
{
	(void)format;
}

uint64_t notify_watchdog_ns(void)
{
	return 0;
}

int notify_sockets(int *fds, int most)
{
	(void)fds;
	(void)most;
	return 0;
}

#endif
