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

#include <stddef.h>
#include <urcu-bp.h>
#include <urcu/rculist.h>

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

_Static_assert(sizeof(struct mp_rcu_link) == sizeof(struct cds_list_head) &&
		       offsetof(struct mp_rcu_link, prev) ==
			       offsetof(struct cds_list_head, prev),
	       "the link is liburcu's");

static struct cds_list_head *head_of(struct mp_rcu_link *link)
{
	return (struct cds_list_head *)(void *)link;
}

void mp_rcu_init(struct mp_rcu_link *list)
{
	CDS_INIT_LIST_HEAD(head_of(list));
}

void mp_rcu_add(struct mp_rcu_link *list, struct mp_rcu_link *link)
{
	cds_list_add_rcu(head_of(link), head_of(list));
}

void mp_rcu_remove(struct mp_rcu_link *link)
{
	cds_list_del_rcu(head_of(link));
}

struct mp_rcu_link *mp_rcu_next(struct mp_rcu_link *list,
				struct mp_rcu_link *link)
{
	struct mp_rcu_link *next =
		(struct mp_rcu_link *)(void *)rcu_dereference(
			head_of(link)->next);

	return next == list ? NULL : next;
}

struct mp_rcu_link *mp_rcu_first(struct mp_rcu_link *list)
{
	return mp_rcu_next(list, list);
}

void mp_rcu_read_lock(void)
{
	urcu_bp_read_lock();
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
