/* SPDX-License-Identifier: MIT */
#include "stepper.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "life.h"

enum {
	MARK = SIGUSR1, /* the victim stops itself by it */
	POSITIONS_MAX = 100000,
	HELD_SECONDS = 10
};

static pid_t tracee;

/* ---- the tracee's side --------------------------------------------------- */

static void wait_on(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		life_check(errno == EINTR, "sem_wait: %s",
			   strerrordesc_np(errno));
}

/* Victim and tracer on one processor: they only ever wait for each other. */
static void share_processor(const struct stepper *stepper)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(stepper->processor, &set);
	/* It is for speed only. */
	(void)sched_setaffinity(0, sizeof set, &set);
}

void stepper_begin(struct stepper *stepper)
{
	share_processor(stepper);
	stepper->finished = false;
	stepper->ended = false;
	stepper->victim = (pid_t)syscall(SYS_gettid);
	sem_post(&stepper->begun);
	wait_on(&stepper->attached);
}

bool stepper_next(struct stepper *stepper)
{
	syscall(SYS_tgkill, getpid(), stepper->victim, MARK);
	return !stepper->finished;
}

void stepper_end(struct stepper *stepper)
{
	stepper->ended = true;
	sem_post(&stepper->hold);
}

bool stepper_wait(struct stepper *stepper)
{
	wait_on(&stepper->hold);
	return !stepper->ended;
}

void stepper_done(struct stepper *stepper)
{
	sem_post(&stepper->held);
}

void stepper_close(struct stepper *stepper)
{
	stepper->victim = 0;
	sem_post(&stepper->begun);
}

/* ---- the tracer's reports ------------------------------------------------ */

/* Where the victim is.  The tracee was forked: our addresses are its own. */
static void *program_counter(pid_t victim)
{
	struct user_regs_struct registers;
	struct iovec all = { &registers, sizeof registers };

	if (ptrace(PTRACE_GETREGSET, victim, (void *)(uintptr_t)NT_PRSTATUS,
		   &all) != 0)
		return NULL;
#if defined __x86_64__
	return (void *)(uintptr_t)registers.rip;
#elif defined __aarch64__
	return (void *)(uintptr_t)registers.pc;
#else
#error "which register is the program counter?"
#endif
}

static _Noreturn void give_up(struct stepper *stepper, const char *why)
{
	void *where = program_counter(stepper->victim);
	Dl_info info = { 0 };

	if (where)
		dladdr(where, &info);
	kill(tracee, SIGKILL);
	life_fail("%s: victim at instruction %u of %s, %s+%#tx", why,
		  stepper->position, stepper->what,
		  info.dli_fname ? info.dli_fname : "nowhere",
		  (char *)where - (char *)info.dli_fbase);
}

/* ---- the tracer ---------------------------------------------------------- */

static bool has_ended(pid_t thread)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)thread, &info,
		      WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 &&
	       info.si_pid != 0;
}

/* While its victim is traced, the victim's end is all that is seen of it. */
static bool tracee_has_ended(const struct stepper *stepper)
{
	return has_ended(tracee) ||
	       (stepper->victim && has_ended(stepper->victim));
}

/* In slices, to see when the tracee ends with a report of its own. */
static void wait_for(struct stepper *stepper, sem_t *semaphore, const char *why)
{
	double end = life_now() + HELD_SECONDS;
	struct timespec until;

	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += 100000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (sem_clockwait(semaphore, CLOCK_MONOTONIC, &until) == 0)
			return;
		if (tracee_has_ended(stepper))
			life_fail("the tracee ended at instruction %u of %s",
				  stepper->position, stepper->what);
		if (life_now() > end)
			give_up(stepper, why);
	}
}

/* The signal that stopped the victim, SIGTRAP for a step. */
static int wait_stop(struct stepper *stepper)
{
	int status;

	while (waitpid(stepper->victim, &status, __WALL) < 0)
		life_check(errno == EINTR, "waitpid: %s",
			   strerrordesc_np(errno));
	life_check(WIFSTOPPED(status),
		   "the victim ended at instruction %u of %s, status %#x",
		   stepper->position, stepper->what, (unsigned)status);
	return WSTOPSIG(status);
}

