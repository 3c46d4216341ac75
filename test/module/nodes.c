/* SPDX-License-Identifier: MIT */
/* The processors by NUMA node, as the system's files have them. */
#include "nodes.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/magpool-nodes-XXXXXX";

/* A file of the tree, and the directory it is in. */
static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	for (char *at = path + sizeof directory; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
	file = fopen(path, "w");
	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	fclose(file);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -r %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(nodes, .init = setup, .fini = teardown);

/* The processors that the main thread, which the library asks, may use. */
static int allowed(int *processor, int most)
{
	cpu_set_t set;
	int n = 0;

	cr_assert_eq(sched_getaffinity(getpid(), sizeof set, &set), 0);
	for (unsigned int i = 0; i < CPU_SETSIZE && n < most; i++) {
		if (CPU_ISSET(i, &set))
			processor[n++] = (int)i;
	}
	return n;
}

static void move_to(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned int)processor, &set);
	cr_assert_eq(sched_setaffinity(0, sizeof set, &set), 0);
}

Test(nodes, without_files_there_is_one)
{
	errno = 4711;
	cr_assert_eq(mp_nodes_count("/nowhere"), 1);
	cr_assert_eq(mp_nodes_count(directory), 1);
	cr_assert_eq(errno, 4711);
}

Test(nodes, those_of_this_machine_are_counted)
{
	uint32_t count = mp_nodes_count(MP_NODES_DIRECTORY);

	cr_assert(count >= 1 && count <= MP_NODES_MAX);
	cr_assert_lt(mp_nodes_here().node, count);
}

Test(nodes, those_without_a_processor_for_us_do_not_count)
{
	char list[64];
	int processor;

	cr_assert_eq(allowed(&processor, 1), 1);
	put("has_cpu", "0-1,3,900\n");
	put("node0/cpulist", "1022-1023,5000-6000\n");
	put("node1/cpulist", "\n");
	snprintf(list, sizeof list, "1021,%d\n", processor);
	put("node3/cpulist", list);
	cr_assert_eq(mp_nodes_count(directory), 1, "node 3");
	put("node900/cpulist", list);
	cr_assert_eq(mp_nodes_count(directory), 2);
}

Test(nodes, lists_that_make_no_sense_end_there)
{
	put("node0/cpulist", "0-4000000000000\n");
	put("node1/cpulist", "0-1023");
	put("node2/cpulist", "x");
	put("has_cpu", "0-1");
	cr_assert_eq(mp_nodes_count(directory), 2);
	put("has_cpu", "0,x1");
	cr_assert_eq(mp_nodes_count(directory), 1);
	put("has_cpu", "0x,1");
	cr_assert_eq(mp_nodes_count(directory), 1);
	put("has_cpu", "0,2,99999999999999999999,1");
	cr_assert_eq(mp_nodes_count(directory), 2, "0 and 1");
	put("has_cpu", "2-1,0");
	cr_assert_eq(mp_nodes_count(directory), 1, "from 2 to 1 is nothing");
}

Test(nodes, no_more_than_fit)
{
	char name[64];

	put("has_cpu", "0-99");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "node%d/cpulist", i);
		put(name, "0-1023");
	}
	cr_assert_eq(mp_nodes_count(directory), MP_NODES_MAX);
}

Test(nodes, a_thread_is_where_it_runs)
{
	int processor[2];
	char list[32];

	if (allowed(processor, 2) < 2)
		cr_skip_test("this needs two processors");
	put("has_cpu", "2,5");
	snprintf(list, sizeof list, "%d", processor[0]);
	put("node2/cpulist", list);
	snprintf(list, sizeof list, "%d", processor[1]);
	put("node5/cpulist", list);
	cr_assert_eq(mp_nodes_count(directory), 2);
	for (int i = 0; i < 4; i++) {
		move_to(processor[i % 2]);
		cr_assert_eq(mp_nodes_here().node, i % 2);
		cr_assert_eq(mp_nodes_here().number, 0);
	}
}

Test(nodes, processors_of_a_node_are_numbered)
{
	int processor[2];
	char list[32];

	if (allowed(processor, 2) < 2)
		cr_skip_test("this needs two processors");
	put("has_cpu", "0-1");
	put("node0/cpulist", "1020-1023");
	snprintf(list, sizeof list, "%d,%d", processor[0], processor[1]);
	put("node1/cpulist", list);
	put("node0/cpulist", list);
	cr_assert_eq(mp_nodes_count(directory), 2);
	for (int i = 0; i < 2; i++) {
		move_to(processor[i]);
		cr_assert_eq(mp_nodes_here().number, i);
	}
}

static void *count_bound(void *processor)
{
	static uint32_t count;

	move_to(*(int *)processor);
	count = mp_nodes_count(directory);
	return &count;
}

/* Its own processor is not all that the process has. */
Test(nodes, a_bound_thread_may_be_the_first)
{
	int processor[2];
	char list[32];
	pthread_t thread;
	void *count;

	if (allowed(processor, 2) < 2)
		cr_skip_test("this needs two processors");
	put("has_cpu", "0-1");
	for (int i = 0; i < 2; i++) {
		char name[32];

		snprintf(name, sizeof name, "node%d/cpulist", i);
		snprintf(list, sizeof list, "%d", processor[i]);
		put(name, list);
	}
	pthread_create(&thread, NULL, count_bound, &processor[0]);
	pthread_join(thread, &count);
	cr_assert_eq(*(uint32_t *)count, 2);
}
