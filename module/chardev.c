// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/roundwatch, for programs: the records of uapi/roundwatch.h.
 *
 * A reader that holds the device open must not keep the module from being
 * unloaded, so an open file does not count as a use of it. What procfs does for
 * its files, chardev_exit() does for these: readers are given EOF, and a file
 * that nobody closes is handed to the operations of /dev/null.
 */
#include "roundwatch.h"

enum stage { STAGE_INFO, STAGE_TALLIES, STAGE_END, STAGE_FOLLOW };

/**
 * struct reader - one open file
 * @node: of the list of readers
 * @file: its file; valid as long as the reader is on the list
 * @lock: one read at a time
 * @stage: which record comes next
 * @slot: of the table, in STAGE_TALLIES
 * @follow: what comes after the snapshot
 */
struct reader {
	struct list_head node;
	struct file *file;
	struct mutex lock;
	enum stage stage;
	u32 slot;
	struct notice_reader follow;
};

static LIST_HEAD(readers);
static DEFINE_MUTEX(readers_lock);
static DECLARE_WAIT_QUEUE_HEAD(news);
static atomic_t busy = ATOMIC_INIT(0);	/* calls under way */
static bool opened;			/* by anybody, since the module was loaded */
static bool gone;
static const struct file_operations *null_operations;

static bool enter(void)
{
	atomic_inc(&busy);
	/* Busy before gone is looked at; pairs with chardev_exit(). */
	smp_mb__after_atomic();
	return !READ_ONCE(gone);
}

/* The last that a call does: from here on it must not sleep; see drain.c. */
static void leave(void)
{
	/* Done before it says so; pairs with the stop of all CPUs. */
	smp_mb__before_atomic();
	atomic_dec(&busy);
}

static int device_open(struct inode *inode, struct file *file)
{
	struct reader *reader;

	if (!may_read())
		return -EPERM;
	reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	reader->file = file;
	notice_start(&reader->follow);
	file->private_data = reader;
	mutex_lock(&readers_lock);
	list_add(&reader->node, &readers);
	opened = true;
	mutex_unlock(&readers_lock);
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	struct reader *reader = file->private_data;

	enter();
	mutex_lock(&readers_lock);
	list_del(&reader->node);
	mutex_unlock(&readers_lock);
	kfree(reader);
	leave();
	return 0;
}

union record {
	struct roundwatch_header header;
	struct roundwatch_info info;
	struct roundwatch_tally tally;
	struct roundwatch_lost lost;
};

/* The next record of a reader; false if there is none yet. */
static bool next_record(struct reader *reader, union record *record)
{
	u64 lost;

	switch (reader->stage) {
	case STAGE_INFO:
		record_info(&record->info);
		reader->stage = STAGE_TALLIES;
		return true;
	case STAGE_TALLIES:
		while (reader->slot < tally_table.size) {
			if (record_tally(&record->tally, reader->slot++))
				return true;
			cond_resched();
		}
		reader->stage = STAGE_END;
		fallthrough;
	case STAGE_END:
		record->header = (struct roundwatch_header){
			.size = sizeof(record->header),
			.type = ROUNDWATCH_SNAPSHOT_END,
			.abi = ROUNDWATCH_ABI,
			.time_ns = ktime_get_boottime_ns(),
		};
		reader->stage = STAGE_FOLLOW;
		return true;
	case STAGE_FOLLOW:
		break;
	}
	if (!notice_pending(&reader->follow))
		return false;
	lost = notice_read(&reader->follow, &record->tally);
	if (lost)
		record->lost = (struct roundwatch_lost){
			.header = {
				.size = sizeof(record->lost),
				.type = ROUNDWATCH_LOST,
				.abi = ROUNDWATCH_ABI,
				.time_ns = ktime_get_boottime_ns(),
			},
			.lost = lost,
		};
	return true;
}

static bool readable(const struct reader *reader)
{
	return reader->stage != STAGE_FOLLOW || notice_pending(&reader->follow) ||
	       READ_ONCE(gone);
}

static ssize_t read_records(struct reader *reader, char __user *buf, size_t size)
{
	union record record;
	size_t done = 0;

	while (size - done >= sizeof(record) && next_record(reader, &record)) {
		if (copy_to_user(buf + done, &record, record.header.size))
			return -EFAULT;
		done += record.header.size;
		if (signal_pending(current))
			break;
	}
	return done;
}

