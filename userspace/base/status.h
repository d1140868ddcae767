/* SPDX-License-Identifier: GPL-2.0 */
#ifndef STATUS_H
#define STATUS_H

/* What the program exits with; roundwatch(8) promises these numbers. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,	/* input or output failed, or made no sense */
	STATUS_USAGE = 2,
	STATUS_NO_MODULE = 3,	/* not loaded, or not readable */
	STATUS_BLIND = 4,	/* loaded, and sees nothing */
};

#endif
