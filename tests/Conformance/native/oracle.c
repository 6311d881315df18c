/* The driver: pid 1 of a PID namespace of its own, over a fresh tmpfs in a mount namespace of its own.
 *
 * Reads a compiled script on standard input and obeys it line by line, in order, whichever task it is for:
 *   S line slot bind uid gid groups|-           a task with these credentials starts, a child of the driver
 *   C line slot bind bind2 child number args    the task makes a call; the driver waits for its end
 *   B line slot bind bind2 child number args    the same, but the call must block; the driver goes on
 *   W line slot bind                            waits for the end of a blocked call
 *   K line                                      lets the clocks move on
 * Results go to standard output, one line each:
 *   R line value name=value...   R line blocked   R line gone   E line time   X the line that did not return
 * The argument is how many milliseconds a call may take.
 * Exit: 0 when the script was obeyed, 2 when it could not be, 3 when a call did not return in time. */
#include "oracle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { VARIABLES_MAX = 512, READY_MILLISECONDS_MAX = 8000, TICK_NANOSECONDS = 12 * 1000 * 1000 };

struct slot *slots;
static long variables[VARIABLES_MAX];
static int process_ends[SLOTS_MAX]; /* a pidfd per slot; readable when the process has ended */
static long running_call[SLOTS_MAX];
static int proc_directory = -1;
static long call_milliseconds_max; /* the program's argument */
static char line[COMMAND_BYTES_MAX];

void futex_wait_for(int *word, int value, long nanoseconds_max)
{
    struct timespec most = { 0, nanoseconds_max };
    syscall(SYS_futex, word, FUTEX_WAIT, value, nanoseconds_max > 0 ? &most : NULL, NULL, 0);
}

void futex_wake(int *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

_Noreturn void fail(const char *what)
{
    fprintf(stderr, "oracle: %s (%s)\n", what, strerror(errno));
    _exit(2);
}

static void check(int ok, const char *what)
{
    if (!ok) fail(what);
}

static void make_device(const char *path, int minor)
{
    check(mknod(path, S_IFCHR | 0666, makedev(1, minor)) == 0 && chmod(path, 0666) == 0, "no device node");
}

/* A root of our own: an empty tmpfs with /dev and /tmp, and nothing else mounted. */
static void enter_root(void)
{
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "the mounts can't be made private");
    check(mount("proc", "/proc", "proc", 0, NULL) == 0, "no /proc for the PID namespace");
    proc_directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(proc_directory >= 0, "/proc can't be opened");
    check(mount("root", "/tmp", "tmpfs", 0, "mode=0755") == 0, "no tmpfs for a root");
    check(chdir("/tmp") == 0 && syscall(SYS_pivot_root, ".", ".") == 0, "the root can't be changed");
    check(umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "the old root can't be left");
    umask(0);
    check(mkdir("/dev", 0755) == 0 && mkdir("/tmp", 01777) == 0, "no directories in the root");
    make_device("/dev/null", 3);
    make_device("/dev/zero", 5);
    make_device("/dev/full", 7);
    make_device("/dev/random", 8);
    make_device("/dev/urandom", 9);
}

static void watch_process(int slot)
{
    for (int waits = 0; __atomic_load_n(&slots[slot].pid, __ATOMIC_SEQ_CST) == 0; waits++) {
        if (waits > READY_MILLISECONDS_MAX) fail("a new task is not ready in time");
        futex_wait_for(&slots[slot].pid, 0, 1000000);
    }
    process_ends[slot] = (int)syscall(SYS_pidfd_open, slots[slot].pid, 0);
    check(process_ends[slot] >= 0, "a task ended as it began");
}

/* Whoever started the oracle may ignore or block signals (.NET ignores SIGPIPE), and that is inherited. */
static void reset_signals(void)
{
    struct sigaction initial = { .sa_handler = SIG_DFL };
    sigemptyset(&initial.sa_mask);
    sigprocmask(SIG_SETMASK, &initial.sa_mask, NULL);
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP) sigaction(number, &initial, NULL);
}

