// SPDX-License-Identifier: GPL-2.0
/* What roundwatch explain concludes from records and identity, without any output. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/conclusions.h"
#include "tap.h"

static struct conclusions reasons;
static struct snapshot snap;
static struct roundwatch_tally tally;
static struct identity id;

/* A randomx of the default rule, seen by a healthy module. */
static void begin(void)
{
	conclusions_free(&reasons);
	snap = (struct snapshot){
		.now_ns = 1000 * NSEC,
		.info = {
			.header.size = sizeof(snap.info), .observations = 5000,
			.loaded_ns = 500 * NSEC, .max_tasks = 64, .suspect_evidence = 70,
			.randomx_evidence = 100, .decay = 7, .gap_us = 10000,
		},
	};
	tally = (struct roundwatch_tally){
		.pid = 8, .tgid = 7, .comm = "task", .verdict = ROUNDWATCH_RANDOMX,
		.highest = ROUNDWATCH_RANDOMX, .evidence = 120, .score = { 130, 125, 120, 65 },
		.count = { 30, 20, 20, 20 }, .samples = 204,
	};
	id = (struct identity){ 0 };
}

static bool has(const struct sentences *s, const char *words)
{
	for (size_t i = 0; i < s->n; i++)
		if (strstr(s->text[i], words))
			return true;
	return false;
}

static bool sure(const char *words)
{
	conclusions_free(&reasons);
	conclude(&reasons, &snap, &tally, &id);
	return has(&reasons.sure, words);
}

static bool maybe(const char *words)
{
	conclusions_free(&reasons);
	conclude(&reasons, &snap, &tally, &id);
	return has(&reasons.maybe, words);
}

static void test_sure(void)
{
	begin();
	ok(sure("High confidence"), "randomx by the default rule is sure");
	ok(sure("this is after 204"), "the samples are named");
	is(reasons.sure.n, 1, "nothing is said against it");

	begin();
	snap.info.decay = 8;
	ok(sure("Less is known than usual"), "randomx by another rule is less sure");

	begin();
	snap.info.flags = ROUNDWATCH_BLIND;
	ok(sure("blind now"), "a blind module says so first");
	ok(strstr(reasons.sure.text[0], "blind"), "before all else");

	begin();
	snap.info.observations = 0;
	ok(sure("blind now"), "a module that observes nothing is blind");

	begin();
	tally.verdict = ROUNDWATCH_SUSPECT;
	ok(sure("Not yet"), "suspect is not sure");

	begin();
	tally.verdict = ROUNDWATCH_ROUNDING;
	ok(sure("It was randomx before: evidence fades by 7"), "what was randomx is remembered");

	begin();
	tally.verdict = tally.highest = ROUNDWATCH_ROUNDING;
	tally.score[PART_RZ] = 5;
	ok(sure("hardly ever changes to RZ"), "the part that is lacking is named");
	tally.score[PART_CROSS] = 2;
	ok(sure("straight between RZ"), "the last part counts twice, and is the least");
	tally.score[PART_RZ] = tally.score[PART_CROSS] = 70;
	ok(!sure("hardly ever"), "none is lacking if all reach suspect");

	begin();
	tally.pid = 0;
	ok(!sure("as a whole"), "a verdict of its threads");
	tally.flags = ROUNDWATCH_PROCESS;
	ok(sure("as a whole"), "a verdict of the process");

	begin();
	tally.evidence = 90;
	ok(sure("below its parts"), "evidence below all parts is explained");
	tally.evidence = 121;
	ok(!sure("x87"), "evidence above its parts, not of x87");
	tally.flags = ROUNDWATCH_X87;
	ok(sure("x87 followed"), "evidence above its parts, of x87");
	ok(!sure("less memory"), "the memory is sufficient");
	tally.flags = ROUNDWATCH_SMALL;
	tally.evidence = 90;
	ok(sure("maps less memory") && !sure("below its parts"), "too little memory is named");
}

static void test_arm64(void)
{
	begin();
	snap.info.machine = EM_AARCH64;
	ok(maybe("uses as much memory") && !maybe("LDMXCSR"), "arm64: it was not LDMXCSR");
	ok(!sure("constants"), "arm64: the constants were seen");
	tally.evidence = 99;
	ok(sure("constants") && !sure("below its parts"), "arm64: they were not");
	snap.info.machine = EM_X86_64;
	ok(!sure("constants") && sure("below its parts"), "which x86-64 does not ask");
	snap.info.machine = EM_AARCH64;
	tally.flags = ROUNDWATCH_SMALL;
	ok(sure("uses less memory") && !sure("constants"), "arm64: memory in use counts");
}

