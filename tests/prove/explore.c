// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the threads of a model in every possible order and checks each.
 *
 * The code under test is compiled with -fsanitize=thread, but linked with this file in
 * the place of the sanitizer's library: the compiler announces each access to memory by
 * a call to a function below, which is where another thread may go on. A thread is a
 * stack of its own. From each state, each thread that can go on is tried; a state is
 * memory, the stores that are not in memory yet, and for each thread all that it has
 * read, which determines where it stands. States are remembered by a hash of 64 bits: a
 * state that has the hash of another is missed.
 *
 * Memory model: sequential consistency, or x86-TSO, in which a store waits in a buffer of
 * its CPU and enters memory in order, at any later moment; its own CPU sees it at once;
 * a locked instruction waits until the buffer is empty. The order of the accesses is that
 * of this compiler's code.
 *
 * A thread that spins, by cpu_relax(), tries again if memory has changed since its last try.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore.h"

#define STACK_SIZE	32768
#define MAX_BUFFER	32
#define MAX_DEPTH	4000
#define MAX_REGIONS	16

enum at { AT_STEP, AT_LOCKED, AT_CHOICE, AT_SPIN, AT_END };

struct store {
	char *address;
	uint32_t size;
	uint64_t value;
};

/* All of it but @stack is restored by a copy. */
struct thread {
	void *sp;
	enum at at;
	int alternatives;
	int chosen;
	uint64_t history;
	uint64_t retry;		/* what matters of it for another try */
	uint64_t seen;		/* changes of memory, when it last began a try */
	uint32_t buffered;
	struct store buffer[MAX_BUFFER];
};

struct state {
	uint64_t changes;
	struct thread thread[EXPLORE_THREADS];
};

struct action {
	uint8_t thread;
	bool flush;
	uint8_t alternative;
};

static const struct explore_model *model;
static struct explore_result *result;
static struct state now;
static char stack[EXPLORE_THREADS][STACK_SIZE] __attribute__((aligned(16)));
static void *scheduler_sp;
static int self = -1;

static struct region {
	char *memory;
	size_t size;
} region[MAX_REGIONS];
static int regions;

static const char *failure;
static struct action path[MAX_DEPTH];
static int path_length;
static bool telling;

__asm__(".pushsection .text\n.globl explore_switch\n"
	"explore_switch:\n"
	"push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
	"mov %rsp, (%rdi)\n"
	"mov %rsi, %rsp\n"
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n"
	"ret\n"
	".popsection\n");

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

static uint64_t mix_memory(uint64_t hash, const char *memory, size_t size)
{
	uint64_t word;

	for (; size >= sizeof(word); size -= sizeof(word), memory += sizeof(word)) {
		memcpy(&word, memory, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, memory, size);
	return mix(hash, word);
}

static uint64_t load(const void *address, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, address, size < sizeof(value) ? size : sizeof(value));
	return value;
}

static uint64_t hash_state(void)
{
	uint64_t hash = 1;
	int i;

	for (i = 0; i < regions; i++)
		hash = mix_memory(hash, region[i].memory, region[i].size);
	for (i = 0; i < model->threads; i++) {
		const struct thread *t = &now.thread[i];

		hash = mix(hash, t->history);
		hash = mix(hash, (uint64_t)t->at << 32 | t->buffered);
		hash = mix(hash, t->seen == now.changes);
		hash = mix_memory(hash, (const char *)t->buffer,
				  t->buffered * sizeof(t->buffer[0]));
	}
	return hash;
}

/* Return: whether it is a new one. */
static uint64_t *seen;
static size_t seen_size, seen_used;

static bool remember(uint64_t hash)
{
	size_t i, old_size = seen_size;
	uint64_t *old = seen;

	if (!hash)
		hash = 1;
	if (seen_used * 2 >= seen_size) {
		seen_size = old_size ? old_size * 2 : 1 << 16;
		seen = calloc(seen_size, sizeof(*seen));
		if (!seen)
			abort();
		seen_used = 0;
		for (i = 0; i < old_size; i++)
			if (old[i])
				remember(old[i]);
		free(old);
	}
	for (i = hash & (seen_size - 1); seen[i]; i = (i + 1) & (seen_size - 1))
		if (seen[i] == hash)
			return false;
	seen[i] = hash;
	seen_used++;
	return true;
}