static _Noreturn void begin_task(int slot, uid_t uid, gid_t gid, char *groups)
{
    gid_t list[32];
    size_t count = 0;
    char *rest = NULL;
    reset_signals();
    check(syscall(SYS_close_range, 0, ~0U, 0) == 0, "close_range");
    for (int i = 0; i < 3; i++) check(open("/dev/null", O_RDWR) == i, "standard descriptors");
    check(setsid() > 0, "setsid");
    umask(022);
    if (groups[0] != '-')
        for (char *part = strtok_r(groups, ",", &rest); part && count < 32; part = strtok_r(NULL, ",", &rest))
            list[count++] = (gid_t)strtoul(part, NULL, 10);
    check(setgroups(count, list) == 0 && setgid(gid) == 0 && setuid(uid) == 0, "credentials");
    task_loop(slot);
}

static int has_ended(int slot)
{
    struct pollfd end = { process_ends[slot], POLLIN, 0 };
    return poll(&end, 1, 0) > 0;
}

/* Whether the kernel shows the task inside this call, asleep: three times,
 * since a short sleep on a lock looks the same. */
static int is_blocked(int slot, long number)
{
    for (int times = 0; times < 3; times++) {
        char path[64], text[64] = { 0 };
        snprintf(path, sizeof path, "%d/syscall", slots[slot].pid);
        int file = openat(proc_directory, path, O_RDONLY | O_CLOEXEC);
        if (file < 0) return 0;
        ssize_t bytes = read(file, text, sizeof text - 1);
        close(file);
        if (bytes <= 0 || text[0] < '0' || text[0] > '9' || strtol(text, NULL, 10) != number) return 0;
        nanosleep(&(struct timespec){ 0, 500000 }, NULL);
    }
    return slots[slot].state == SLOT_COMMAND;
}

enum ending { ENDED_REPLY, ENDED_GONE, ENDED_BLOCKED };

static enum ending wait_for_reply(int slot, int may_block)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        if (__atomic_load_n(&slots[slot].state, __ATOMIC_SEQ_CST) == SLOT_DONE) return ENDED_REPLY;
        if (has_ended(slot)) {
            /* The kernel holds its task list's lock until the parent was told: a wait of our own is later. */
            waitpid(-1, NULL, WNOHANG);
            return slots[slot].state == SLOT_DONE ? ENDED_REPLY : ENDED_GONE;
        }
        if (may_block && is_blocked(slot, running_call[slot])) return ENDED_BLOCKED;
        clock_gettime(CLOCK_MONOTONIC, &now);
        long milliseconds = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
        if (milliseconds > call_milliseconds_max) {
            printf("X %s\n", line);
            fflush(stdout);
            _exit(3);
        }
        futex_wait_for(&slots[slot].state, SLOT_COMMAND, 1000000);
    }
}

/* Copies the arguments; v5 and w5 become the value of variable 5, and its negative. */
static void put_command(char *to, char *arguments)
{
    char *rest = NULL;
    *to = 0;
    for (char *token = strtok_r(arguments, " \n", &rest); token; token = strtok_r(NULL, " \n", &rest)) {
        if (token[0] == 'v' || token[0] == 'w') {
            long value = variables[strtol(token + 1, NULL, 10)];
            to += sprintf(to, "i%ld ", token[0] == 'v' ? value : -value);
        } else {
            size_t bytes = strlen(token);
            memcpy(to, token, bytes);
            to += bytes;
            *to++ = ' ';
            *to = 0;
        }
    }
}

static void bind_result(const char *reply, int first, int second)
{
    const char *pair = strstr(reply, " fds=");
    if (second >= 0) {
        if (pair && sscanf(pair, " fds=%ld,%ld", &variables[first], &variables[second]) == 2) return;
        variables[first] = variables[second] = -1;
    } else if (first >= 0) {
        variables[first] = strtol(reply, NULL, 10);
    }
}

