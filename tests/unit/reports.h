/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the two halves of test-reports: the module's, which is compiled with a
 * shim for the kernel's headers, and the reporter's.
 */
#ifndef REPORTS_H
#define REPORTS_H

#include <stdbool.h>
#include <stdint.h>

/* The module's half: what the device would give. */
void device_open(void);
/* The next record, valid until the next call; NULL: none yet. */
const void *device_read(void);
bool process_lives(uint32_t tgid, uint64_t start_ns);

/* The reporter's half. */
void reader_start(void);
/* Read all there is. Return: false if records were lost; then the state was read anew. */
bool reader_run(void);
void reader_stop(void);

/* Called by the reporter's half for each change that it reports. */
enum report { REPORT_ROSE, REPORT_FELL, REPORT_ENDED };
void reported(uint32_t tgid, uint64_t start_ns, enum report what, uint8_t verdict,
	      uint8_t previous);

#endif
