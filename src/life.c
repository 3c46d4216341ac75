/* SPDX-License-Identifier: MIT */
/*
 * Making and ending pools.
 */
#include "background.h"
#include "registry.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MANY_ENDED 64
#define KNOWN_FLAGS MAGPOOL_ZERO_ON_RETURN

/* No padding: a field that is added later is seen as such by its size. */
_Static_assert(sizeof(struct magpool_options) == 9 * sizeof(size_t) +
							 sizeof(uint64_t) +
							 4 * sizeof(void *),
	       "struct magpool_options has no padding");

struct magpool *magpool_default(void)
{
	int saved = errno;

	mp_registry_start();
	errno = saved;
	return &mp_default_pool;
}

/* ---- options ------------------------------------------------------------- */

/* Shorter: the rest is zero.  Longer: only if the rest is zero (openat2(2)). */
static int copy_options(struct magpool_options *out,
			const struct magpool_options *in)
{
	const unsigned char *bytes = (const unsigned char *)in;

	memset(out, 0, sizeof *out);
	if (!in)
		return 0;
	if (in->size < sizeof in->size)
		return EINVAL;
	for (size_t i = sizeof *out; i < in->size; i++) {
		if (bytes[i])
			return E2BIG;
	}
	memcpy(out, in, in->size < sizeof *out ? in->size : sizeof *out);
	return 0;
}

static bool apply_options(struct mp_settings *settings,
			  const struct magpool_options *options)
{
	size_t zero = options->flags & MAGPOOL_ZERO_ON_RETURN ? 1 : 0;

	/* Of these any value will do. */
	mp_config_apply(settings, MP_OPTION_cache_bytes, options->cache_bytes);
	mp_config_apply(settings, MP_OPTION_depot_bytes, options->depot_bytes);
	mp_config_apply(settings, MP_OPTION_retain_bytes,
			options->retain_bytes);
	mp_config_apply(settings, MP_OPTION_zero_on_return, zero);
	return mp_config_apply(settings, MP_OPTION_page_size,
			       options->page_size) &&
	       mp_config_apply(settings, MP_OPTION_magazine_rounds,
			       options->magazine_rounds) &&
	       mp_config_apply(settings, MP_OPTION_max_bytes,
			       options->max_bytes) &&
	       !(options->flags & ~KNOWN_FLAGS) &&
	       !options->map == !options->unmap;
}

/* ---- create -------------------------------------------------------------- */

static void name_pool(char *out, size_t size, const char *name)
{
	static _Atomic uint32_t number;

	if (name)
		mp_report_printable(out, size, name);
	else
		snprintf(out, size, "pool-%u", mp_add_relaxed(&number, 1) + 1);
}

static struct magpool *make(const struct magpool_options *options,
			    const struct mp_settings *settings)
{
	struct magpool *pool = mp_pool_new();
	char name[MP_POOL_NAME];

	if (!pool)
		return NULL;
	name_pool(name, sizeof name, options->name);
	mp_pool_open(pool, settings, name);
	pool->upstream.map = options->map;
	pool->upstream.unmap = options->unmap;
	pool->upstream.context = options->context;
	pool->on_error = options->on_error;
	if (options->max_arena_bytes)
		pool->max_arena_bytes = options->max_arena_bytes;
	if (!mp_registry_lock()) {
		mp_pool_free(pool);
		return NULL;
	}
	mp_registry_add_pool(pool);
	mp_registry_unlock();
	if (settings->value[MP_OPTION_verbose])
		mp_config_show(settings, name);
	return pool;
}

static struct magpool *fail(int error)
{
	errno = error;
	return NULL;
}

struct magpool *magpool_create(const struct magpool_options *options)
{
	int saved = errno;
	struct magpool_options copy;
	struct mp_settings settings;
	struct magpool *pool;
	int error;

	mp_registry_start();
	mp_background_start();
	error = copy_options(&copy, options);
	if (error)
		return fail(error);
	settings = *mp_registry_settings();
	if (!apply_options(&settings, &copy))
		return fail(EINVAL);
	mp_registry_reap();
	/* Who only creates and abandons would pile them up. */
	mp_registry_collect(MANY_ENDED, 0);
	pool = make(&copy, &settings);
	errno = saved;
	return pool ? pool : fail(ENOMEM);
}

/* ---- ends ---------------------------------------------------------------- */

int magpool_destroy(struct magpool **pool)
{
	int saved = errno;
	int error;

	if (!pool || !*pool || *pool == &mp_default_pool)
		return -EINVAL;
	error = mp_registry_end(*pool);
	if (!error)
		*pool = NULL;
	errno = saved;
	return error;
}

void magpool_abandon(struct magpool **pool)
{
	int saved = errno;

	mp_registry_start();
	if (!pool || !*pool) {
		mp_pool_misuse(&mp_default_pool, "magpool_abandon: no pool");
	} else if (*pool == &mp_default_pool) {
		mp_pool_misuse(&mp_default_pool,
			       "magpool_abandon: the default pool");
	} else if (!mp_registry_abandon(*pool)) {
		mp_pool_misuse(*pool, "magpool_abandon: in a signal handler");
	} else {
		*pool = NULL;
	}
	errno = saved;
}
