// SPDX-License-Identifier: GPL-2.0
/* A process whose first thread has ended and whose second waits to be killed. */
#include <pthread.h>
#include <unistd.h>

static void *wait_for_signal(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_signal, NULL))
		return 1;
	pthread_exit(NULL);
}
