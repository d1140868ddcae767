// SPDX-License-Identifier: GPL-2.0
/*
 * Every rise and every end is reported exactly once, and in order.
 *
 * Random histories of processes that compute RandomX, do something else, sleep,
 * fork, run exec and end go through the module's own tally.c, verdict.c, judge.c,
 * notice.c, stream.c and record.c, in a table that is too small for them. The
 * reporter's own follow.c reads the stream. The time, the work queue and the reader
 * go on when the test says so, so that each history can be repeated.
 */
#include "roundwatch.h"

#include "reports.h"
#include "tap.h"

#define PROCESSES	10
#define THREADS		3
#define TABLE		32	/* two sets; processes and threads do not fit */
#define STEPS		4000
#define HISTORIES	60

struct self self;
struct verdict_rule rule = {
	.suspect = VERDICT_SUSPECT_DEFAULT,
	.randomx = VERDICT_RANDOMX_DEFAULT,
	.decay = VERDICT_DECAY_DEFAULT,
	.gap_ns = VERDICT_GAP_DEFAULT * 1000,
};

struct irq_work *shim_irq_work;
struct delayed_work *shim_delayed_work;

struct thread {
	bool lives;
	bool mines;
	unsigned long key;
	u32 pid;
	u64 start_ns;
};

struct process {
	bool lives;
	unsigned long key;
	u32 tgid;
	u64 start_ns;
	struct thread thread[THREADS];
};

/* What was judged and what was reported of one process, also after its end. */
struct past {
	u32 tgid;
	u64 start_ns;
	bool lives;
	bool excused;		/* records were lost in its time */
	u8 judged;		/* the highest verdict of its tallies */
	u8 told;		/* the present verdict, as reported; ROUNDING: none */
	u8 told_highest;
	bool told_end;
};

static struct process process[PROCESSES];
static struct past past[STEPS + PROCESSES];
static size_t pasts;
static const struct mm_struct mm = { .total_vm = 300 << (20 - PAGE_SHIFT) };
static u32 dice;
static u64 starts = 1;		/* of all histories: no two processes are the same */
static unsigned int wrong;	/* reports that are out of order */
static unsigned int all_rises, all_ends;

static u32 roll(u32 sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 17;
	dice ^= dice << 5;
	return dice % sides;
}

static struct past *past_of(u32 tgid, u64 start_ns)
{
	size_t i = pasts;

	while (i--)
		if (past[i].tgid == tgid && past[i].start_ns == start_ns)
			return &past[i];
	return NULL;
}

static void expect(bool cond, const char *what, const struct past *p)
{
	if (cond)
		return;
	if (!wrong++)
		diag("first: process %u: %s (told %u, highest told %u, judged %u)", p->tgid, what,
		     p->told, p->told_highest, p->judged);
}

void reported(u32 tgid, u64 start_ns, enum report what, u8 verdict, u8 previous)
{
	struct past *p = past_of(tgid, start_ns);
	u8 before = p->told == ROUNDWATCH_ROUNDING ? ROUNDWATCH_CLEAR : p->told;

	expect(!p->told_end, "reported after its end", p);
	expect(previous == before, "the previous verdict is another", p);
	switch (what) {
	case REPORT_ROSE:
		expect(verdict > p->told && verdict >= ROUNDWATCH_SUSPECT, "rose, but did not", p);
		break;
	case REPORT_FELL:
		expect(verdict < p->told, "fell, but did not", p);
		break;
	case REPORT_ENDED:
		expect(p->told >= ROUNDWATCH_SUSPECT, "ended, but was not accused", p);
		expect(verdict == p->told, "ended as another than it was reported", p);
		expect(!p->lives, "ended, but lives", p);
		p->told_end = true;
		break;
	}
	p->told = verdict >= ROUNDWATCH_SUSPECT ? verdict : ROUNDWATCH_ROUNDING;
	p->told_highest = max(p->told_highest, verdict);
}

bool process_lives(u32 tgid, u64 start_ns)
{
	const struct past *p = past_of(tgid, start_ns);

	return p && p->lives;
}

/*
 * The device: the state, then the stream.
 */

static struct stream_reader cursor;
static u32 next_slot;
static bool begun, ended_state;

void device_open(void)
{
	stream_start(&cursor);
	next_slot = 0;
	begun = false;
	ended_state = false;
}

const void *device_read(void)
{
	static union {
		struct roundwatch_header header;
		struct roundwatch_info info;
		struct roundwatch_tally tally;
		struct roundwatch_lost lost;
	} record;
	u64 lost;

	if (!begun) {
		record_info(&record.info);
		begun = true;
		return &record;
	}
	while (next_slot < tally_table.size)
		if (record_tally(&record.tally, next_slot++))
			return &record;
	if (!ended_state) {
		record.header = (struct roundwatch_header){
			.size = sizeof(record.header),
			.type = ROUNDWATCH_SNAPSHOT_END,
			.time_ns = ktime_get_boottime_ns(),
		};
		ended_state = true;
		return &record;
	}
	if (!stream_pending(&cursor))
		return NULL;
	lost = stream_read(&cursor, &record.tally);
	if (lost)
		record.lost = (struct roundwatch_lost){
			.header = {
				.size = sizeof(record.lost),
				.type = ROUNDWATCH_LOST,
				.time_ns = ktime_get_boottime_ns(),
			},
			.lost = lost,
		};
	return &record;
}

