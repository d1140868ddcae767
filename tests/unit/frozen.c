// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded with LD_PRELOAD: imitates a device whose counters rise by RW_STEP each time
 * they are read. With 0, it imitates a module that sees nothing.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "roundwatch.h"

int ioctl(int fd, unsigned long request, ...)
{
	static __u64 observations = 5;
	struct roundwatch_info *info;
	va_list ap;

	(void)fd;
	if (request != ROUNDWATCH_IOC_INFO)
		return -1;
	va_start(ap, request);
	info = va_arg(ap, struct roundwatch_info *);
	va_end(ap);
	memset(info, 0, sizeof(*info));
	info->header.size = sizeof(*info);
	info->header.type = ROUNDWATCH_INFO;
	info->header.abi = ROUNDWATCH_ABI;
	info->observations = observations;
	observations += strtoull(getenv("RW_STEP"), NULL, 10);
	return 0;
}