static void resume(struct stepper *stepper, enum __ptrace_request request,
		   int signal)
{
	long result = ptrace(request, stepper->victim, NULL,
			     (void *)(uintptr_t)(unsigned)signal);

	life_check(result == 0, "ptrace: %s", strerrordesc_np(errno));
}

static void wait_mark(struct stepper *stepper)
{
	int signal;

	while ((signal = wait_stop(stepper)) != MARK)
		resume(stepper, PTRACE_CONT, signal == SIGTRAP ? 0 : signal);
}

/* One instruction; other signals are delivered as they come. */
static void step(struct stepper *stepper)
{
	int signal = 0;

	do {
		resume(stepper, PTRACE_SINGLESTEP, signal);
		signal = wait_stop(stepper);
	} while (signal != SIGTRAP);
	stepper->steps++;
}

/* To instruction `position` of the window; false: it is shorter. */
static bool step_to(struct stepper *stepper)
{
	while (!stepper->inside)
		step(stepper);
	for (unsigned i = 0; i < stepper->position; i++) {
		step(stepper);
		if (!stepper->inside)
			return false;
	}
	return true;
}

static void trace_operation(struct stepper *stepper)
{
	stepper->position = 0;
	for (;;) {
		wait_mark(stepper);
		if (stepper->finished)
			break;
		if (step_to(stepper)) {
			sem_post(&stepper->hold);
			wait_for(stepper, &stepper->held,
				 "the other threads do not get on");
			stepper->stops++;
			stepper->position += stepper->stride;
		} else {
			stepper->finished = true;
		}
		life_check(stepper->position < POSITIONS_MAX,
			   "%s does not end when it is stepped", stepper->what);
		resume(stepper, PTRACE_CONT, 0);
	}
	stepper->operations++;
	resume(stepper, PTRACE_DETACH, 0);
}

static void attach(struct stepper *stepper)
{
	int error;

	if (ptrace(PTRACE_SEIZE, stepper->victim, NULL, PTRACE_O_EXITKILL) == 0)
		return;
	error = errno;
	kill(tracee, SIGKILL);
	life_skip("ptrace is not permitted here: %s", strerrordesc_np(error));
}

/* A step ends an exclusive access: load/store exclusive would loop for ever. */
static void check_machine(void)
{
#if defined __aarch64__
	if (!(getauxval(AT_HWCAP) & HWCAP_ATOMICS))
		life_skip("this processor has no atomic instructions that can "
			  "be stepped");
#endif
}

static struct stepper *make(void)
{
	struct stepper *stepper = mmap(NULL, sizeof *stepper,
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	life_check(stepper != MAP_FAILED, "mmap: %s", strerrordesc_np(errno));
	sem_init(&stepper->begun, 1, 0);
	sem_init(&stepper->attached, 1, 0);
	sem_init(&stepper->hold, 1, 0);
	sem_init(&stepper->held, 1, 0);
	stepper->stride = 1;
	stepper->processor = (unsigned)sched_getcpu();
	return stepper;
}

struct stepper *stepper_run(void (*run)(struct stepper *stepper))
{
	struct stepper *stepper = make();

	check_machine();
	tracee = fork();
	life_check(tracee >= 0, "fork: %s", strerrordesc_np(errno));
	if (tracee == 0) {
		life_child_begin();
		/* Our tracer's watchdog is enough. */
		alarm(0);
		run(stepper);
		_exit(EXIT_SUCCESS);
	}
	share_processor(stepper);
	for (;;) {
		wait_for(stepper, &stepper->begun, "no victim came");
		if (!stepper->victim)
			break;
		attach(stepper);
		sem_post(&stepper->attached);
		trace_operation(stepper);
	}
	life_wait(tracee, "the tracee");
	return stepper;
}