/*
 * What observe.c and lineage.c do, of which this knows only what concerns tallies.
 */

static struct tally *get_or_claim(unsigned long key, u64 start_ns, const struct process *p, u32 pid)
{
	bool is_process = key & 1;
	char comm[16] = "task";
	struct tally_identity id = {
		.key = key,
		.start_ns = start_ns,
		.process_start_ns = p->start_ns,
		.pid = pid,
		.tgid = p->tgid,
		.bucket = is_process ? TALLY_NO_BUCKET : tally_bucket((void *)key),
		.comm = comm,
	};
	struct tally *t = tally_get(key, start_ns);

	if (!t)
		t = tally_claim(&id);
	if (IS_ERR_OR_NULL(t))
		return NULL;
	if (!t->samples && !(t->flags & ROUNDWATCH_PROCESS)) {
		t->flags = is_process ? ROUNDWATCH_PROCESS : 0;
		verdict_init(&t->score, now_ms());
		if (is_process)
			verdict_init(&t->looks, now_ms());
	}
	return t;
}

static void judged(struct tally *t, const struct process *p)
{
	struct past *past = past_of(p->tgid, p->start_ns);

	judge(t, &mm);
	past->judged = max(past->judged, t->verdict);
}

static u8 mode_of(const struct thread *thread)
{
	if (!thread->mines)
		return roll(2) ? ROUNDWATCH_RN : ROUNDWATCH_RU;
	return roll(4);
}

static void add(struct verdict_score *score, const struct verdict_sample *s,
		const struct verdict_change *change)
{
	if (change->first)
		verdict_sample(&rule, score, s);
	else
		verdict_take(&rule, score, change, s->now_ms);
}

static void sample(struct process *p, struct thread *thread)
{
	struct verdict_sample s = {
		.now_ms = now_ms(),
		.cpu_ms = 10,
		.thread = thread->pid,
		.mode = mode_of(thread),
	};
	struct verdict_change change, look = { .counted = false };
	struct tally *t = get_or_claim(thread->key, thread->start_ns, p, thread->pid);

	if (!t)
		return;
	tally_count(t, s.mode);
	judge_settle(t);
	t->samples++;
	change = verdict_sample(&rule, &t->score, &s);
	if (roll(2))
		look = verdict_follow(&t->trail, &s);
	judged(t, p);
	tally_put(t);
	t = get_or_claim(p->key, p->start_ns, p, p->tgid);
	if (!t)
		return;
	judge_settle(t);
	add(&t->score, &s, &change);
	if (look.counted)
		add(&t->looks, &s, &look);
	t->samples++;
	tally_count(t, s.mode);
	judged(t, p);
	tally_put(t);
}

static void end(unsigned long key, u64 start_ns)
{
	struct tally *t = tally_get(key, start_ns);

	if (t)
		judge_end(t);
}

/* Addresses are used again at once, as the kernel does. */
static void start_thread(struct thread *thread, unsigned long address, u32 pid)
{
	*thread = (struct thread){
		.lives = true,
		.mines = roll(3),
		.key = address,
		.pid = pid,
		.start_ns = ++starts,
	};
}

static void start_process(struct process *p)
{
	size_t n = p - process;

	*p = (struct process){
		.lives = true,
		.key = 1 | (0xffff888200000000UL + n * 4096),
		.tgid = 100 + n * 10,
		.start_ns = starts + 1,
	};
	start_thread(&p->thread[0], 0xffff888100000000UL + n * 65536, p->tgid);
	past[pasts++] = (struct past){
		.tgid = p->tgid,
		.start_ns = p->start_ns,
		.lives = true,
		.told = ROUNDWATCH_ROUNDING,
	};
}

static void end_thread(struct thread *thread)
{
	if (thread->lives)
		end(thread->key, thread->start_ns);
	thread->lives = false;
}

/* The last thread to pass the probe may not be the last to be counted. */
static void end_process(struct process *p)
{
	u32 first = roll(THREADS + 1), i;

	for (i = 0; i < first; i++)
		end_thread(&p->thread[i]);
	end(p->key, p->start_ns);
	for (; i < THREADS; i++)
		end_thread(&p->thread[i]);
	past_of(p->tgid, p->start_ns)->lives = false;
	p->lives = false;
}

static void inherit(const struct process *from, const struct process *to)
{
	struct tally *t = tally_get(from->key, from->start_ns);
	struct verdict_score score, looks;

	if (!t)
		return;
	tally_decay(t, now_ms());
	score = t->score;
	looks = t->looks;
	tally_put(t);
	t = get_or_claim(to->key, to->start_ns, to, to->tgid);
	if (!t)
		return;
	verdict_inherit(&t->score, &score, true);
	verdict_inherit(&t->looks, &looks, true);
	tally_put(t);
}

