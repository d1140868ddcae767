// SPDX-License-Identifier: GPL-2.0
/* ktime_get_boottime_ns() replaced ktime_get_boot_ns(): from 5.3 on. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#ifdef PROBE
u64 probe(void)
{
	return ktime_get_boottime_ns();
}
#endif
