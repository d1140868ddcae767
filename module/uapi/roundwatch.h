/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the roundwatch module tells userspace: the records read from
 * /dev/roundwatch.
 *
 * A read returns whole records only, as many as fit. Every record begins
 * with struct roundwatch_header; a reader steps by its @size and skips types
 * it does not know. Fields are only ever appended: a record longer than the
 * reader's idea of it comes from a newer module, a shorter one from an older
 * module, whose missing fields count as zero. @abi changes only when that
 * promise cannot be kept.
 *
 * On open a reader gets the present state: one ROUNDWATCH_INFO, one
 * ROUNDWATCH_TALLY for each tally, then ROUNDWATCH_SNAPSHOT_END. From then on a
 * read waits (or fails with EAGAIN, with O_NONBLOCK) for a ROUNDWATCH_TALLY of
 * each tally whose verdict rises to suspect or above, falls, or which ends. Who
 * reads too slowly gets a ROUNDWATCH_LOST in the place of the oldest. End of
 * file means that the module has been unloaded. All integers are in the host's byte
 * order, all times are CLOCK_BOOTTIME nanoseconds unless they say otherwise.
 */
#ifndef _UAPI_ROUNDWATCH_H
#define _UAPI_ROUNDWATCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define ROUNDWATCH_ABI		1
#define ROUNDWATCH_DEVICE	"/dev/roundwatch"
#define ROUNDWATCH_MAX_RECORD	4096	/* no record will ever be longer */

enum roundwatch_type {
	ROUNDWATCH_INFO		= 1,	/* struct roundwatch_info */
	ROUNDWATCH_TALLY	= 2,	/* struct roundwatch_tally */
	ROUNDWATCH_SNAPSHOT_END	= 3,	/* struct roundwatch_header alone */
	ROUNDWATCH_LOST		= 4,	/* struct roundwatch_lost */
};

/**
 * struct roundwatch_header - how every record begins
 * @size: bytes of the whole record, this header included; a multiple of 8
 * @type: enum roundwatch_type
 * @abi: ROUNDWATCH_ABI of the module that wrote it
 * @time_ns: when the record was made
 */
struct roundwatch_header {
	__u32 size;
	__u16 type;
	__u16 abi;
	__u64 time_ns;
};

/* Rounding control as the hardware numbers it: MXCSR bits 13-14. */
enum roundwatch_mode {
	ROUNDWATCH_RN = 0,		/* to nearest, the default */
	ROUNDWATCH_RD = 1,		/* down, toward minus infinity */
	ROUNDWATCH_RU = 2,		/* up, toward plus infinity */
	ROUNDWATCH_RZ = 3,		/* toward zero */
	ROUNDWATCH_MODES = 4,
};

enum roundwatch_verdict {
	ROUNDWATCH_CLEAR	= 0,	/* never left RN */
	ROUNDWATCH_ROUNDING	= 1,	/* another mode was seen */
	ROUNDWATCH_SUSPECT	= 2,	/* on the way to RandomX */
	ROUNDWATCH_RANDOMX	= 3,
};

/* roundwatch_info.flags */
#define ROUNDWATCH_BLIND	(1U << 0) /* the self-test failed: sees nothing */

/**
 * struct roundwatch_info - the module itself
 * @header: type ROUNDWATCH_INFO
 * @version: of the module, NUL-terminated
 * @flags: ROUNDWATCH_BLIND
 * @max_tasks: tallies the table can hold
 * @loaded_ns: when the module was loaded
 * @realtime_offset_ns: add this to any time to get CLOCK_REALTIME
 * @observations: firings of the tracepoint, all CPUs: one a context switch of
 *	a task that used its registers, and one as a task ends
 * @live: tallies whose task lives
 * @exited: tallies whose task is gone, still readable
 * @claimed: tallies ever claimed
 * @evicted: live tallies that gave way to others in a full table
 * @dropped: observations that found no room in a full table
 * @contended: observations lost to a tally that was being changed elsewhere
 * @suspect_evidence: evidence from which a verdict is suspect
 * @randomx_evidence: evidence from which a verdict is randomx
 * @gap_us: CPU time between two samples of a thread that count as two
 * @decay: evidence lost per second
 * @looks: observations that the floor made, of tasks not switched out
 * @floor_hz: observations a second of a busy CPU, at least; 0: no floor
 * @reserved0: zero
 * @lost: records that readers lost, as they read too slowly; each was told
 * @reserved: zero
 */
