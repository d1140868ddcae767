/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEXTFILE_H
#define TEXTFILE_H

#include <stddef.h>

#include "base/status.h"

/* A file for the textfile collector of node_exporter. These print their own messages. */

/* Is there a regular file, or nothing? A device, a pipe or a link is never replaced. */
enum status textfile_check(const char *path);

/* Replace the file as a whole, mode 0644, so that readers never see an incomplete one. */
enum status textfile_write(const char *path, const char *text, size_t n);

#endif
