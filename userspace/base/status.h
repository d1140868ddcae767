/* SPDX-License-Identifier: GPL-2.0 */
#ifndef STATUS_H
#define STATUS_H

/* Exit statuses; roundwatch(8) documents these numbers. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,	/* input or output failed, or is invalid */
	STATUS_USAGE = 2,
	STATUS_NO_MODULE = 3,	/* not loaded, or not readable */
	STATUS_BLIND = 4,	/* loaded, but sees nothing */
};

#endif
