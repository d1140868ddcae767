// SPDX-License-Identifier: GPL-2.0
/* Notifications for systemd, if the program runs under it */
#include <stdarg.h>
#include <stdio.h>

#include "base/notify.h"

#ifdef HAVE_LIBSYSTEMD
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

#else

void notify(const char *format, ...)
{
	(void)format;
}

uint64_t notify_watchdog_ns(void)
{
	return 0;
}

#endif