struct roundwatch_info {
	struct roundwatch_header header;
	char version[32];
	__u32 flags;
	__u32 max_tasks;
	__u64 loaded_ns;
	__s64 realtime_offset_ns;
	__u64 observations;
	__u64 live;
	__u64 exited;
	__u64 claimed;
	__u64 evicted;
	__u64 dropped;
	__u64 contended;
	__u32 suspect_evidence;
	__u32 randomx_evidence;
	__u32 gap_us;
	__u32 decay;
	__u64 looks;
	__u32 floor_hz;
	__u32 reserved0;
	__u64 lost;
	__u64 reserved[6];
};

/* roundwatch_tally.flags */
#define ROUNDWATCH_PROCESS	(1U << 0) /* a whole process, not one thread */
#define ROUNDWATCH_EXITED	(1U << 1) /* the task is gone, or ran exec */
#define ROUNDWATCH_GUEST	(1U << 2) /* registers of a virtual machine */
#define ROUNDWATCH_X87		(1U << 3) /* x87 rounding follows MXCSR's */

/**
 * struct roundwatch_tally - what was seen of one thread, or of one process
 * @header: type ROUNDWATCH_TALLY
 * @flags: ROUNDWATCH_PROCESS, _EXITED, _GUEST, _X87
 * @pid: of the thread, in the initial pid namespace (what gettid() returns
 *	there); in a process's tally the same as @tgid
 * @tgid: of its process (what getpid() returns)
 * @uid: real user id, in the initial user namespace
 * @comm: name of the thread when last looked at, NUL-terminated
 * @verdict: enum roundwatch_verdict, now
 * @highest: the highest verdict it ever had
 * @mode: the mode last seen
 * @evidence: score of the rule, now; ROUNDWATCH_RANDOMX is reached at
 *	roundwatch_info.randomx_evidence
 * @score: the parts of @evidence: RD, RU, RZ, and changes to and from RZ
 * @mxcsr: last seen, whole
 * @fcw: x87 control word last seen with a sample that counted
 * @start_ns: start of the task; with @pid, its identity
 * @process_start_ns: start of its process; with @tgid, its identity
 * @first_ns: first seen in RD, RU or RZ
 * @last_ns: last observation
 * @verdict_ns: since when @verdict is what it is
 * @cpu_ns: CPU time of the thread when last counted; 0 in a process's tally
 * @count: observations per mode
 * @changes: observations whose mode was not that of the one before
 * @samples: observations that the rule counted
 * @id: of this tally, unique as long as the module is loaded and never 0; a
 *	task that runs exec gets another
 * @reserved: zero
 *
 * A process's tally carries the evidence of its threads and of the processes
 * it forked; @count, @changes and @samples in it are of counted samples only.
 */
struct roundwatch_tally {
	struct roundwatch_header header;
	__u32 flags;
	__u32 pid;
	__u32 tgid;
	__u32 uid;
	char comm[16];
	__u8 verdict;
	__u8 highest;
	__u8 mode;
	__u8 reserved0;
	__u32 evidence;
	__u32 score[4];
	__u32 mxcsr;
	__u32 fcw;
	__u64 start_ns;
	__u64 process_start_ns;
	__u64 first_ns;
	__u64 last_ns;
	__u64 verdict_ns;
	__u64 cpu_ns;
	__u64 count[ROUNDWATCH_MODES];
	__u64 changes;
	__u64 samples;
	__u64 id;
	__u64 reserved[7];
};

/**
 * struct roundwatch_lost - what a slow reader missed
 * @header: type ROUNDWATCH_LOST
 * @lost: records that are gone; reopen the device for the present state
 */
struct roundwatch_lost {
	struct roundwatch_header header;
	__u64 lost;
};

/*
 * The module's counters at any time, without reading the records. The kernel
 * fills as many bytes as both sides know; info.header.size says how many.
 */
#define ROUNDWATCH_IOC_INFO	_IOR('R', 0x77, struct roundwatch_info)

#endif /* _UAPI_ROUNDWATCH_H */
