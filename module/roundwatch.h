/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each file of the module offers to the others, the lowest first: a file
 * calls only what stands above its own section. Below all of them are tally.h,
 * verdict.h and self.h. `scripts/lint includes` checks it.
 */
#ifndef ROUNDWATCH_MODULE_H
#define ROUNDWATCH_MODULE_H

#include "arch/fpu.h"
#include "compat.h"
#include "self.h"
#include "tally.h"
#include "verdict.h"

#define ROUNDWATCH_VERSION	"0.1.0"

/**
 * may_open() - may the caller open a face of the module?
 *
 * File permission decides, in the initial user and pid namespaces. Elsewhere
 * nobody may: the records are about all tasks, and their pids and uids are those
 * of the initial namespaces.
 */
static inline bool may_open(void)
{
	return current_user_ns() == &init_user_ns && task_active_pid_ns(current) == &init_pid_ns;
}

/* stream.c */
struct stream_reader {
	u64 next;
};

extern wait_queue_head_t stream_news;
int stream_init(void);
void stream_publish(const struct roundwatch_tally *r);
void stream_start(struct stream_reader *reader);
bool stream_pending(const struct stream_reader *reader);
u64 stream_read(struct stream_reader *reader, struct roundwatch_tally *r);
u64 stream_lost(void);
void stream_exit(void);

/* record.c */
bool record_tally(struct roundwatch_tally *r, u32 slot);
void record_reached(u8 verdict, u64 when_ns);
void record_info(struct roundwatch_info *info);

/* notice.c */
int notice_init(void);
void notice_change(const struct tally *t);
void notice_exit(void);

/* judge.c */
bool judge_memory(struct tally *t, const struct mm_struct *mm);
void judge_settle(struct tally *t);
void judge(struct tally *t, const struct mm_struct *mm);
void judge_end(struct tally *t);

/* user.c */
void user_share(struct verdict_score *process, bool looks, u32 uid,
		const struct verdict_change *change, u64 when_ms);

/* observe.c */
void observe_switch(PROBE_SWITCH_PARAMETERS);
void observe_look(bool switched);

/* lineage.c */
void lineage_fork(void *data, struct task_struct *parent, struct task_struct *child);
void lineage_exec(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm);
void lineage_exit(PROBE_EXIT_PARAMETERS);

/* selftest.c */
void selftest_begin(struct tracepoint *tp);
bool selftest_pending(void);
void selftest_exit(void);

/* probe.c */
int probe_init(void);
void probe_exit(void);

/* floor.c */
#define FLOOR_DEFAULT	20
#define FLOOR_MAX	HZ
int floor_init(unsigned int hz);
void floor_exit(void);

/* procfs.c */
int procfs_init(void);
void procfs_exit(void);

/* chardev.c */
int chardev_init(void);
void chardev_exit(void);

#endif /* ROUNDWATCH_MODULE_H */