/* Waits for something to read, unless the reader would rather not. */
static ssize_t wait_and_read(struct reader *reader, bool nonblock, char __user *buf, size_t size)
{
	ssize_t ret;

	/* So that every record fits, whichever comes next. */
	if (size < sizeof(union record))
		return -EINVAL;
	if (nonblock && !readable(reader))
		return -EAGAIN;
	ret = wait_event_interruptible(news, readable(reader));
	if (ret || READ_ONCE(gone))
		return ret;
	ret = mutex_lock_interruptible(&reader->lock);
	if (ret)
		return ret;
	ret = read_records(reader, buf, size);
	mutex_unlock(&reader->lock);
	/* Another thread was quicker. */
	return ret ? ret : -EAGAIN;
}

static ssize_t device_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	ssize_t ret = 0;

	if (enter())
		ret = wait_and_read(file->private_data, file->f_flags & O_NONBLOCK, buf, size);
	leave();
	return ret;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct reader *reader = file->private_data;
	__poll_t mask = EPOLLIN | EPOLLRDNORM | EPOLLHUP;

	if (enter()) {
		poll_wait(file, &news, wait);
		mask = readable(reader) ? EPOLLIN | EPOLLRDNORM : 0;
		if (READ_ONCE(gone))
			mask |= EPOLLHUP;
	}
	leave();
	return mask;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct roundwatch_info info;
	long ret = -ENODEV;

	if (enter()) {
		/* The size is part of the number, and may be another ABI's. */
		ret = -ENOTTY;
		if (_IOC_TYPE(cmd) == _IOC_TYPE(ROUNDWATCH_IOC_INFO) &&
		    _IOC_NR(cmd) == _IOC_NR(ROUNDWATCH_IOC_INFO) &&
		    _IOC_DIR(cmd) == _IOC_READ &&
		    _IOC_SIZE(cmd) >= sizeof(info.header)) {
			record_info(&info);
			info.header.size = min_t(u32, _IOC_SIZE(cmd), sizeof(info));
			ret = copy_to_user((void __user *)arg, &info, info.header.size) ?
				-EFAULT : 0;
		}
	}
	leave();
	return ret;
}

/* Without an owner; see the top of the file. */
static const struct file_operations device_operations = {
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "roundwatch",
	.mode = 0400,
	.fops = &device_operations,
};

/**
 * chardev_wake() - there is something to read
 *
 * Context: process.
 */
void chardev_wake(void)
{
	wake_up_poll(&news, EPOLLIN | EPOLLRDNORM);
}

/**
 * chardev_init() - make /dev/roundwatch
 *
 * Context: process; may sleep.
 * Return: 0, or a negative error.
 */
int chardev_init(void)
{
	struct file *null = filp_open("/dev/null", O_RDONLY, 0);

	/* Part of the kernel proper, so they stay when the module goes. */
	if (IS_ERR(null)) {
		pr_err("cannot open /dev/null, which unloading would need (error %ld); not loaded\n",
		       PTR_ERR(null));
		return PTR_ERR(null);
	}
	null_operations = null->f_op;
	filp_close(null, NULL);
	return misc_register(&device);
}

static bool all_closed(void)
{
	bool closed;

	mutex_lock(&readers_lock);
	closed = list_empty(&readers);
	mutex_unlock(&readers_lock);
	return closed && !atomic_read(&busy);
}

/* Takes the files from readers that do not close them. */
static void revoke(void)
{
	struct reader *reader;

	mutex_lock(&readers_lock);
	list_for_each_entry(reader, &readers, node)
		WRITE_ONCE(reader->file->f_op, null_operations);
	mutex_unlock(&readers_lock);
}

/**
 * chardev_exit() - remove it, whoever holds it open
 *
 * Context: process; may sleep. When it returns no call is under way and none
 * can begin.
 */
void chardev_exit(void)
{
	unsigned long patience = jiffies + HZ / 20;
	struct reader *reader, *next;

	misc_deregister(&device);
	WRITE_ONCE(gone, true);
	/* After gone, before busy is looked at; pairs with enter(). */
	smp_mb();
	if (!opened)
		return;
	/* Sleepers wake up to EOF, and epoll forgets that we ever were. */
	__wake_up(&news, TASK_NORMAL, 0, poll_to_key(EPOLLHUP | POLLFREE));
	/* Most readers close at EOF, at once. */
	while (!all_closed() && time_before(jiffies, patience))
		schedule_timeout_uninterruptible(1);
	revoke();
	/* The others take themselves off our queue. */
	while (waitqueue_active(&news))
		schedule_timeout_uninterruptible(1);
	drain(&busy);
	list_for_each_entry_safe(reader, next, &readers, node)
		kfree(reader);
}
