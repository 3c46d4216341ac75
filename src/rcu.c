/* SPDX-License-Identifier: MIT */
/*
 * The one file that includes liburcu.  Nothing is inlined (that would need
 * _LGPL_SOURCE): walkers are rare.
 *
 * ThreadSanitizer does not know RCU: a section releases, a grace period
 * acquires, which is what the marks say.
 */
#include "rcu.h"

#include "platform.h"

#include <errno.h>
#include <urcu-bp.h>

#if defined __SANITIZE_THREAD__
#define MP_TSAN 1
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define MP_TSAN 1
#endif
#endif

#ifdef MP_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
static char grace;
#define mark_release() __tsan_release(&grace)
#define mark_acquire() __tsan_acquire(&grace)
#else
#define mark_release() ((void)0)
#define mark_acquire() ((void)0)
#endif

/* Does bp know this thread?  It keeps what it once had. */
static __thread bool known;

/* bp maps 128 bytes a thread, twice those of all threads before. */
#define PROBE ((size_t)1 << 20)

/*
 * bp aborts when it has no memory for a new thread, so memory is looked for
 * first.  Another thread may take it in between: this makes the abort unlikely,
 * not impossible.
 */
static bool may_register(void)
{
	void *probe = mp_platform_map(PROBE, 1);

	if (probe)
		mp_platform_unmap(probe, PROBE);
	return probe;
}

bool mp_rcu_read_lock(void)
{
	int saved = errno;

	if (!known && !may_register())
		return false;
	urcu_bp_read_lock();
	/* It looks for room where there may be none. */
	errno = saved;
	known = true;
	return true;
}

void mp_rcu_read_unlock(void)
{
	mark_release();
	urcu_bp_read_unlock();
}

bool mp_rcu_wait(void)
{
	/*
	 * bp found membarrier at its start and dies when it is refused later.
	 * Where it was missing from the start bp uses fences, but then it does
	 * not matter that we do not free.
	 */
	if (!mp_platform_membarrier())
		return false;
	urcu_bp_synchronize_rcu();
	mark_acquire();
	return true;
}
