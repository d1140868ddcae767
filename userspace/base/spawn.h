/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * spawn - start a program, with no signal blocked or ignored
 * @path: of the program; @argv: its arguments, the name first
 * @input: its standard input; -1: /dev/null
 * @output: its standard output
 * @error: its standard error; may be @output
 * @alone: it leads a process group of its own
 * @pid: its PID
 *
 * All other descriptors of this program are closed on exec. Return: 0, or an error number.
 */
int spawn(const char *path, char *const argv[], int input, int output, int error, bool alone,
	  pid_t *pid);

#endif