/* While a thread runs: its last store, which is made after it was announced, and what to undo. */
static struct store pending;
static struct store undo[2 * MAX_BUFFER];
static int undos;

static void will_undo(char *address, size_t size)
{
	if (undos == 2 * MAX_BUFFER)
		abort();
	undo[undos++] = (struct store){ address, size, load(address, size) };
}

static void take_pending(struct thread *t)
{
	struct store *s = &pending;

	if (!s->size)
		return;
	s->value = load(s->address, s->size);
	if (model->tso) {
		if (t->buffered == MAX_BUFFER)
			abort();
		t->buffer[t->buffered++] = *s;
	} else {
		now.changes++;
	}
	s->size = 0;
}

static void yield(enum at at)
{
	struct thread *t = &now.thread[self];

	take_pending(t);
	t->at = at;
	explore_switch(&t->sp, scheduler_sp);
}

/* Run a thread up to its next step. Meanwhile memory is as the thread sees it. */
static void run(int number)
{
	struct thread *t = &now.thread[number];
	uint32_t i;

	for (i = 0; i < t->buffered; i++) {
		will_undo(t->buffer[i].address, t->buffer[i].size);
		memcpy(t->buffer[i].address, &t->buffer[i].value, t->buffer[i].size);
	}
	/* It is past this step now, also if the step changes nothing. */
	t->history = mix(t->history, 1);
	self = number;
	model->enter(self);
	explore_switch(&scheduler_sp, t->sp);
	self = -1;
	for (; undos; undos--)
		memcpy(undo[undos - 1].address, &undo[undos - 1].value, undo[undos - 1].size);
}

static void flush(struct thread *t)
{
	memcpy(t->buffer[0].address, &t->buffer[0].value, t->buffer[0].size);
	memmove(t->buffer, t->buffer + 1, --t->buffered * sizeof(t->buffer[0]));
	now.changes++;
}

static void enter_thread(void)
{
	model->thread(self);
	now.thread[self].history = 0;
	yield(AT_END);
	abort();
}

/* A finding ends the run from within a thread as well. */
void explore_require(bool condition, const char *what)
{
	if (!condition && !failure)
		failure = what;
}

void explore_note(const char *what)
{
	if (telling && self >= 0)
		printf("#   %d: -- %s\n", self, what);
}

int explore_choose(int alternatives, const char *what)
{
	struct thread *t = &now.thread[self];

	t->alternatives = alternatives;
	yield(AT_CHOICE);
	t->history = mix(t->history, t->chosen);
	if (telling)
		printf("#   %d: -- %s %d\n", self, what, t->chosen);
	return t->chosen;
}

/* What was read so far matters only by @except, which also says where the thread is. */
void explore_forget(uint64_t except)
{
	now.thread[self].history = mix(2, except);
	now.thread[self].retry = mix(3, except);
}

static void tell(const char *what, const void *address, size_t size, uint64_t value)
{
	char name[64];

	if (!telling)
		return;
	model->name(name, sizeof(name), address);
	printf("#   %d: %s %s, %zu bytes: %#" PRIx64 "\n", self, what, name, size, value);
}

/* An access that is no locked one, before it is made. */
static void announce(void *address, size_t size, bool write)
{
	enum explore_access kind;
	struct thread *t;

	if (self < 0)
		return;
	t = &now.thread[self];
	take_pending(t);
	kind = model->access(self, address, size, write);
	if (kind == EXPLORE_PRIVATE)
		return;
	if (kind == EXPLORE_QUIET) {
		if (!write)
			t->history = mix_memory(t->history, address, size);
		return;
	}
	if (!write || !model->tso)
		yield(AT_STEP);
	if (write) {
		if (model->tso)
			will_undo(address, size);
		pending = (struct store){ address, size, 0 };
		tell("store to", address, size, 0);
	} else {
		t->history = mix_memory(t->history, address, size);
		tell("load of", address, size, load(address, size));
	}
}

