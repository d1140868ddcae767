// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/roundwatch, for programs: the records of uapi/roundwatch.h. First the
 * present state, then the stream.
 */
#include "roundwatch.h"

union record {
	struct roundwatch_header header;
	struct roundwatch_info info;
	struct roundwatch_tally tally;
	struct roundwatch_lost lost;
};

enum stage { STAGE_INFO, STAGE_TALLIES, STAGE_END, STAGE_FOLLOW };

/**
 * struct reader - one open file
 * @lock: one read at a time
 * @stage: where the next record comes from
 * @slot: of the table, in STAGE_TALLIES
 * @follow: what comes after the snapshot
 * @record: the next record, if @taken
 * @taken: from where it comes from, and not yet copied to the reader
 */
struct reader {
	struct mutex lock;
	enum stage stage;
	u32 slot;
	struct stream_reader follow;
	union record record;
	bool taken;
};

static int device_open(struct inode *inode, struct file *file)
{
	struct reader *reader;

	if (!may_open())
		return -EPERM;
	reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	stream_start(&reader->follow);
	file->private_data = reader;
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

/* Takes the next record; false if there is none yet. */
static bool take_record(struct reader *reader)
{
	union record *record = &reader->record;
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
		WRITE_ONCE(reader->stage, STAGE_FOLLOW);
		return true;
	case STAGE_FOLLOW:
		break;
	}
	if (!stream_pending(&reader->follow))
		return false;
	lost = stream_read(&reader->follow, &record->tally);
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

/* Without the lock: another thread may be reading. */
static bool readable(const struct reader *reader)
{
	return READ_ONCE(reader->stage) != STAGE_FOLLOW || READ_ONCE(reader->taken) ||
	       stream_pending(&reader->follow);
}

/* A record that cannot be copied stays the next one. */
static ssize_t read_records(struct reader *reader, char __user *buf, size_t size)
{
	size_t done = 0;

	while (size - done >= sizeof(reader->record)) {
		if (!reader->taken)
			WRITE_ONCE(reader->taken, take_record(reader));
		if (!reader->taken)
			break;
		if (copy_to_user(buf + done, &reader->record, reader->record.header.size))
			return done ? done : -EFAULT;
		WRITE_ONCE(reader->taken, false);
		done += reader->record.header.size;
		if (signal_pending(current))
			break;
	}
	return done;
}

static ssize_t device_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	struct reader *reader = file->private_data;
	bool wait = !(file->f_flags & O_NONBLOCK);
	ssize_t ret;

	/* Require room for any record, whichever is next. */
	if (size < sizeof(union record))
		return -EINVAL;
	do {
		ret = wait ? wait_event_interruptible(stream_news, readable(reader)) : 0;
		if (ret)
			return ret;
		ret = mutex_lock_interruptible(&reader->lock);
		if (ret)
			return ret;
		ret = read_records(reader, buf, size);
		mutex_unlock(&reader->lock);
		/* Nothing: another thread has read it. */
	} while (!ret && wait);
	return ret ? ret : -EAGAIN;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	const struct reader *reader = file->private_data;

	poll_wait(file, &stream_news, wait);
	return readable(reader) ? EPOLLIN | EPOLLRDNORM : 0;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct roundwatch_info info;

	/* The number contains the size, which may be that of another version of the ABI. */
	if (_IOC_TYPE(cmd) != _IOC_TYPE(ROUNDWATCH_IOC_INFO) ||
	    _IOC_NR(cmd) != _IOC_NR(ROUNDWATCH_IOC_INFO) ||
	    _IOC_DIR(cmd) != _IOC_READ || _IOC_SIZE(cmd) < sizeof(info.header))
		return -ENOTTY;
	record_info(&info);
	info.header.size = min_t(u32, _IOC_SIZE(cmd), sizeof(info));
	return copy_to_user((void __user *)arg, &info, info.header.size) ? -EFAULT : 0;
}

static const struct file_operations device_operations = {
	.owner = THIS_MODULE,
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
	.mode = 0440,
	.fops = &device_operations,
};

/**
 * chardev_init() - make /dev/roundwatch
 *
 * Context: process; may sleep.
 * Return: 0, or a negative error.
 */
int chardev_init(void)
{
	return misc_register(&device);
}

/**
 * chardev_exit() - remove it
 *
 * An open file keeps the module loaded, so no file is open now.
 *
 * Context: process; may sleep.
 */
void chardev_exit(void)
{
	misc_deregister(&device);
}
