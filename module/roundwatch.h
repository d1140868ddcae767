/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the module know of each other, tally and verdict aside. */
#ifndef ROUNDWATCH_MODULE_H
#define ROUNDWATCH_MODULE_H

#include "compat.h"
#include "tally.h"
#include "verdict.h"

#define ROUNDWATCH_VERSION	"0.1.0"

/* main.c: set once before the probes, then only read */
extern struct verdict_rule rule;

/* probe.c */
extern bool probe_blind;
int probe_init(void);
void probe_look(bool switched);
void probe_exit(void);

/* selftest.c */
void selftest_observe(void *data, struct fpu *fpu);
void selftest_begin(struct tracepoint *tp);
bool selftest_pending(void);
void selftest_exit(void);

/* floor.c */
#define FLOOR_DEFAULT	20
#define FLOOR_MAX	HZ
int floor_init(unsigned int hz);
void floor_exit(void);

/* notice.c */
struct notice_reader {
	u64 next;
};

int notice_init(void);
void notice_change(const struct tally *t);
void notice_start(struct notice_reader *reader);
bool notice_pending(const struct notice_reader *reader);
u64 notice_read(struct notice_reader *reader, struct roundwatch_tally *r);
u64 notice_lost(void);
void notice_exit(void);

/* record.c */
/* set by main.c, to be told */
extern u64 record_loaded_ns;
extern u32 record_floor_hz;
bool record_tally(struct roundwatch_tally *r, u32 slot);
void record_info(struct roundwatch_info *info);

/* procfs.c */
int procfs_init(void);
void procfs_exit(void);

/* chardev.c */
int chardev_init(void);
void chardev_wake(void);
void chardev_exit(void);

/* drain.c */
void drain(const atomic_t *busy);

/**
 * may_read() - does the caller see what the module tells?
 *
 * Root of the initial user and pid namespaces only: records speak of all tasks
 * and in the initial namespace's pids, which mean nothing elsewhere.
 */
static inline bool may_read(void)
{
	return capable(CAP_SYS_ADMIN) && task_active_pid_ns(current) == &init_pid_ns;
}

#endif /* ROUNDWATCH_MODULE_H */