/* Before a locked instruction. Return: whether it is a step. */
static bool lock(void *address, size_t size)
{
	struct thread *t;

	if (self < 0)
		return false;
	t = &now.thread[self];
	take_pending(t);
	if (address && model->access(self, address, size, true) != EXPLORE_STEP)
		return false;
	yield(AT_LOCKED);
	if (address) {
		t->history = mix(t->history, load(address, size));
		tell("locked change of", address, size, load(address, size));
	} else if (telling) {
		printf("#   %d: full barrier\n", self);
	}
	return true;
}

void explore_barrier(void)
{
	lock(NULL, 0);
}

/* cpu_relax() of the shim. */
int sched_yield(void)
{
	if (self < 0)
		return 0;
	yield(AT_SPIN);
	now.thread[self].seen = now.changes;
	now.thread[self].history = now.thread[self].retry;
	return 0;
}

/* The code under test is compiled to call this. In words, as an owner may be seen midway. */
void *explore_memcpy(void *to, const void *from, size_t size)
{
	size_t i, step;

	for (i = 0; i < size; i += step) {
		step = size - i < 8 ? size - i : 8;
		announce((char *)from + i, step, false);
		announce((char *)to + i, step, true);
		memcpy((char *)to + i, (const char *)from + i, step);
	}
	return to;
}

/* The interface of the compiler; see gcc's sanitizer.def. */
#define PLAIN(size)							\
	void __tsan_read##size(void *p)					\
	{								\
		announce(p, size, false);				\
	}								\
	void __tsan_write##size(void *p)				\
	{								\
		announce(p, size, true);				\
	}
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *p, size_t size)
{
	announce(p, size, false);
}

/* Whole structures are only written on a stack; a shared one would be taken for one step. */
void __tsan_write_range(void *p, size_t size)
{
	if (self >= 0 && model->access(self, p, size, true) != EXPLORE_PRIVATE)
		abort();
}

void __tsan_init(void)
{
}

void __tsan_func_entry(void *p)
{
	(void)p;
}

void __tsan_func_exit(void)
{
}

