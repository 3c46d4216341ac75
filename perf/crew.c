/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"
#include "util.h"

/* A peer's state in one thread. */
struct slot {
	const struct perf_peer *peer; /* NULL until the thread has used it */
	void *state;
};

struct worker {
	pthread_t thread;
	struct perf_crew *crew;
	unsigned index;
	struct slot *slots;
	sem_t go;
	uint64_t start, stop, cpu; /* of the last batch, in ns */
};

struct perf_crew {
	const struct perf_batch *batch; /* NULL = end; set before go */
	struct worker **workers;
	unsigned threads;
	size_t slots, most;
	sem_t done;
	atomic_uint ready;
};

static void await(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0 && errno == EINTR)
		continue;
}

static void *open_slot(struct worker *worker, const struct perf_batch *batch)
{
	struct slot *slot = &worker->slots[batch->slot];

	if (!slot->peer) {
		slot->peer = batch->peer;
		if (batch->peer->open)
			slot->state = batch->peer->open(worker->crew->most);
	}
	return slot->state;
}

static void close_slots(struct worker *worker)
{
	for (size_t i = 0; i < worker->crew->slots; i++) {
		const struct perf_peer *peer = worker->slots[i].peer;

		if (peer && peer->close)
			peer->close(worker->slots[i].state);
	}
}

/* All start together; those that are late for a core are waited for. */
static void line_up(struct perf_crew *crew, unsigned threads)
{
	atomic_fetch_add_explicit(&crew->ready, 1, memory_order_acq_rel);
	for (unsigned i = 1;
	     atomic_load_explicit(&crew->ready, memory_order_acquire) < threads;
	     i++) {
		if (i % PERF_RING_SPINS == 0)
			sched_yield();
		perf_pause();
	}
}

static void run(struct worker *worker, const struct perf_batch *batch)
{
	void *state = open_slot(worker, batch);
	perf_loop *loop = batch->peer->loop[batch->loop];
	uint64_t cpu;

	line_up(worker->crew, batch->threads);
	cpu = perf_thread_time();
	worker->start = tool_now();
	loop(state, &batch->work[worker->index]);
	worker->stop = tool_now();
	worker->cpu = perf_thread_time() - cpu;
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (;;) {
		await(&worker->go);
		if (!worker->crew->batch)
			break;
		run(worker, worker->crew->batch);
		sem_post(&worker->crew->done);
	}
	close_slots(worker);
	return NULL;
}

static struct worker *hire(struct perf_crew *crew, unsigned index)
{
	struct worker *worker = perf_zalloc_apart(sizeof(*worker));
	int error;

	worker->crew = crew;
	worker->index = index;
	worker->slots = tool_zalloc(crew->slots, sizeof(*worker->slots));
	sem_init(&worker->go, 0, 0);
	error = pthread_create(&worker->thread, NULL, work, worker);
	if (error)
		tool_die(TOOL_EXIT_FAILED, "thread %u: %s", index + 1,
			 strerror(error));
	return worker;
}

struct perf_crew *perf_crew_create(unsigned threads, size_t slots, size_t most)
{
	struct perf_crew *crew = perf_zalloc_apart(sizeof(*crew));

	crew->threads = threads;
	crew->slots = slots;
	crew->most = most;
	crew->workers = tool_zalloc(threads, sizeof(struct worker *));
	sem_init(&crew->done, 0, 0);
	for (unsigned i = 0; i < threads; i++)
		crew->workers[i] = hire(crew, i);
	return crew;
}

static struct perf_taken add_up(const struct perf_crew *crew, unsigned threads)
{
	uint64_t start = UINT64_MAX, stop = 0;
	double share = 0;

	for (unsigned i = 0; i < threads; i++) {
		const struct worker *worker = crew->workers[i];

		if (worker->start < start)
			start = worker->start;
		if (worker->stop > stop)
			stop = worker->stop;
		share += (double)worker->cpu /
			 (double)(worker->stop - worker->start + 1);
	}
	return (struct perf_taken){ .wall = stop - start,
				    .share = share / threads };
}

struct perf_taken perf_crew_run(struct perf_crew *crew,
				const struct perf_batch *batch)
{
	crew->batch = batch;
	atomic_store_explicit(&crew->ready, 0, memory_order_relaxed);
	for (unsigned i = 0; i < batch->threads; i++)
		sem_post(&crew->workers[i]->go);
	for (unsigned i = 0; i < batch->threads; i++)
		await(&crew->done);
	return add_up(crew, batch->threads);
}

static void dismiss(struct worker *worker)
{
	sem_post(&worker->go);
	pthread_join(worker->thread, NULL);
	sem_destroy(&worker->go);
	free(worker->slots);
	free(worker);
}

void perf_crew_destroy(struct perf_crew *crew)
{
	crew->batch = NULL;
	for (unsigned i = 0; i < crew->threads; i++)
		dismiss(crew->workers[i]);
	sem_destroy(&crew->done);
	free(crew->workers);
	free(crew);
}
