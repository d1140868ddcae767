// SPDX-License-Identifier: GPL-2.0
/* Derives reasons from records and identity. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/conclusions.h"

/* The parameters for which module/verdict.c states the rate of false alarms. */
#define DEFAULT_SUSPECT	70
#define DEFAULT_RANDOMX	100
#define DEFAULT_DECAY	7
#define DEFAULT_GAP_US	10000

/* VERDICT_MEMORY_MIB of module/verdict.h */
#define MEMORY_MIB	128

static void __attribute__((format(printf, 2, 3))) say(struct sentences *s, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = xasprintf("%s", "");
	va_end(ap);
	s->text = xrealloc(s->text, s->n + 1, sizeof(*s->text));
	s->text[s->n++] = text;
}

const char *verdict_meaning(const struct roundwatch_tally *t)
{
	static const char *const is[] = {
		[ROUNDWATCH_CLEAR] = "never seen outside round-to-nearest: no sign of RandomX",
		[ROUNDWATCH_ROUNDING] = "leaves round-to-nearest, but not as RandomX does",
		[ROUNDWATCH_SUSPECT] =
			"changes modes much as RandomX does, not for long enough yet",
		[ROUNDWATCH_RANDOMX] = "behaves like RandomX, the algorithm that mines Monero",
	};
	static const char *const before[] = {
		[ROUNDWATCH_SUSPECT] =
			"was suspect: changed modes much as RandomX does, but not for long enough",
		[ROUNDWATCH_RANDOMX] = "was randomx, and does not behave like RandomX now",
	};
	static const char *const was[] = {
		[ROUNDWATCH_CLEAR] = "was never seen outside round-to-nearest",
		[ROUNDWATCH_ROUNDING] = "was rounding: left round-to-nearest, but not as RandomX does",
		[ROUNDWATCH_SUSPECT] =
			"was suspect: changed modes much as RandomX does, but not for long enough",
		[ROUNDWATCH_RANDOMX] =
			"was randomx: behaved like RandomX, which mines Monero",
	};
	uint8_t verdict = tally_ended(t) ? worst_verdict(t) : t->verdict;

	if (verdict >= ARRAY_SIZE(is))
		return "a verdict of a newer module; install a newer roundwatch";
	if (!tally_ended(t) && verdict < ROUNDWATCH_SUSPECT &&
	    worst_verdict(t) >= ROUNDWATCH_SUSPECT && worst_verdict(t) < ARRAY_SIZE(before))
		return before[worst_verdict(t)];
	return tally_ended(t) ? was[verdict] : is[verdict];
}

uint64_t tally_observations(const struct roundwatch_tally *t)
{
	uint64_t sum = 0;

	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		sum += t->count[i];
	return sum;
}

void evidence_parts(const struct roundwatch_tally *t, uint32_t part[PARTS])
{
	/* The last part needs only half of the points of the others. */
	for (int i = 0; i < PARTS; i++)
		part[i] = t->score[i] * (i == PART_CROSS ? 2 : 1);
}

static enum evidence_part least_part(const uint32_t part[PARTS])
{
	int least = 0;

	for (int i = 1; i < PARTS; i++)
		if (part[i] < part[least])
			least = i;
	return least;
}

static bool is_default_rule(const struct roundwatch_info *info)
{
	return info->suspect_evidence == DEFAULT_SUSPECT &&
	       info->randomx_evidence == DEFAULT_RANDOMX && info->decay == DEFAULT_DECAY &&
	       info->gap_us == DEFAULT_GAP_US;
}

void conclude_without(struct conclusions *to, const struct snapshot *snap, uint64_t start_ns)
{
	const struct roundwatch_info *info = &snap->info;

	if (snapshot_is_blind(snap)) {
		say(&to->sure, "Not at all: the module is blind, so this says nothing.");
		return;
	}
	say(&to->sure, "The module keeps a tally of each task that leaves round-to-nearest, and has "
	    "none of this one. It has made %llu observations of all tasks since it was loaded.",
	    info->observations);
	if (start_ns < info->loaded_ns)
		say(&to->sure, "What the process did before the module was loaded is not known.");
	if (info->dropped || info->evicted)
		say(&to->sure, "But the table was full (%llu observations dropped, %llu tallies "
		    "evicted): load the module with a larger max_tasks (now %u).",
		    info->dropped, info->evicted, info->max_tasks);
	say(&to->maybe, "RandomX in software emulation, or in AVX-512 with the mode in each "
	    "instruction, never leaves round-to-nearest and is not seen.");
}

