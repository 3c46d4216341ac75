/* SPDX-License-Identifier: MIT */
#include "target.h"

#include "workload.h"

/* The library: shared, with an explicit cache, static with LTO. */
#define OURS "magpool", "magpool-cache", "magpool-lto"

/*
 * One thread where the number is of no matter: it is disturbed least.  What
 * needs many threads gets more time, so that they take turns on the cores.
 */
const struct perf_target_set perf_target_sets[] = {
	{
		.label = "small",
		.workload = "small",
		.variant = "",
		.peers = { OURS, "magpool-own", "magpool-own8", "floor",
			   "limit" },
		.rivals = true,
		.threads = { 1 },
		.weight = 1,
	},
	{
		.label = "multipage",
		.workload = "multipage",
		.variant = "",
		.peers = { OURS, "floor" },
		.rivals = true,
		.threads = { 1 },
		.weight = 1,
	},
	{
		.label = "calls vk",
		.workload = "calls",
		.variant = "",
		.mix = "vk",
		.peers = { OURS, "floor", "limit" },
		.rivals = true,
		.threads = { 1 },
		.weight = 1,
	},
	{
		.label = "calls db",
		.workload = "calls",
		.variant = "",
		.mix = "db",
		.peers = { OURS, "floor", "limit" },
		.rivals = true,
		.threads = { 1 },
		.weight = 1,
	},
	{
		.label = "nested 8",
		.workload = "nested",
		.variant = "8",
		.peers = { OURS },
		.rivals = true,
		.threads = { 1 },
		.weight = 1,
	},
	{
		.label = "cycle",
		.workload = "cycle",
		.variant = "",
		.peers = { OURS, "dpdk" },
		.threads = { 1 },
		.weight = 1,
	},
	{
		.label = "scaling",
		.workload = "scaling",
		.variant = "",
		.peers = { "magpool", "limit" },
		.threads = { 1, PERF_CORES },
		.weight = 2,
	},
	{
		.label = "handoff 1:1",
		.workload = "handoff",
		.variant = "1:1",
		.peers = { OURS },
		.rivals = true,
		.threads = { 2 },
		.weight = 1,
	},
	{
		.label = "oversubscribed",
		.workload = "oversubscribed",
		.variant = "",
		.peers = { OURS },
		.threads = { PERF_CORES, 64 },
		.weight = 8,
	},
	{
		.label = "churn 1",
		.workload = "churn",
		.variant = "1",
		.peers = { "magpool", "none" },
		.threads = { 1 },
		.weight = 2,
	},
	{
		.label = "latency handoff",
		.workload = "latency",
		.variant = "handoff",
		.peers = { "magpool", "malloc" },
		.threads = { 8 },
		.weight = 4,
	},
};
const size_t perf_target_set_count =
	sizeof(perf_target_sets) / sizeof(*perf_target_sets);

#define SHARED "magpool"
#define CACHE "magpool-cache"
#define LTO "magpool-lto"

#define AT_MOST PERF_TARGET_AT_MOST
#define ABOVE PERF_TARGET_ABOVE
#define TIMES PERF_TARGET_TIMES
#define RIVALS PERF_TARGET_RIVALS
#define CROSSING PERF_TARGET_CROSSING
#define KEEPS PERF_TARGET_KEEPS

const struct perf_target perf_targets[] = {
	{ "small", SHARED, AT_MOST, "floor", 1.3 },
	{ "small", SHARED, RIVALS, NULL, 1.3 },
	{ "small", SHARED, TIMES, "malloc", 4 },
	{ "small", CACHE, AT_MOST, "floor", 1.2 },
	{ "small", LTO, ABOVE, "limit", 2.5 },
	{ "small", LTO, RIVALS, NULL, 2 },
	{ "small", "magpool-own", AT_MOST, "magpool", 1.1 },
	{ "small", "magpool-own8", AT_MOST, "magpool", 1.3 },
	{ "multipage", SHARED, AT_MOST, "floor", 1.3 },
	{ "multipage", SHARED, RIVALS, NULL, 2 },
	{ "multipage", SHARED, TIMES, "malloc", 8 },
	{ "multipage", CACHE, AT_MOST, "floor", 1.3 },
	{ "multipage", CACHE, RIVALS, NULL, 2 },
	{ "multipage", LTO, RIVALS, NULL, 3 },
	{ "calls vk", SHARED, AT_MOST, "floor", 1.3 },
	{ "calls vk", SHARED, CROSSING, NULL, 1 },
	{ "calls vk", SHARED, TIMES, "malloc", 3 },
	{ "calls vk", CACHE, AT_MOST, "floor", 1.2 },
	{ "calls vk", LTO, ABOVE, "limit", 2.5 },
	{ "calls vk", LTO, RIVALS, NULL, 1 },
	{ "calls db", SHARED, AT_MOST, "floor", 1.3 },
	{ "calls db", SHARED, CROSSING, NULL, 1 },
	{ "calls db", CACHE, AT_MOST, "floor", 1.2 },
	{ "calls db", LTO, ABOVE, "limit", 2.5 },
	{ "calls db", LTO, RIVALS, NULL, 1 },
	{ "nested 8", SHARED, RIVALS, NULL, 2 },
	{ "nested 8", CACHE, RIVALS, NULL, 2.5 },
	{ "nested 8", LTO, RIVALS, NULL, 3 },
	{ "cycle", SHARED, AT_MOST, "dpdk", 1 },
	{ "cycle", CACHE, AT_MOST, "dpdk", 0.8 },
	{ "cycle", LTO, AT_MOST, "dpdk", 0.5 },
	{ "scaling", SHARED, PERF_TARGET_SCALES, "limit", 0.97 },
	{ "handoff 1:1", SHARED, RIVALS, NULL, 2 },
	{ "handoff 1:1", CACHE, RIVALS, NULL, 2 },
	{ "handoff 1:1", LTO, RIVALS, NULL, 2 },
	{ "handoff 1:1", SHARED, TIMES, "malloc", 1 },
	{ "oversubscribed", SHARED, KEEPS, NULL, 0.9 },
	{ "oversubscribed", CACHE, KEEPS, NULL, 0.9 },
	{ "oversubscribed", LTO, KEEPS, NULL, 0.9 },
	{ "churn 1", SHARED, AT_MOST, "none", 1.1 },
	{ "latency handoff", SHARED, PERF_TARGET_PERCENTILE, "malloc", 1 },
};
const size_t perf_target_count = sizeof(perf_targets) / sizeof(*perf_targets);

bool perf_target_is_least(const struct perf_target *target)
{
	switch (target->kind) {
	case PERF_TARGET_TIMES:
	case PERF_TARGET_RIVALS:
	case PERF_TARGET_CROSSING:
	case PERF_TARGET_KEEPS:
	case PERF_TARGET_SCALES:
		return true;
	default:
		return false;
	}
}
