// SPDX-License-Identifier: GPL-2.0
/* What poll() returns is a type of its own: from 4.16 on. */
#include <linux/poll.h>

#ifdef PROBE
__poll_t probe(struct file *file, poll_table *wait);
struct file_operations operations = { .poll = probe };
#endif
