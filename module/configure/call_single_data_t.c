// SPDX-License-Identifier: GPL-2.0
/* call_single_data_t replaced struct call_single_data: from 4.14 on. */
#include <linux/smp.h>

#ifdef PROBE
void *probe(call_single_data_t *csd)
{
	return csd->info;
}
#endif
