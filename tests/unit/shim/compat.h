/* SPDX-License-Identifier: GPL-2.0 */
/*
 * module/compat.h for userspace: as much of the kernel as tally.c and arch/x86.h
 * need, so that the unit tests compile these very files.
 *
 * It must be given on the command line (-include): the module's files include
 * "compat.h" in quotes, which the compiler looks for beside them first. Both
 * headers have the same guard, so that only the first one counts.
 *
 * A CPU is a thread that has set shim_cpu. READ_ONCE() and its kin are atomics,
 * so that ThreadSanitizer takes for a race what KCSAN would.
 */
#ifndef ROUNDWATCH_COMPAT_H
#define ROUNDWATCH_COMPAT_H

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define U32_MAX		UINT32_MAX
#define U16_MAX		UINT16_MAX
#define U64_MAX		UINT64_MAX

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define noinline	__attribute__((__noinline__))
#define __aligned(x)	__attribute__((aligned(x)))
#define ____cacheline_aligned	__aligned(64)
#define __read_mostly
#define __packed	__attribute__((packed))
#undef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * Races by design. Not inlined, as the kernel does it, for else the caller's
 * instrumentation is used. Clang's no_sanitize leaves atomics instrumented.
 */
#ifdef SHIM_MB
#define __no_kcsan		/* each access is wanted: see tests/prove */
#elif defined(__clang__) && __has_attribute(disable_sanitizer_instrumentation)
#define __no_kcsan	__attribute__((disable_sanitizer_instrumentation, __noinline__))
#else
#define __no_kcsan	__attribute__((no_sanitize("thread"), __noinline__))
#endif

/*
 * Where a race can be lost, lose it more often: two or four processors switch
 * between threads at instructions of their own choosing far too seldom. One in
 * shim_yield calls gives the processor away; 0: none.
 */
extern __thread u32 shim_yield;
extern __thread u32 shim_dice;
__attribute__((weak)) __thread u32 shim_yield;
__attribute__((weak)) __thread u32 shim_dice;

static inline void shim_race(void)
{
	if (!shim_yield)
		return;
	shim_dice = shim_dice * 1664525 + 1013904223;
	if (shim_dice >> 8 < (1U << 24) / shim_yield)
		sched_yield();
}

#define READ_ONCE(x)							\
	({								\
		shim_race();						\
		__atomic_load_n(&(x), __ATOMIC_RELAXED);		\
	})
#define WRITE_ONCE(x, v)						\
	do {								\
		shim_race();						\
		__atomic_store_n(&(x), (v), __ATOMIC_RELAXED);		\
	} while (0)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)						\
	do {								\
		shim_race();						\
		__atomic_store_n(p, v, __ATOMIC_RELEASE);		\
	} while (0)
#define cmpxchg(p, old, new)						\
	({								\
		__typeof__(*(p)) shim_old = (old);			\
									\
		shim_race();						\
		__atomic_compare_exchange_n(p, &shim_old, new, false,	\
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		shim_old;						\
	})

/* <linux/bitops.h> */
#define BITS_PER_LONG		64
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define shim_bit(bit)		(1UL << (bit) % BITS_PER_LONG)
#define test_and_set_bit(bit, p)					\
	({								\
		shim_race();						\
		(bool)(__atomic_fetch_or((p) + (bit) / BITS_PER_LONG, shim_bit(bit), \
					 __ATOMIC_SEQ_CST) & shim_bit(bit)); \
	})
#define set_bit(bit, p)		((void)test_and_set_bit(bit, p))
#define clear_bit(bit, p)						\
	((void)__atomic_fetch_and((p) + (bit) / BITS_PER_LONG, ~shim_bit(bit), __ATOMIC_SEQ_CST))
#define test_bit(bit, p)						\
	((bool)(__atomic_load_n((p) + (bit) / BITS_PER_LONG, __ATOMIC_RELAXED) & shim_bit(bit)))
#define smp_mb__after_atomic()	smp_mb()

/* A plain read of what others write, by design. */
#define data_race(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)

/* As on x86, the only architecture there is: barriers to the compiler. */
#define barrier()	__asm__ __volatile__("" ::: "memory")
#define smp_rmb()	barrier()
#define smp_wmb()	barrier()
#ifdef SHIM_MB
void SHIM_MB(void);
#define smp_mb()	SHIM_MB()
#else
#define smp_mb()	__asm__ __volatile__("lock; addl $0,-4(%%rsp)" ::: "memory", "cc")
#endif
#define cpu_relax()	sched_yield()

typedef struct {
	int counter;
} atomic_t;

#define ATOMIC_INIT(i)	{ (i) }
#define atomic_read(a)	__atomic_load_n(&(a)->counter, __ATOMIC_RELAXED)
#define atomic_set(a, i) __atomic_store_n(&(a)->counter, i, __ATOMIC_RELAXED)
#define atomic_inc(a)	((void)__atomic_fetch_add(&(a)->counter, 1, __ATOMIC_SEQ_CST))
#define atomic_dec(a)	((void)__atomic_fetch_sub(&(a)->counter, 1, __ATOMIC_SEQ_CST))

/*
 * Per-CPU variables, the kernel's way: the name is an address in a section of
 * its own, and each CPU has a copy of the section. All begin as zero.
 */
#define SHIM_CPUS	8
#define SHIM_PERCPU	4096

extern char __start_shim_percpu_vars[] __attribute__((weak));
extern char shim_percpu[SHIM_CPUS][SHIM_PERCPU];
extern __thread int shim_cpu;
__attribute__((weak)) __aligned(64) char shim_percpu[SHIM_CPUS][SHIM_PERCPU];
__attribute__((weak)) __thread int shim_cpu;

static inline void *shim_percpu_at(const volatile void *variable, int cpu)
{
	return shim_percpu[cpu] + ((uintptr_t)variable - (uintptr_t)__start_shim_percpu_vars);
}

#define DECLARE_PER_CPU(type, name)	extern type name
#define DEFINE_PER_CPU(type, name)	__attribute__((section("shim_percpu_vars"))) type name
#define per_cpu_ptr(p, cpu)		((__typeof__(p))shim_percpu_at(p, cpu))
#define smp_processor_id()		shim_cpu
#define this_cpu_ptr(p)			per_cpu_ptr(p, shim_cpu)
#define this_cpu_read(v)		__atomic_load_n(this_cpu_ptr(&(v)), __ATOMIC_RELAXED)
#define this_cpu_add_return(v, n)					\
	__atomic_add_fetch(this_cpu_ptr(&(v)), n, __ATOMIC_RELAXED)
#define this_cpu_inc_return(v)		this_cpu_add_return(v, 1)
#define this_cpu_inc(v)			((void)this_cpu_add_return(v, 1))
#define this_cpu_add(v, n)		((void)this_cpu_add_return(v, n))
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < SHIM_CPUS; (cpu)++)