static void conclude_verdict(struct conclusions *to, const struct roundwatch_info *info,
			     const struct roundwatch_tally *t, const uint32_t part[PARTS])
{
	static const char *const lack[PARTS] = {
		"it hardly ever changes to RD", "it hardly ever changes to RU",
		"it hardly ever changes to RZ",
		"it hardly ever goes straight between RZ and RD or RU",
	};
	enum evidence_part least = least_part(part);

	if (t->verdict == ROUNDWATCH_RANDOMX && is_default_rule(info))
		say(&to->sure, "High confidence. Synthetic interval arithmetic, made harder than any "
		    "program seen, gets this far by chance once in about 2,000,000 samples; this is "
		    "after %llu. Programs that change modes in the same way are listed below.",
		    t->samples);
	else if (t->verdict == ROUNDWATCH_RANDOMX)
		say(&to->sure, "Less is known than usual: the rate of false alarms was measured with "
		    "the default parameters, and the module was loaded with others.");
	else if (t->verdict == ROUNDWATCH_SUSPECT && !tally_ended(t))
		say(&to->sure, "Not yet. A miner that runs unhindered is randomx within seconds; look "
		    "again in a minute, or with --watch 60.");
	else if (t->highest == ROUNDWATCH_RANDOMX)
		say(&to->sure, "It was randomx before: evidence fades by %u a second, so that a miner "
		    "that stops falls back within half a minute.", info->decay);
	else if (t->verdict == ROUNDWATCH_ROUNDING && part[least] < info->suspect_evidence)
		say(&to->sure, "Not RandomX, by what was seen: all four parts would have to rise, and "
		    "%s.", lack[least]);
}

/* As the rule limits it, see module/verdict.c. */
static bool is_capped(const struct roundwatch_info *info, const struct roundwatch_tally *t)
{
	return t->evidence + 1 == info->randomx_evidence;
}

static void conclude_sure(struct conclusions *to, const struct snapshot *snap,
			  const struct roundwatch_tally *t)
{
	uint32_t part[PARTS], least;

	evidence_parts(t, part);
	least = part[least_part(part)];
	if (snapshot_is_blind(snap))
		say(&to->sure, "The module is blind now: the rest is what it saw before.");
	if (tally_ended(t))
		say(&to->sure, "It has ended: all of this is about the past.");
	conclude_verdict(to, &snap->info, t, part);

	if (t->verdict >= ROUNDWATCH_SUSPECT && t->flags & ROUNDWATCH_PROCESS && !t->pid)
		say(&to->sure, "The verdict is that of the process as a whole: none of its threads "
		    "lived long enough to reach it alone.");
	if (t->flags & ROUNDWATCH_SMALL)
		say(&to->sure, "The process %s less memory than RandomX needs (%u MiB), so it is at "
		    "most suspect.", snapshot_is_arm64(snap) ? "uses" : "maps", MEMORY_MIB);
	else if (snapshot_is_arm64(snap) && least > t->evidence && is_capped(&snap->info, t))
		say(&to->sure, "The evidence stops below randomx: RandomX's constants were not in the "
		    "registers, and the modes have not mixed at random for 20 s of CPU time yet. On "
		    "arm64, nothing else tells a loop over fesetround() from RandomX.");
	else if (least > t->evidence)
		say(&to->sure, "The evidence is below its parts: the process goes to one of RD, RU and "
		    "RZ more than twice as often as to another, or its evidence is inherited. "
		    "RandomX goes to all three equally often.");
	else if (t->evidence > least && t->flags & ROUNDWATCH_X87)
		say(&to->sure, "The evidence is from changes that x87 followed. They count only if all "
		    "modes mix at random: for 7.5 s of CPU time until suspect, 45 s until randomx.");
}

static bool mentions(const struct roundwatch_tally *t, const struct identity *id, const char *word)
{
	return (id->exe && strstr(id->exe, word)) || strstr(t->comm, word) ||
	       (id->cmdline && strstr(id->cmdline, word));
}

/* Other programs that reach suspect or randomx. */
static void conclude_false_alarms(struct conclusions *to, const struct snapshot *snap,
				  const struct roundwatch_tally *t, const struct identity *id)
{
	if (mentions(t, id, "monerod") || mentions(t, id, "p2pool"))
		say(&to->maybe, "An honest Monero node, by its name. A node that verifies blocks without "
		    "pause, as in its initial synchronization, really computes RandomX.");
	else
		say(&to->maybe, "A Monero node that verifies blocks without pause really computes "
		    "RandomX; but nothing here is called monerod.");
	if (snapshot_is_arm64(snap))
		say(&to->maybe, "A program that changes among all modes at random, with fesetround() or "
		    "otherwise, and uses as much memory as RandomX: its modes look the same.");
	else if (!(t->flags & ROUNDWATCH_X87))
		say(&to->maybe, "A program that cycles through all modes with LDMXCSR and has as much "
		    "memory as RandomX: its modes look the same.");
}

