// SPDX-License-Identifier: GPL-2.0
/*
 * The stream of records: one ring for all readers, each with its own position. A
 * reader that falls behind by more than the ring loses the oldest records, and
 * gets their number.
 */
#include "roundwatch.h"

#define RING	256		/* records; a power of two */

static struct roundwatch_tally *ring __read_mostly;
static u64 head;			/* records ever written */
static u64 lost_records;		/* by all readers together */
static DEFINE_MUTEX(ring_lock);

/* Readers wait here until stream_pending(). */
DECLARE_WAIT_QUEUE_HEAD(stream_news);

/**
 * stream_publish() - append a record, for all readers
 * @r: the record
 *
 * Context: process; may sleep.
 */
void stream_publish(const struct roundwatch_tally *r)
{
	mutex_lock(&ring_lock);
	ring[head % RING] = *r;
	WRITE_ONCE(head, head + 1);
	mutex_unlock(&ring_lock);
	wake_up_poll(&stream_news, EPOLLIN | EPOLLRDNORM);
}

/**
 * stream_start() - a reader begins to follow
 * @reader: gets what is published from now on
 */
void stream_start(struct stream_reader *reader)
{
	reader->next = READ_ONCE(head);
}

/**
 * stream_pending() - is there a record that a reader has not read?
 * @reader: the reader; another of its threads may be reading
 *
 * Context: any.
 */
bool stream_pending(const struct stream_reader *reader)
{
	return READ_ONCE(head) != READ_ONCE(reader->next);
}

/**
 * stream_read() - the next record for a reader
 * @reader: with one pending; the caller sees to it that only one thread reads
 * @r: where to put it
 *
 * Context: process; may sleep.
 * Return: 0, or how many records the reader has lost; then @r is not set.
 */
u64 stream_read(struct stream_reader *reader, struct roundwatch_tally *r)
{
	u64 next = reader->next, lost = 0;

	mutex_lock(&ring_lock);
	if (head - next > RING) {
		lost = head - RING - next;
		WRITE_ONCE(lost_records, lost_records + lost);
		next += lost;
	} else {
		*r = ring[next++ % RING];
	}
	mutex_unlock(&ring_lock);
	WRITE_ONCE(reader->next, next);
	return lost;
}

/**
 * stream_lost() - how many records readers have lost so far
 *
 * Context: any.
 */
u64 stream_lost(void)
{
	return READ_ONCE(lost_records);
}

/**
 * stream_init() - make the ring
 *
 * Context: process; may sleep.
 * Return: 0, or -ENOMEM.
 */
int stream_init(void)
{
	ring = kvcalloc(RING, sizeof(*ring), GFP_KERNEL);
	return ring ? 0 : -ENOMEM;
}

/**
 * stream_exit() - free the ring
 *
 * Context: process. No reader and no publisher is left.
 */
void stream_exit(void)
{
	kvfree(ring);
}