static void exec(struct process *p)
{
	struct tally *t;

	end(p->thread[0].key, p->thread[0].start_ns);
	p->thread[0].mines = roll(2);
	t = tally_get(p->key, p->start_ns);
	if (!t)
		return;
	verdict_exec(&t->score);
	verdict_exec(&t->looks);
	tally_put(t);
}

static void step(void)
{
	struct process *p = &process[roll(PROCESSES)];
	u32 i = roll(THREADS), n, what = roll(200);

	if (!p->lives) {
		start_process(p);
		if (roll(2) && process[0].lives && p != process)
			inherit(process, p);
	} else if (what < 150) {
		for (n = roll(20); n--; shim_jiffies += roll(30))
			if (p->thread[i].lives)
				sample(p, &p->thread[i]);
	} else if (what < 165) {
		shim_jiffies += roll(3000);
	} else if (what < 170) {
		shim_jiffies += roll(60000);
	} else if (what == 170) {
		shim_jiffies += (1ULL << 32) - roll(60000);	/* 32 bits of milliseconds */
	} else if (what < 180) {
		if (p->thread[i].lives)
			end_thread(&p->thread[i]);
		else
			start_thread(&p->thread[i], p->thread[0].key + i * 8192, p->tgid + i);
	} else if (what < 185) {
		exec(p);
	} else if (what < 195) {
		end_process(p);
	}
}

/* As the module has it now. */
static u8 present(const struct past *p)
{
	u8 verdict = ROUNDWATCH_ROUNDING;
	struct roundwatch_tally r;
	u32 slot;

	for (slot = 0; p->lives && slot < tally_table.size; slot++)
		if (record_tally(&r, slot) && !(r.flags & ROUNDWATCH_EXITED) &&
		    r.tgid == p->tgid && r.process_start_ns == p->start_ns &&
		    r.verdict >= ROUNDWATCH_SUSPECT)
			verdict = max(verdict, r.verdict);
	return verdict;
}

static void compare_all(void)
{
	size_t i;

	/* The time between two rounds of notice.c. */
	shim_run_work();
	shim_jiffies += HZ;
	shim_run_work();
	if (!reader_run())
		for (i = 0; i < pasts; i++)
			past[i].excused = true;
	for (i = 0; i < pasts; i++) {
		const struct past *p = &past[i];

		if (p->lives)
			expect(p->told == present(p), "reported as another than it is", p);
		/* What rose and fell or ended among the lost is lost; nothing else is. */
		if (p->judged >= ROUNDWATCH_SUSPECT && !p->excused)
			expect(p->told_highest == p->judged, "a rise was not reported", p);
		if (!p->lives && p->told >= ROUNDWATCH_SUSPECT)
			expect(p->told_end, "its end was not reported", p);
	}
}

/* @patience: steps from one read to the next; many: records get lost */
static void history(u32 seed, u32 patience)
{
	unsigned int rises = 0, ends = 0, falls = 0, suspects = 0, miners = 0, i;
	struct roundwatch_info before, info;

	dice = seed * 2654435761U + 1;
	shim_jiffies = 1000 * HZ;
	pasts = 0;
	wrong = 0;
	memset(process, 0, sizeof(process));
	if (tally_init(TABLE) || notice_init() || stream_init()) {
		puts("Bail out! no memory");
		exit(1);
	}
	record_info(&before);
	reader_start();
	for (i = 0; i < STEPS; i++) {
		step();
		if (!roll(3))
			shim_run_work();
		if (!roll(patience))
			compare_all();
	}
	for (i = 0; i < PROCESSES; i++)
		if (process[i].lives)
			end_process(&process[i]);
	compare_all();
	for (i = 0; i < pasts; i++) {
		rises += past[i].told_highest >= ROUNDWATCH_SUSPECT;
		ends += past[i].told_end;
		falls += past[i].told_highest >= ROUNDWATCH_SUSPECT && !past[i].told_end;
		suspects += past[i].judged >= ROUNDWATCH_SUSPECT;
		miners += past[i].judged == ROUNDWATCH_RANDOMX;
	}
	record_info(&info);
	is(info.reached_suspect - before.reached_suspect, suspects, "... each counted once");
	is(info.reached_randomx - before.reached_randomx, miners, "... also those that were randomx");
	is(wrong, 0, "history %u, read every %u steps: %u accused, %u ended so, %u fell before",
	   seed, patience, rises, ends, falls);
	all_rises += rises;
	all_ends += ends;
	reader_stop();
	shim_irq_work->queued = false;
	notice_exit();
	stream_exit();
	tally_exit();
	memset(tally_filter, 0, sizeof(tally_filter));
}

int main(void)
{
	u32 i;

	for (i = 1; i <= HISTORIES; i++)
		history(i, i % 4 ? 10 : 1000);
	ok(all_rises > 1000 && all_ends > 200, "%u were accused and %u ended so", all_rises,
	   all_ends);
	return tap_done();
}
