/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of the roundwatch module to userspace: the records read from
 * /dev/roundwatch.
 *
 * A read returns only whole records, as many as fit. Every record starts with
 * struct roundwatch_header; a reader steps by its @size and skips types that it
 * does not know. Fields are only ever appended. A record that is longer than the
 * reader expects comes from a newer module; a shorter one comes from an older
 * module, and its missing fields count as zero. @abi changes only if this rule
 * cannot be kept.
 *
 * After open, a reader first gets the present state: one ROUNDWATCH_INFO, one
 * ROUNDWATCH_TALLY for each tally, then ROUNDWATCH_SNAPSHOT_END. After that, a
 * read waits (with O_NONBLOCK it fails with EAGAIN) for a ROUNDWATCH_TALLY of
 * each tally whose verdict rises to suspect or above, falls, or which ends. A
 * reader that is too slow gets a ROUNDWATCH_LOST instead of the oldest records.
 * An open file keeps the module loaded. All integers are in the host's byte order,
 * all times are CLOCK_BOOTTIME nanoseconds unless stated otherwise.
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
 * struct roundwatch_header - the start of every record
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

/*
 * Rounding control as MXCSR numbers it, bits 13-14. FPCR.RMode of arm64, bits 22-23,
 * numbers RD and RU the other way round.
 */
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
	ROUNDWATCH_SUSPECT	= 2,	/* evidence not sufficient yet */
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
 * @observations: firings of the tracepoint on all CPUs: one for each context
 *	switch of a task that used its registers, and one when a task ends
 * @live: tallies whose task lives
 * @exited: tallies whose task is gone, still readable
 * @claimed: tallies ever claimed
 * @evicted: live tallies that others replaced in a full table
 * @dropped: observations that found no room in a full table
 * @contended: observations lost because the tally was being changed elsewhere
 * @suspect_evidence: evidence from which a verdict is suspect
 * @randomx_evidence: evidence from which a verdict is randomx
 * @gap_us: CPU time that a thread must use between two samples
 * @decay: evidence lost per second
 * @looks: observations of the floor, of tasks that were not switched out
 * @floor_hz: looks per second at a busy CPU, on the average; 0: no floor
 * @machine: architecture, as ELF numbers it: 62 x86-64, 183 arm64; 0: x86-64, from an
 *	older module
 * @lost: records lost because readers were too slow
 * @reached_suspect: processes that became suspect or randomx since the module was
 *	loaded; each counts once
 * @reached_randomx: those of them that became randomx
 * @suspect_ns: when @reached_suspect last grew; 0: never
 * @randomx_ns: when @reached_randomx last grew; 0: never
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
	__u32 machine;
	__u64 lost;
	__u64 reached_suspect;
	__u64 reached_randomx;
	__u64 suspect_ns;
	__u64 randomx_ns;
	__u64 reserved[2];
};

/* roundwatch_tally.flags */
#define ROUNDWATCH_PROCESS	(1U << 0) /* a whole process, not one thread */
#define ROUNDWATCH_EXITED	(1U << 1) /* the task is gone, or ran exec */
#define ROUNDWATCH_GUEST	(1U << 2) /* registers of a virtual machine */
#define ROUNDWATCH_X87		(1U << 3) /* the x87 rounding control moves along with MXCSR's */
#define ROUNDWATCH_SMALL	(1U << 4) /* maps (arm64: uses) less memory than RandomX needs */

/**
 * struct roundwatch_tally - observations of one thread or one process
 * @header: type ROUNDWATCH_TALLY
 * @flags: ROUNDWATCH_PROCESS, _EXITED, _GUEST, _X87, _SMALL
 * @pid: of the thread, in the initial pid namespace (what gettid() returns
 *	there); in a process's tally the same as @tgid
 * @tgid: of its process (what getpid() returns)
 * @uid: real user id, in the initial user namespace
 * @comm: name of the thread at the last sample, NUL-terminated
 * @verdict: the present enum roundwatch_verdict
 * @highest: the highest verdict so far
 * @mode: the last mode seen
 * @evidence: the present score of the rule; ROUNDWATCH_RANDOMX is reached at
 *	roundwatch_info.randomx_evidence
 * @score: the parts of @evidence: RD, RU, RZ, and changes to and from RZ
 * @mxcsr: control word at the last sample that counted: MXCSR; on arm64, FPCR
 * @fcw: x87 control word at that sample; on arm64, 0
 * @start_ns: start of the task; with @pid, its identity
 * @process_start_ns: start of its process; with @tgid, its identity
 * @first_ns: first seen in RD, RU or RZ
 * @last_ns: last observation
 * @verdict_ns: when @verdict last changed
 * @cpu_ns: CPU time of the thread at the last sample; 0 in a process's tally
 * @count: observations per mode
 * @changes: observations whose mode differed from the previous one
 * @samples: observations that the rule counted
 * @id: of this tally, unique as long as the module is loaded and never 0; a
 *	task that runs exec gets another
 * @mapped: bytes of memory that the process mapped when the rule last asked, on arm64
 *	those of it that it used, in whole MiB, at most 64 GiB; 0: it never did, or these
 *	are a guest's registers
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
	__u64 mapped;
	__u64 reserved[6];
};

/**
 * struct roundwatch_lost - records that a slow reader missed
 * @header: type ROUNDWATCH_LOST
 * @lost: number of lost records; reopen the device for the present state
 */
struct roundwatch_lost {
	struct roundwatch_header header;
	__u64 lost;
};

/*
 * Reads the module's counters at any time, without records. The kernel fills as
 * many bytes as both sides know; info.header.size is their number.
 */
#define ROUNDWATCH_IOC_INFO	_IOR('R', 0x77, struct roundwatch_info)

#endif /* _UAPI_ROUNDWATCH_H */