#define FETCH(bits, name, expression)					\
	uint##bits##_t __tsan_atomic##bits##_fetch_##name(volatile void *p, \
							  uint##bits##_t v, int o); \
	uint##bits##_t __tsan_atomic##bits##_fetch_##name(volatile void *p, \
							  uint##bits##_t v, int o) \
	{								\
		uint##bits##_t old;					\
									\
		bool step = lock((void *)p, (bits) / 8);			\
									\
		(void)o;						\
		old = *(volatile uint##bits##_t *)p;			\
		*(volatile uint##bits##_t *)p = expression;		\
		if (step) {						\
			now.changes += (expression) != old;		\
			model->locked(self, (const void *)p, old, expression); \
		}							\
		return old;						\
	}

#define ATOMIC(bits)							\
	uint##bits##_t __tsan_atomic##bits##_load(const volatile void *p, int o); \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile void *p, int o) \
	{								\
		(void)o;						\
		announce((void *)p, (bits) / 8, false);			\
		return *(const volatile uint##bits##_t *)p;		\
	}								\
	void __tsan_atomic##bits##_store(volatile void *p, uint##bits##_t v, int o); \
	void __tsan_atomic##bits##_store(volatile void *p, uint##bits##_t v, int o) \
	{								\
		if (o == __ATOMIC_SEQ_CST)				\
			abort();					\
		announce((void *)p, (bits) / 8, true);			\
		if (self >= 0)						\
			model->stored(self, (const void *)p, v);			\
		*(volatile uint##bits##_t *)p = v;			\
	}								\
	FETCH(bits, or, old | v)					\
	FETCH(bits, and, old & v)					\
	FETCH(bits, add, old + v)					\
	FETCH(bits, sub, old - v)
ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

/* --- the search --- */

struct snapshot {
	struct state state;
	size_t used[EXPLORE_THREADS];
	char bytes[];
};

static size_t used_stack(int i)
{
	return stack[i] + STACK_SIZE - (char *)now.thread[i].sp;
}

static struct snapshot *save(void)
{
	size_t size = 0;
	struct snapshot *s;
	char *p;
	int i;

	for (i = 0; i < regions; i++)
		size += region[i].size;
	for (i = 0; i < model->threads; i++)
		size += used_stack(i);
	s = malloc(sizeof(*s) + size);
	if (!s)
		abort();
	s->state = now;
	p = s->bytes;
	for (i = 0; i < regions; p += region[i].size, i++)
		memcpy(p, region[i].memory, region[i].size);
	for (i = 0; i < model->threads; p += s->used[i], i++) {
		s->used[i] = used_stack(i);
		memcpy(p, now.thread[i].sp, s->used[i]);
	}
	return s;
}

static void restore(const struct snapshot *s)
{
	const char *p = s->bytes;
	int i;

	now = s->state;
	for (i = 0; i < regions; p += region[i].size, i++)
		memcpy(region[i].memory, p, region[i].size);
	for (i = 0; i < model->threads; p += s->used[i], i++)
		memcpy(now.thread[i].sp, p, s->used[i]);
}

static void act(struct action a)
{
	struct thread *t = &now.thread[a.thread];

	if (a.flush) {
		if (telling) {
			self = a.thread;
			tell("store reaches", t->buffer[0].address, t->buffer[0].size,
			     t->buffer[0].value);
			self = -1;
		}
		flush(t);
		return;
	}
	t->chosen = a.alternative;
	run(a.thread);
	result->steps++;
}

/* Return: number of actions. */
static int possible(struct action *action)
{
	bool ended = true;
	int i, j, n = 0;

	/* A choice is no business of the others': it is made at once. */
	for (i = 0; i < model->threads; i++) {
		if (now.thread[i].at != AT_CHOICE)
			continue;
		for (j = 0; j < now.thread[i].alternatives; j++)
			action[n++] = (struct action){ .thread = i, .alternative = j };
		return n;
	}
	for (i = 0; i < model->threads; i++) {
		const struct thread *t = &now.thread[i];

		ended &= t->at == AT_END && !t->buffered;
		if (t->at == AT_STEP || (t->at == AT_LOCKED && !t->buffered) ||
		    (t->at == AT_SPIN && t->seen != now.changes))
			action[n++] = (struct action){ .thread = i };
		if (t->buffered)
			action[n++] = (struct action){ .thread = i, .flush = true };
	}
	if (ended) {
		result->ends++;
		model->end();
	} else if (!n) {
		explore_require(false, "no thread can go on");
	}
	return n;
}

static void search(int depth)
{
	struct action action[64];
	struct snapshot *here;
	int i, n;

	if (failure)
		return;
	n = possible(action);
	if (!n || failure)
		return;
	if (depth == MAX_DEPTH)
		abort();
	if (result->depth < depth + 1)
		result->depth = depth + 1;
	here = save();
	for (i = 0; i < n && !failure; i++) {
		if (i)
			restore(here);
		path[depth] = action[i];
		path_length = depth + 1;
		act(action[i]);
		if (failure)
			break;
		if (remember(hash_state())) {
			result->states++;
			search(depth + 1);
		}
	}
	free(here);
}

void explore_memory(void *memory, size_t size)
{
	if (regions == MAX_REGIONS)
		abort();
	region[regions++] = (struct region){ memory, size };
}

/* Each thread is at its first step, which is none yet. */
static void start(void)
{
	int i;

	memset(&now, 0, sizeof(now));
	for (i = 0; i < model->threads; i++) {
		void **sp = (void **)(stack[i] + STACK_SIZE);

		/* The function that is entered finds its stack as after a call. */
		*--sp = NULL;
		*--sp = (void *)enter_thread;
		sp -= 6;
		memset(sp, 0, 6 * sizeof(*sp));
		now.thread[i].sp = sp;
		now.thread[i].at = AT_STEP;
	}
}

/* Returns false, after a counterexample, if a check failed. */
bool explore_run(const struct explore_model *m, struct explore_result *r)
{
	struct snapshot *begin;
	const char *found;
	int i;

	model = m;
	result = r;
	memset(r, 0, sizeof(*r));
	failure = NULL;
	free(seen);
	seen = NULL;
	seen_size = seen_used = 0;
	start();
	begin = save();
	search(0);
	restore(begin);
	if (failure) {
		found = failure;
		printf("# counterexample: %s\n", found);
		telling = true;
		for (i = 0; i < path_length; i++)
			act(path[i]);
		telling = false;
		restore(begin);
		failure = found;
	}
	free(begin);
	regions = 0;
	return !failure;
}