static void test_maybe(void)
{
	static char exe[] = "/opt/monerod", cmdline[] = "/x/p2pool --host";

	begin();
	ok(maybe("nothing here is called monerod"), "no node by name");
	ok(maybe("LDMXCSR"), "or a test program");
	ok(!maybe("Interval"), "randomx is no interval arithmetic");
	id.exe = exe;
	ok(maybe("An honest Monero node"), "a node by its executable");
	id = (struct identity){ .cmdline = cmdline };
	ok(maybe("An honest Monero node"), "a node by its command line");
	tally.flags = ROUNDWATCH_X87;
	ok(!maybe("LDMXCSR"), "with x87 it was not LDMXCSR alone");
	ok(maybe("fesetround"), "but fesetround()");
	tally.flags = ROUNDWATCH_GUEST;
	ok(maybe("inside a virtual machine"), "a guest");

	begin();
	tally.verdict = tally.highest = ROUNDWATCH_ROUNDING;
	ok(maybe("held to little CPU"), "all modes: maybe a slow miner");
	ok(maybe("Interval arithmetic"), "RD and RU: maybe intervals");
	ok(!maybe("emulator"), "not mostly RZ: no emulator");
	tally.count[ROUNDWATCH_RZ] = 41;
	ok(maybe("emulator"), "mostly RZ: an emulator");
	tally.count[ROUNDWATCH_RD] = tally.count[ROUNDWATCH_RU] = 0;
	ok(!maybe("Interval"), "neither RD nor RU: no intervals");
	ok(!maybe("held to little CPU"), "not all modes: no miner");
}

static void test_without(void)
{
	begin();
	conclude_without(&reasons, &snap, 600 * NSEC);
	ok(has(&reasons.sure, "5000 observations"), "how much was observed");
	ok(!has(&reasons.sure, "before the module"), "begun after the module");
	ok(!has(&reasons.sure, "table was full"), "the table was not full");
	ok(has(&reasons.maybe, "software emulation"), "what is not seen");

	begin();
	snap.info.evicted = 3;
	conclude_without(&reasons, &snap, 400 * NSEC);
	ok(has(&reasons.sure, "before the module was loaded is not known"), "begun before it");
	ok(has(&reasons.sure, "3 tallies evicted"), "the table was full");

	begin();
	snap.info.flags = ROUNDWATCH_BLIND;
	conclude_without(&reasons, &snap, 600 * NSEC);
	ok(has(&reasons.sure, "says nothing") && reasons.sure.n == 1, "a blind module says nothing");
}

static bool brief(const char *words)
{
	char *text = conclude_briefly(&snap, &tally);
	bool found = strstr(text, words);

	free(text);
	return found;
}

static void test_brief(void)
{
	static char exe[] = "/opt/monerod";

	begin();
	ok(brief("high: by chance once"), "in short: randomx is sure");
	tally.flags = ROUNDWATCH_EXITED;
	ok(brief("it was randomx: "), "what has ended was");
	tally.flags = 0;
	tally.verdict = ROUNDWATCH_ROUNDING;
	ok(brief("it was randomx: evidence fades by 7"), "and so was what fell");
	tally.verdict = ROUNDWATCH_SUSPECT;
	ok(brief("not yet"), "suspect: not yet");
	tally.flags = ROUNDWATCH_SMALL;
	ok(brief("at most suspect"), "and never, with little memory");
	snap.info.decay = 8;
	tally.verdict = ROUNDWATCH_RANDOMX;
	ok(brief("less than usual"), "by another rule it is less sure");
	snap.info.flags = ROUNDWATCH_BLIND;
	ok(brief("the module is blind"), "a blind module knows the past");

	begin();
	ok(strstr(conclude_doubt(&tally, &id), "imitates RandomX"), "what else it could be");
	tally.flags = ROUNDWATCH_X87;
	ok(strstr(conclude_doubt(&tally, &id), "fesetround()"), "with x87");
	id.exe = exe;
	ok(strstr(conclude_doubt(&tally, &id), "honest Monero node"), "a node by its name");
	tally.flags = ROUNDWATCH_GUEST;
	ok(strstr(conclude_doubt(&tally, &id), "look inside"), "a guest");
}

static bool mapped_is(const char *wanted)
{
	char *text = mapped_text(&tally);
	bool same = text && wanted ? !strcmp(text, wanted) : text == wanted;

	free(text);
	return same;
}

static void test_mapped(void)
{
	begin();
	ok(mapped_is(NULL), "nobody asked for the memory");
	tally.mapped = (uint64_t)300 << 20;
	ok(mapped_is("maps 300 MiB, enough for RandomX (128)"), "enough");
	tally.mapped = (uint64_t)20 << 20;
	tally.flags = ROUNDWATCH_SMALL;
	ok(mapped_is("maps 20 MiB, too little for RandomX (128)"), "too little");
	tally.mapped = 0;
	ok(mapped_is("maps less than RandomX needs (128 MiB)"), "of an older module");
	tally.flags = ROUNDWATCH_GUEST;
	ok(mapped_is(NULL), "a guest's memory is not known");
}

int main(void)
{
	test_brief();
	test_mapped();
	test_sure();
	test_arm64();
	test_maybe();
	test_without();
	conclusions_free(&reasons);
	return tap_done();
}
