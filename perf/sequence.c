/* SPDX-License-Identifier: MIT */
#include "sequence.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shapes.h"
#include "util.h"

enum { ROUND_CALLS = 2048, MOST_ROUNDS = 96, SEED = 20240229 };

/* A list of shapes, in the order of their calls. */
struct list {
	const struct perf_shape **shape;
	size_t count;
};

static uint64_t next_random(uint64_t *state)
{
	/* splitmix64, of the public domain. */
	uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);

	word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
	return word ^ (word >> 31);
}

static bool is_of_mix(const struct perf_shape *shape, const char *mix)
{
	return strncmp(shape->call, mix, strlen(mix)) == 0;
}

static uint64_t weigh(const struct perf_shapes *shapes, const char *mix)
{
	uint64_t total = 0;

	for (size_t i = 0; i < shapes->count; i++)
		if (is_of_mix(&shapes->shape[i], mix))
			total += shapes->shape[i].weight;
	return total;
}

static void append(struct list *list, const struct perf_shape *shape,
		   size_t times)
{
	list->shape = tool_grow(list->shape, list->count + times + 1,
				sizeof(struct perf_shape *));
	while (times--)
		list->shape[list->count++] = shape;
}

static void shuffle(struct list *list, uint64_t *state)
{
	for (size_t i = list->count; i > 1; i--) {
		size_t other = next_random(state) % i;
		const struct perf_shape *shape = list->shape[i - 1];

		list->shape[i - 1] = list->shape[other];
		list->shape[other] = shape;
	}
}

/* As many rounds as it takes for each weight to count, within limits. */
static size_t count_rounds(uint64_t total)
{
	uint64_t rounds = (total + ROUND_CALLS / 2) / ROUND_CALLS;

	if (rounds < 1)
		return 1;
	return rounds < MOST_ROUNDS ? (size_t)rounds : MOST_ROUNDS;
}

/*
 * The calls of every round, and the rest of the calls of all rounds.  The
 * rounding errors of the weights are carried on, so that they add up to
 * nothing.
 */
static void divide(const struct perf_shapes *shapes, const char *mix,
		   uint64_t total, size_t rounds, struct list *each,
		   struct list *rest)
{
	double calls = (double)(rounds * ROUND_CALLS), sum = 0;
	size_t given = 0;

	for (size_t i = 0; i < shapes->count; i++) {
		const struct perf_shape *shape = &shapes->shape[i];
		size_t due;

		if (!is_of_mix(shape, mix))
			continue;
		sum += (double)shape->weight;
		due = (size_t)(sum / (double)total * calls + 0.5) - given;
		given += due;
		append(each, shape, due / rounds);
		append(rest, shape, due % rounds);
	}
}

static size_t sum_rounded(const struct perf_shape *shape)
{
	size_t sum = 0;

	/* A size of 0 takes 16 bytes too: its address is distinct. */
	for (size_t i = 0; i < shape->count; i++)
		sum += shape->sizes[i] ? (shape->sizes[i] + 15u) & ~15u : 16;
	return sum;
}

static void write_call(struct perf_sequence *sequence,
		       const struct perf_shape *shape)
{
	size_t sum = sum_rounded(shape);

	*sequence->end++ = (uint32_t)shape->count;
	for (size_t i = 0; i < shape->count; i++) {
		*sequence->end++ = shape->sizes[i];
		sequence->bytes += shape->sizes[i];
	}
	sequence->calls++;
	sequence->parameters += shape->count;
	if (sequence->most < sum)
		sequence->most = sum;
}

/* The calls of `each`, and evenly between them those of `rest`. */
static void write_round(struct perf_sequence *sequence, const struct list *each,
			const struct perf_shape *const *rest, size_t count)
{
	size_t put = 0;

	for (size_t i = 0; i < each->count; i++) {
		write_call(sequence, each->shape[i]);
		while (put < count &&
		       (put + 1) * each->count <= (i + 1) * count)
			write_call(sequence, rest[put++]);
	}
	while (put < count)
		write_call(sequence, rest[put++]);
}

static size_t count_words(const struct list *list)
{
	size_t words = 0;

	for (size_t i = 0; i < list->count; i++)
		words += 1 + list->shape[i]->count;
	return words;
}

static void write_rounds(struct perf_sequence *sequence, size_t rounds,
			 const struct list *each, const struct list *rest)
{
	size_t words = count_words(each) * rounds + count_words(rest);
	size_t from = 0;

	sequence->stream = tool_zalloc(words, sizeof(*sequence->stream));
	sequence->end = sequence->stream;
	for (size_t round = 0; round < rounds; round++) {
		size_t until = rest->count * (round + 1) / rounds;

		write_round(sequence, each, rest->shape + from, until - from);
		from = until;
	}
}

struct perf_sequence *perf_sequence_make(const struct perf_shapes *shapes,
					 const char *mix)
{
	uint64_t total = weigh(shapes, mix), state = SEED;
	size_t rounds = count_rounds(total);
	struct list each = { 0 }, rest = { 0 };
	struct perf_sequence *sequence;

	if (total == 0)
		return NULL;
	sequence = tool_zalloc(1, sizeof(*sequence));
	sequence->mix = strdup(mix);
	if (!sequence->mix)
		tool_out_of_memory();
	divide(shapes, mix, total, rounds, &each, &rest);
	shuffle(&each, &state);
	shuffle(&rest, &state);
	write_rounds(sequence, rounds, &each, &rest);
	free(each.shape);
	free(rest.shape);
	return sequence;
}

void perf_sequence_free(struct perf_sequence *sequence)
{
	free(sequence->mix);
	free(sequence->stream);
	free(sequence);
}