static void finish_call(int line_number, int slot, int first, int second, int child)
{
    const char *reply = slots[slot].reply;
    bind_result(reply, first, second);
    printf("R %d %s\n", line_number, reply);
    if (child >= 0 && strtol(reply, NULL, 10) > 0) watch_process(child);
    __atomic_store_n(&slots[slot].state, SLOT_IDLE, __ATOMIC_SEQ_CST);
}

static void report(int line_number, enum ending how)
{
    printf("R %d %s\n", line_number, how == ENDED_GONE ? "gone" : "blocked");
}

static void run_call(char *text, int may_block)
{
    int number, slot, first, second, child, used;
    check(sscanf(text, "%d %d %d %d %d %n", &number, &slot, &first, &second, &child, &used) == 5,
        "a call line is malformed");
    running_call[slot] = strtol(text + used, NULL, 10);
    char *call_end = strchr(text + used, ' ');
    int offset = sprintf(slots[slot].command, "%ld %d ", running_call[slot], child);
    put_command(slots[slot].command + offset, call_end ? call_end : text + strlen(text));
    __atomic_store_n(&slots[slot].state, SLOT_COMMAND, __ATOMIC_SEQ_CST);
    futex_wake(&slots[slot].state);
    enum ending how = wait_for_reply(slot, may_block);
    if (how == ENDED_REPLY) finish_call(number, slot, first, second, child);
    else report(number, how);
}

static void run_await(const char *text)
{
    int number, slot, first;
    check(sscanf(text, "%d %d %d", &number, &slot, &first) == 3, "an await line is malformed");
    if (slots[slot].state == SLOT_IDLE) {
        errno = EALREADY;
        fail("the call to wait for did not block");
    }
    enum ending how = wait_for_reply(slot, 0);
    if (how == ENDED_REPLY) finish_call(number, slot, first, -1, -1);
    else report(number, how);
}

static void run_start(const char *text)
{
    int number, slot, bind;
    unsigned uid, gid;
    char groups[512];
    check(sscanf(text, "%d %d %d %u %u %511s", &number, &slot, &bind, &uid, &gid, groups) == 6,
        "a start line is malformed");
    fflush(stdout);
    pid_t pid = fork();
    check(pid >= 0, "fork");
    if (pid == 0) begin_task(slot, uid, gid, groups);
    watch_process(slot);
    variables[bind] = pid;
    printf("R %d %d\n", number, (int)pid);
}

/* Marks a moment that no timestamp of before or after can be confused with,
 * whatever the file clock's grain. */
static void run_tick(const char *text)
{
    struct timespec now, grain = { 0, TICK_NANOSECONDS };
    clock_gettime(CLOCK_REALTIME, &now);
    printf("E %d %ld:%ld\n", atoi(text), (long)now.tv_sec, now.tv_nsec);
    nanosleep(&grain, NULL);
}

static int drive(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    check(getpid() == 1, "the driver is not pid 1 of its namespace");
    signal(SIGCHLD, SIG_IGN); /* orphans that end are reaped at once */
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1024, 1024 });
    slots = mmap(NULL, SLOTS_MAX * sizeof *slots, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check(slots != MAP_FAILED, "no shared mapping");
    enter_root();
    while (fgets(line, sizeof line, stdin)) {
        char *text = line + 1;
        switch (line[0]) {
        case 'S': run_start(text); break;
        case 'C': run_call(text, 0); break;
        case 'B': run_call(text, 1); break;
        case 'W': run_await(text); break;
        case 'K': run_tick(text); break;
        default: errno = EINVAL; fail("a line has an unknown kind");
        }
    }
    printf("done\n");
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    call_milliseconds_max = argc > 1 ? strtol(argv[1], NULL, 10) : 8000;
    check(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) == 0,
        "no namespaces of its own: it must run as root with CAP_SYS_ADMIN");
    pid_t driver = fork();
    check(driver >= 0, "fork");
    if (driver == 0) _exit(drive());
    check(waitpid(driver, &status, 0) == driver, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
