// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/roundwatch, for people, cat and awk: a line that begins with #, a line
 * of headings, then one line for each tally, the highest evidence first. Columns
 * are only ever appended, so COMM will not always be the last; it has no blanks.
 */
#include "roundwatch.h"

static struct proc_dir_entry *entry;

struct rank {
	u32 slot;
	u32 tgid;
	u32 evidence;
	u8 verdict;
	bool exited;
};

/* What one reader gets: which tallies, in which order. */
struct view {
	u32 n;
	u32 suspect;
	u32 randomx;
	struct rank *rank;
};

static const char *const verdict_names[] = { "clear", "rounding", "suspect", "randomx" };

static int by_rank(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? 1 : -1;
	if (x->evidence != y->evidence)
		return x->evidence < y->evidence ? 1 : -1;
	return x->slot < y->slot ? -1 : 1;
}

static int by_process(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	if (x->exited != y->exited)
		return x->exited ? 1 : -1;
	return by_rank(a, b);
}

/* A living process counts once, as what the worst of its tallies is. */
static void count_processes(struct view *view)
{
	u32 i;

	sort(view->rank, view->n, sizeof(*view->rank), by_process, NULL);
	for (i = 0; i < view->n; i++) {
		const struct rank *r = &view->rank[i];

		if (r->exited || (i && r[-1].tgid == r->tgid))
			continue;
		view->suspect += r->verdict == ROUNDWATCH_SUSPECT;
		view->randomx += r->verdict == ROUNDWATCH_RANDOMX;
	}
}

static int collect(struct view *view)
{
	struct roundwatch_tally r;
	u32 slot;

	view->rank = kvcalloc(tally_table.size, sizeof(*view->rank), GFP_KERNEL);
	if (!view->rank)
		return -ENOMEM;
	for (slot = 0; slot < tally_table.size; slot++) {
		if (!record_tally(&r, slot))
			continue;
		view->rank[view->n++] = (struct rank){
			.slot = slot,
			.tgid = r.tgid,
			.evidence = r.evidence,
			.verdict = r.verdict,
			.exited = r.flags & ROUNDWATCH_EXITED,
		};
	}
	count_processes(view);
	sort(view->rank, view->n, sizeof(*view->rank), by_rank, NULL);
	return 0;
}

/* Position 0 is the two lines above the tallies. */
static void *proc_start(struct seq_file *m, loff_t *pos)
{
	struct view *view = m->private;

	return *pos <= view->n ? pos : NULL;
}

static void *proc_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return proc_start(m, pos);
}

static void proc_stop(struct seq_file *m, void *v)
{
}

static void show_head(struct seq_file *m, const struct view *view)
{
	struct roundwatch_info info;

	record_info(&info);
	seq_printf(m, "# roundwatch %d version=%s blind=%d observations=%llu looks=%llu live=%llu exited=%llu evicted=%llu dropped=%llu lost=%llu suspect=%u randomx=%u reached_suspect=%llu reached_randomx=%llu\n",
		   ROUNDWATCH_ABI, info.version, !!(info.flags & ROUNDWATCH_BLIND),
		   info.observations, info.looks, info.live, info.exited, info.evicted,
		   info.dropped, info.lost, view->suspect, view->randomx,
		   info.reached_suspect, info.reached_randomx);
	seq_printf(m, "%-8s %8s %7s %7s %6s %9s %9s %9s %9s %9s %8s %9s %9s %-7s %s\n",
		   "VERDICT", "EVIDENCE", "PID", "TID", "UID", "RN", "RD", "RU", "RZ",
		   "CHANGES", "SAMPLES", "FIRST_S", "LAST_S", "FLAGS", "COMM");
}

static void show_age(struct seq_file *m, const struct roundwatch_tally *r, u64 when_ns)
{
	u64 ds = (r->header.time_ns - when_ns) / (NSEC_PER_SEC / 10);

	seq_printf(m, " %7llu.%llu", ds / 10, ds % 10);
}

static void show_comm(struct seq_file *m, const char *comm)
{
	for (; *comm; comm++) {
		if (*comm > ' ' && *comm < 0x7f && *comm != '\\')
			seq_putc(m, *comm);
		else
			seq_printf(m, "\\%03o", (u8)*comm);
	}
	seq_putc(m, '\n');
}

static int proc_show(struct seq_file *m, void *v)
{
	static const char letters[] = "pegx";	/* as the bits of r.flags */
	struct view *view = m->private;
	loff_t pos = *(loff_t *)v;
	struct roundwatch_tally r;
	char flags[sizeof(letters)];
	int i;

	if (!pos) {
		show_head(m, view);
		return 0;
	}
	/* The slot may have been freed since the order was made. */
	if (!record_tally(&r, view->rank[pos - 1].slot))
		return 0;
	seq_printf(m, "%-8s %8u %7u", verdict_names[r.verdict], r.evidence, r.tgid);
	if (r.flags & ROUNDWATCH_PROCESS)
		seq_printf(m, " %7s", "-");
	else
		seq_printf(m, " %7u", r.pid);
	seq_printf(m, " %6u %9llu %9llu %9llu %9llu %9llu %8llu", r.uid, r.count[0],
		   r.count[1], r.count[2], r.count[3], r.changes, r.samples);
	show_age(m, &r, r.first_ns);
	show_age(m, &r, r.last_ns);
	for (i = 0; letters[i]; i++)
		flags[i] = r.flags & BIT(i) ? letters[i] : '-';
	flags[i] = '\0';
	seq_printf(m, " %-7s ", flags);
	show_comm(m, r.comm);
	return 0;
}

static const struct seq_operations seq_ops = {
	.start = proc_start,
	.next = proc_next,
	.stop = proc_stop,
	.show = proc_show,
};

static int proc_open(struct inode *inode, struct file *file)
{
	struct view *view;
	int err;

	if (!may_open())
		return -EPERM;
	view = __seq_open_private(file, &seq_ops, sizeof(*view));
	if (!view)
		return -ENOMEM;
	err = collect(view);
	if (err)
		seq_release_private(inode, file);
	return err;
}

static int proc_release(struct inode *inode, struct file *file)
{
	struct view *view = ((struct seq_file *)file->private_data)->private;

	kvfree(view->rank);
	return seq_release_private(inode, file);
}

static const struct proc_ops proc_operations = {
	.proc_open = proc_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = proc_release,
};

/**
 * procfs_init() - make /proc/roundwatch
 *
 * Context: process; may sleep.
 * Return: 0, or -ENOMEM.
 */
int procfs_init(void)
{
	entry = proc_create("roundwatch", 0400, NULL, &proc_operations);
	return entry ? 0 : -ENOMEM;
}

/**
 * procfs_exit() - remove it
 *
 * procfs waits for reads under way and releases the files that are still open.
 *
 * Context: process; may sleep.
 */
void procfs_exit(void)
{
	proc_remove(entry);
}
