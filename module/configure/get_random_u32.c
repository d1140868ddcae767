// SPDX-License-Identifier: GPL-2.0
/* Exported: get_random_u32 */
/* Once get_random_int(): from 4.11 on. */
#include <linux/random.h>

#ifdef PROBE
u32 probe(void)
{
	return get_random_u32();
}
#endif
