// SPDX-License-Identifier: GPL-2.0
/* Files in /proc use struct proc_ops: from 5.6 on. */
#include <linux/fs.h>
#include <linux/proc_fs.h>

#ifdef PROBE
struct proc_dir_entry *probe(const struct proc_ops *operations)
{
	return proc_create("probe", 0400, NULL, operations);
}
#endif
