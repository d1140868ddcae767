/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>

/*
 * What /proc and the user database of this host know. All return allocated
 * text, or NULL if it is not known.
 */

char *user_name(uint32_t uid);

/* Of process @tgid if it is still the one that started at @start_ns. */
char *process_exe(uint32_t tgid, uint64_t start_ns);
char *process_cmdline(uint32_t tgid, uint64_t start_ns);

#endif
