/* SPDX-License-Identifier: MIT */
/*
 * Probes for bpftrace, perf, SystemTap and gdb (USDT): places that cost one
 * no-op each, where a tracer can stop by.  None is on a hit.  tools/trace has
 * scripts that use them; magpool(7) lists them, with their arguments.
 *
 * Without <sys/sdt.h> (Debian's systemtap-sdt-dev) there are none.
 */
#ifndef MP_PROBE_H
#define MP_PROBE_H

#if defined __has_include
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define MP_PROBES 1
#endif
#endif

/* Of sdt.h's own macros, where they are used. */
#if defined MP_PROBES && defined __clang__
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif

#ifdef MP_PROBES
#define MP_PROBE2(name, a, b) DTRACE_PROBE2(magpool, name, a, b)
#define MP_PROBE3(name, a, b, c) DTRACE_PROBE3(magpool, name, a, b, c)
#define MP_PROBE4(name, a, b, c, d) DTRACE_PROBE4(magpool, name, a, b, c, d)
#else
#define MP_PROBE2(name, a, b) ((void)(a), (void)(b))
#define MP_PROBE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define MP_PROBE4(name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#endif

#endif