/* Programs that stay below suspect. */
static void conclude_harmless(struct conclusions *to, const struct roundwatch_tally *t)
{
	const __u64 *n = t->count;

	if (n[ROUNDWATCH_RD] && n[ROUNDWATCH_RU] && n[ROUNDWATCH_RZ] &&
	    !(t->flags & ROUNDWATCH_X87))
		say(&to->maybe, "A miner that is held to little CPU time, has just started, or has stopped: "
		    "all modes were seen.%s", tally_ended(t) ? "" : " Look again with --watch 60.");
	if (n[ROUNDWATCH_RD] || n[ROUNDWATCH_RU])
		say(&to->maybe, "Interval arithmetic (CGAL, Boost, libraries for geometry and proofs) "
		    "rounds up and down.");
	if (n[ROUNDWATCH_RZ] > n[ROUNDWATCH_RD] + n[ROUNDWATCH_RU])
		say(&to->maybe, "An emulator of a console, or code that truncates, stays in RZ.");
}

void conclude(struct conclusions *to, const struct snapshot *snap,
	      const struct roundwatch_tally *t, const struct identity *id)
{
	conclude_sure(to, snap, t);
	if (t->flags & ROUNDWATCH_GUEST)
		say(&to->maybe, "A program inside a virtual machine: the registers are those of the machine "
		    "that this process runs. Look inside the machine for the program; all findings "
		    "here are about the process that runs the machine.");
	if (t->flags & ROUNDWATCH_X87)
		say(&to->maybe, "A loop over fesetround(), as in tests of mathematical libraries: the "
		    "rounding of the x87 unit follows, which only 32-bit RandomX changes.");
	if (t->highest >= ROUNDWATCH_SUSPECT)
		conclude_false_alarms(to, snap, t, id);
	else
		conclude_harmless(to, t);
}

char *conclude_briefly(const struct snapshot *snap, const struct roundwatch_tally *t)
{
	const char *text;

	if (snapshot_is_blind(snap))
		return xasprintf("the module is blind now: this is what it saw before");
	if (tally_ended(t) || t->verdict < ROUNDWATCH_SUSPECT)
		return xasprintf("it was %s: evidence fades by %u a second",
				 verdict_name(worst_verdict(t)), snap->info.decay);
	if (t->verdict == ROUNDWATCH_RANDOMX)
		text = is_default_rule(&snap->info) ?
		       "high: by chance once in about 2,000,000 samples" :
		       "less than usual: other parameters than the default ones";
	else
		text = t->flags & ROUNDWATCH_SMALL ?
		       "at most suspect: it maps less memory than RandomX needs" :
		       "not yet: look again in a minute";
	return xasprintf("%s", text);
}

const char *conclude_doubt(const struct roundwatch_tally *t, const struct identity *id)
{
	if (t->flags & ROUNDWATCH_GUEST)
		return "it is the virtual machine in which this happens: look inside";
	if (mentions(t, id, "monerod") || mentions(t, id, "p2pool"))
		return "it is an honest Monero node, by its name: those compute RandomX, too";
	if (t->flags & ROUNDWATCH_X87)
		return "it is a Monero node, or a loop over fesetround() as in tests";
	return "it is a Monero node, or a program that imitates RandomX";
}

char *mapped_text(const struct roundwatch_tally *t)
{
	if (t->flags & ROUNDWATCH_GUEST)
		return NULL;
	/* No verdict yet: then nobody asked. An older module does not say how much it is. */
	if (!t->mapped && !(t->flags & ROUNDWATCH_SMALL))
		return NULL;
	if (!t->mapped)
		return xasprintf("maps less than RandomX needs (%u MiB)", MEMORY_MIB);
	return xasprintf("maps %" PRIu64 " MiB, %s for RandomX (%u)", (uint64_t)t->mapped >> 20,
			 t->flags & ROUNDWATCH_SMALL ? "too little" : "enough", MEMORY_MIB);
}

static void free_sentences(struct sentences *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->text[i]);
	free(s->text);
	*s = (struct sentences){ 0 };
}

void conclusions_free(struct conclusions *c)
{
	free_sentences(&c->sure);
	free_sentences(&c->maybe);
}
