/* The oracle: runs one compiled script on the host kernel. What the parts share.
 *
 * The driver (oracle.c) reads the script and tells tasks (task.c) what to call; decode.c turns what the
 * kernel wrote into text.
 * Driver and tasks talk through one shared mapping and futexes, so that a task has no descriptor, no
 * signal and no
 * memory limit that its script did not ask for. */
#ifndef K42_ORACLE_H
#define K42_ORACLE_H

#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>

enum {
    SLOTS_MAX = 24,
    COMMAND_BYTES_MAX = 1 << 20,
    REPLY_BYTES_MAX = 2 << 20,
    SIGNALS_MAX = 256,
    OUTS_MAX = 6,
};

/* Calls that the oracle makes of several: not numbers of the kernel. */
enum { CALL_GETDENTS_ALL = 1000001, CALL_SIGNALS = 1000002, CALL_SIGINFOS = 1000003 };

enum slot_state { SLOT_IDLE = 0, SLOT_COMMAND = 1, SLOT_DONE = 2 };

/* What a handler was told of a signal from an open file, if its action has SA_SIGINFO. */
struct file_signal {
    int code;
    int descriptor;
    long band;
};

/* One task's mailbox. The driver writes command and sets COMMAND; the task writes reply and sets DONE. */
struct slot {
    int state; /* a futex word: enum slot_state */
    int pid;   /* written by the task itself when it is ready for commands; a futex word */
    int signals_count;
    int signals_taken;
    unsigned char signals[SIGNALS_MAX];
    struct file_signal infos[SIGNALS_MAX];
    char command[COMMAND_BYTES_MAX];
    char reply[REPLY_BYTES_MAX];
};

/* A buffer that the kernel may write, and how to print it. */
struct out {
    char kind;
    void *at;
    size_t bytes;
};

extern struct slot *slots;

void futex_wait_for(int *word, int value, long nanoseconds_max);
void futex_wake(int *word);
_Noreturn void fail(const char *what);

/* Obeys the commands of one slot until the process ends. */
_Noreturn void task_loop(int slot);

/* Appends to a text; what does not fit is cut, and the reply is then no valid line. */
struct text {
    char *at;
    size_t used;
    size_t bytes_max;
};
void text_add(struct text *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void decode_out(struct text *to, const struct out *out, long returned);
void decode_entries(struct text *to, const unsigned char *at, long bytes, int *first);

#endif