/* Time stands still until a test moves it. */
#define HZ	1000
extern u64 shim_jiffies;
__attribute__((weak)) u64 shim_jiffies;

#define get_jiffies_64()	__atomic_load_n(&shim_jiffies, __ATOMIC_RELAXED)

#define MSEC_PER_SEC	1000UL
#define NSEC_PER_SEC	1000000000UL
#define ktime_get_boot_fast_ns()	(get_jiffies_64() * (NSEC_PER_SEC / HZ))

#define MAX_ERRNO	4095
static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline bool IS_ERR(const void *p)
{
	return (uintptr_t)p >= (uintptr_t)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

#define ilog2(x)	(31 - __builtin_clz(x))

#define GFP_KERNEL	0
extern unsigned int shim_fail_alloc;	/* which allocation from now on fails; 0: none */
__attribute__((weak)) unsigned int shim_fail_alloc;

/* Aligned as the kernel's are, to a page; where the memory begins is before it. */
static inline void *kvcalloc(size_t n, size_t size, int gfp)
{
	size_t page = 4096;
	char *memory, *p;

	(void)gfp;
	if (shim_fail_alloc && !--shim_fail_alloc)
		return NULL;
	memory = calloc(1, n * size + page + sizeof(memory));
	if (!memory)
		return NULL;
	p = memory + sizeof(memory);
	p += -(uintptr_t)p % page;
	memcpy(p - sizeof(memory), &memory, sizeof(memory));
	return p;
}

static inline void kvfree(const void *p)
{
	void *memory;

	if (!p)
		return;
	memcpy(&memory, (const char *)p - sizeof(memory), sizeof(memory));
	free(memory);
}

static inline void *vzalloc(size_t size)
{
	return kvcalloc(1, size, GFP_KERNEL);
}

static inline void vfree(const void *p)
{
	kvfree(p);
}

/* <asm/fpu/types.h>: what XSAVE and FXSAVE write, Intel SDM vol. 1, 10.5.1 and 13.4. */
struct fxregs_state {
	u16 cwd;
	u16 swd;
	u16 twd;
	u16 fop;
	u64 rip;
	u64 rdp;
	u32 mxcsr;
	u32 mxcsr_mask;
	u32 st_space[32];
	u32 xmm_space[64];
	u32 padding[12];
	u32 sw_reserved[12];
};

struct xstate_header {
	u64 xfeatures;
	u64 xcomp_bv;
	u64 reserved[6];
};

struct xregs_state {
	struct fxregs_state i387;
	struct xstate_header header;
	u8 extended_state_area[];
} __aligned(64);

_Static_assert(offsetof(struct xregs_state, i387.mxcsr) == 24, "FXSAVE: MXCSR");
_Static_assert(offsetof(struct xregs_state, header) == 512, "XSAVE: header");

#endif /* ROUNDWATCH_COMPAT_H */
