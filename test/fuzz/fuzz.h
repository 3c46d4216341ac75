/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: how bytes become choices, and how a target says
 * what is wrong.
 *
 * An input that ends too early goes on with zeros, so that each of its
 * beginnings is an input too and a minimiser can cut anywhere.
 */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The name that libFuzzer, AFL++ and replay.c call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
	const uint8_t *at;
	const uint8_t *end;
};

static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

static inline size_t fuzz_below(struct fuzz_input *input, size_t bound)
{
	return fuzz_byte(input) % bound;
}

/* A finding: the fuzzers and replay.c take an abort for one. */
#define FUZZ_CHECK(expression, ...)                                            \
	do {                                                                   \
		if (!(expression)) {                                           \
			fprintf(stderr, "%s:%d: %s does not hold: ", __FILE__, \
				__LINE__, #expression);                        \
			fprintf(stderr, __VA_ARGS__);                          \
			fputc('\n', stderr);                                   \
			abort();                                               \
		}                                                              \
	} while (0)

#endif
