/* SPDX-License-Identifier: MIT */
#include "remote.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "latency.h"
#include "remote_wire.h"
#include "series.h"
#include "util.h"

struct perf_remote {
	const char *name;
	pid_t process;
	int request, reply; /* our ends of the pipes */
};

static size_t count_of(char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	return count;
}

/* The environment with that library preloaded, and no other. */
static char **set_preload(char *variable)
{
	size_t count = count_of(environ), kept = 0;
	char **changed = tool_zalloc(count + 2, sizeof(*changed));

	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0)
			changed[kept++] = environ[i];
	changed[kept] = variable;
	return changed;
}

static bool start(struct perf_remote *remote, const char *path,
		  char **arguments, char **environment)
{
	struct perf_child child = { .is_quiet = true };
	int request[2], reply[2], error;
	uint64_t hello;

	if (pipe2(request, O_CLOEXEC) != 0)
		return false;
	if (pipe2(reply, O_CLOEXEC) != 0) {
		close(request[0]);
		close(request[1]);
		return false;
	}
	child.input = request[0];
	child.output = reply[1];
	error = perf_child_spawn(&child, path, arguments, environment);
	remote->process = child.process;
	close(request[0]);
	close(reply[1]);
	remote->request = request[1];
	remote->reply = reply[0];
	if (!error && perf_wire_read(reply[0], &hello, sizeof(hello)) &&
	    hello == PERF_HELLO)
		return true;
	close(request[1]);
	close(reply[0]);
	if (!error)
		waitpid(remote->process, NULL, 0);
	return false;
}

static struct perf_remote *start_with(const struct perf_peer *peer,
				      const char *path, const char *library,
				      char *const *arguments)
{
	struct perf_remote *remote = tool_zalloc(1, sizeof(*remote));
	char *serve = NULL, *preload = NULL;
	char **with_serve, **environment;
	bool is_there;

	if (asprintf(&serve, "--serve=%s", peer->like->name) < 0 ||
	    (library && asprintf(&preload, "LD_PRELOAD=%s", library) < 0))
		tool_out_of_memory();
	with_serve = perf_child_arguments(arguments, serve);
	environment = set_preload(preload);
	remote->name = peer->name;
	is_there = start(remote, path, with_serve, environment);
	free(with_serve);
	free(environment);
	free(serve);
	free(preload);
	if (!is_there) {
		free(remote);
		return NULL;
	}
	return remote;
}

/* Beside this program, as in a build folder. */
static struct perf_remote *start_beside(const struct perf_peer *peer,
					char *const *arguments)
{
	char self[PATH_MAX], path[PATH_MAX + NAME_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return NULL;
	self[length] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dirname(self), peer->program);
	return start_with(peer, path, NULL, arguments);
}

struct perf_remote *perf_remote_start(const struct perf_peer *peer,
				      char *const *arguments)
{
	static const char self[] = "/proc/self/exe";
	struct perf_remote *remote;
	char path[PATH_MAX];

	/* One that ended is found out by its missing reply. */
	signal(SIGPIPE, SIG_IGN);
	if (peer->program) {
		remote = start_beside(peer, arguments);
		if (remote)
			return remote;
		snprintf(path, sizeof(path), PERF_LIBDIR "/%s", peer->program);
		return start_with(peer, path, NULL, arguments);
	}
	remote = start_with(peer, self, peer->preload, arguments);
	if (!remote && peer->preload_else)
		remote = start_with(peer, self, peer->preload_else, arguments);
	return remote;
}

static void write_to(struct perf_remote *remote, const void *from, size_t size)
{
	if (!perf_wire_write(remote->request, from, size))
		tool_die(TOOL_EXIT_FAILED, "%s: its process has ended",
			 remote->name);
}

static void read_from(struct perf_remote *remote, void *to, size_t size)
{
	if (!perf_wire_read(remote->reply, to, size))
		tool_die(TOOL_EXIT_FAILED, "%s: its process has ended",
			 remote->name);
}

static void read_latency(struct perf_remote *remote,
			 struct perf_latency *latency)
{
	struct perf_latency *added = tool_zalloc(1, sizeof(*added));

	read_from(remote, added, sizeof(*added));
	perf_latency_move(latency, added);
	free(added);
}

struct perf_taken perf_remote_run(struct perf_remote *remote, size_t group,
				  size_t row, uint64_t cycles,
				  struct perf_latency *latency)
{
	struct perf_request request = {
		.ask = PERF_ASK_BATCH,
		.group = group,
		.row = row,
		.cycles = cycles,
	};
	struct perf_reply reply;

	write_to(remote, &request, sizeof(request));
	read_from(remote, &reply, sizeof(reply));
	if (latency)
		read_latency(remote, latency);
	return (struct perf_taken){ .wall = reply.wall, .share = reply.share };
}

void perf_remote_series(struct perf_remote *remote, size_t group, size_t row,
			struct perf_series *series)
{
	struct perf_request request = {
		.ask = PERF_ASK_SERIES,
		.group = group,
		.row = row,
	};

	write_to(remote, &request, sizeof(request));
	read_from(remote, series, sizeof(*series));
	series->point = tool_zalloc(series->count, sizeof(*series->point));
	read_from(remote, series->point,
		  series->count * sizeof(*series->point));
}

void perf_remote_stop(struct perf_remote *remote)
{
	if (!remote)
		return;
	close(remote->request);
	close(remote->reply);
	waitpid(remote->process, NULL, 0);
	free(remote);
}
