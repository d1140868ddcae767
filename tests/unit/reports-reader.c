// SPDX-License-Identifier: GPL-2.0
/* The reporter's half of test-reports: follow.c reads a device that is no file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records/follow.h"
#include "reports.h"

/* In the place of records/source.c. */
enum status source_open(struct source *s, const struct source_options *from)
{
	(void)from;
	memset(s, 0, sizeof(*s));
	s->live = true;
	device_open();
	return STATUS_OK;
}

enum status source_next(struct source *s, const struct roundwatch_header **record)
{
	*record = device_read();
	if (*record && (*record)->type == ROUNDWATCH_SNAPSHOT_END)
		s->complete = true;
	return STATUS_OK;
}

void source_close(struct source *s)
{
	s->live = false;
}

void source_copy_info(struct roundwatch_info *to, const struct roundwatch_header *from)
{
	memcpy(to, from, sizeof(*to));
}

void source_copy_tally(struct roundwatch_tally *to, const struct roundwatch_header *from)
{
	memcpy(to, from, sizeof(*to));
}

void source_copy_lost(struct roundwatch_lost *to, const struct roundwatch_header *from)
{
	memcpy(to, from, sizeof(*to));
}

/* In the place of the one in who/process.c. */
int __wrap_process_open(const struct host *host, uint32_t tgid, uint64_t start_ns);
int __wrap_process_open(const struct host *host, uint32_t tgid, uint64_t start_ns)
{
	(void)host;
	return process_lives(tgid, start_ns) ? open("/", O_PATH | O_CLOEXEC) : -1;
}

static void tell(struct follow *f, struct accused *a, enum change change, uint8_t previous)
{
	static const enum report what[] = {
		[CHANGE_PRESENT] = REPORT_ROSE,
		[CHANGE_ROSE] = REPORT_ROSE,
		[CHANGE_FELL] = REPORT_FELL,
		[CHANGE_ENDED] = REPORT_ENDED,
	};

	(void)f;
	reported(a->tgid, a->start_ns, what[change], a->verdict, previous);
}

static const struct source_options options;
static struct follow follow = { .from = &options, .tell = tell };

static void check(enum status status)
{
	if (status != STATUS_OK) {
		printf("Bail out! follow: status %d\n", status);
		exit(1);
	}
}

void reader_start(void)
{
	check(follow_open(&follow));
	check(follow_read(&follow));
}

bool reader_run(void)
{
	check(follow_read(&follow));
	if (!follow.lost)
		return true;
	follow_close(&follow);
	reader_start();
	return false;
}

void reader_stop(void)
{
	follow_close(&follow);
	follow_forget(&follow);
}
