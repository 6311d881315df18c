/* A task: a process that makes the calls it is told to make, each with syscall(2). */
#include "oracle.h"

#include <dirent.h>
#include <errno.h>
#include <linux/time_types.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ARENA_BYTES = 8 << 20, REGISTERS = 6, KERNEL_SA_RESTORER = 0x04000000 };
enum { GETLK = 5, OFD_GETLK = 36, GETOWN_EX = 16, GETOWNER_UIDS = 17, GET_RW_HINT = 1035 };
enum { SET_RW_HINT = 1036 };

/* What one command says: the call, its registers and the buffers behind them. */
struct call {
    long number;
    int child_slot;
    long registers[REGISTERS];
    int registers_count;
    struct out outs[OUTS_MAX];
    int outs_count;
};

static struct slot *self;
static _Alignas(64) unsigned char arena[ARENA_BYTES];
static size_t arena_used;

/* The kernel wants a restorer on x86-64: rt_sigreturn, by number. */
void restore_from_signal(void);
__asm__(".text\n.globl restore_from_signal\nrestore_from_signal:\n\tmov $15, %rax\n\tsyscall\n");

static void record_signal(int signal, siginfo_t *info, void *context)
{
    int count = self->signals_count;
    (void)context;
    if (count < SIGNALS_MAX) {
        self->signals[count] = (unsigned char)signal;
        self->infos[count] = (struct file_signal){ info->si_code, info->si_fd, info->si_band };
    }
    __atomic_store_n(&self->signals_count, count + 1, __ATOMIC_SEQ_CST);
}

static void *take(size_t bytes)
{
    size_t start = (arena_used + 15) & ~(size_t)15;
    if (start + bytes + 1 > ARENA_BYTES) fail("a call's buffers are larger than the arena");
    arena_used = start + bytes + 1;
    memset(arena + start, 0, bytes + 1);
    return arena + start;
}

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Pieces joined by '+', each hex digits and perhaps "*count".
 * Gives the number of bytes, and the bytes when at is given. */
static size_t unpack(const char *text, unsigned char *at)
{
    size_t total = 0;
    while (*text) {
        const char *piece = text;
        size_t bytes = strspn(text, "0123456789abcdef") / 2;
        text += 2 * bytes;
        long count = 1;
        if (*text == '*') count = strtol(text + 1, (char **)&text, 10);
        for (long repeat = 0; repeat < count; repeat++)
            for (size_t i = 0; i < bytes; i++, total++)
                if (at) at[total] = (unsigned char)(digit(piece[2 * i]) << 4 | digit(piece[2 * i + 1]));
        if (*text == '+') text++;
        else break;
    }
    return total;
}

static unsigned char *take_packed(const char *text, size_t *bytes)
{
    *bytes = unpack(text, NULL);
    unsigned char *at = take(*bytes);
    unpack(text, at);
    return at;
}

static void add_out(struct call *call, char kind, void *at, size_t bytes)
{
    call->outs[call->outs_count++] = (struct out){ kind, at, bytes };
}

/* "hex,hex,..." for writing, "length,length,..." for reading. */
static long take_vector(struct call *call, char *text, int reading)
{
    struct iovec *vector = take(1100 * sizeof *vector);
    size_t count = 0;
    char *rest = NULL;
    for (char *part = strtok_r(text, ",", &rest); part && count < 1100; part = strtok_r(NULL, ",", &rest),
        count++) {
        if (reading) {
            vector[count].iov_len = strtoul(part, NULL, 10);
            vector[count].iov_base = take(vector[count].iov_len);
        } else {
            vector[count].iov_base = take_packed(part[0] == '-' ? "" : part, &vector[count].iov_len);
        }
    }
    if (reading) add_out(call, 'v', vector, count);
    return (long)vector;
}

static long to_number(const char *text)
{
    return text[0] == '-' ? strtol(text, NULL, 10) : (long)strtoul(text, NULL, 10);
}

static long *take_numbers(char *text)
{
    long *numbers = take(8 * sizeof *numbers);
    char *rest = NULL;
    int count = 0;
    for (char *part = strtok_r(text, ",", &rest); part && count < 8; part = strtok_r(NULL, ",", &rest))
        numbers[count++] = to_number(part);
    return numbers;
}

/* disposition (0 default, 1 ignore, 2 record), flags, mask. */
static long take_action(char *text)
{
    unsigned long *action = (unsigned long *)take_numbers(text);
    unsigned long disposition = action[0], flags = action[1], mask = action[2];
    action[0] = disposition == 2 ? (unsigned long)record_signal : disposition;
    action[1] = flags | KERNEL_SA_RESTORER;
    action[2] = (unsigned long)restore_from_signal;
    action[3] = mask;
    return (long)action;
}

static long take_lock(struct call *call, char *text)
{
    long *fields = take_numbers(text);
    struct { short type, whence; long start, length; int pid; } *lock = take(64);
    lock->type = (short)fields[0];
    lock->whence = (short)fields[1];
    lock->start = fields[2];
    lock->length = fields[3];
    long command = call->registers[1];
    if (command == GETLK || command == OFD_GETLK) add_out(call, 'l', lock, sizeof *lock);
    return (long)lock;
}

/* Numbers behind a pointer, one token each: struct f_owner_ex and the like of 32 bits, hints of 64. */
static long take_members(struct call *call, int count, char **rest)
{
    long command = call->registers[1];
    int *narrow = take(64);
    long *wide = (long *)narrow;
    for (int i = 0; i < count && i < 8; i++) {
        long member = to_number(strtok_r(NULL, " ", rest) + 1);
        if (command == GET_RW_HINT || command == SET_RW_HINT) wide[i] = member;
        else narrow[i] = (int)member;
    }
    if (command == GETOWN_EX) add_out(call, 'O', narrow, 8);
    if (command == GETOWNER_UIDS) add_out(call, 'U', narrow, 8);
    if (command == GET_RW_HINT) add_out(call, 'H', wide, 8);
    return (long)narrow;
}

static long take_argument(struct call *call, char *token, char **tokens)
{
    size_t bytes;
    char *rest = token + 1;
    switch (token[0]) {
    case 'i': return to_number(rest);
    case 'd': return (long)take_packed(rest, &bytes);
    case 'n': return 0;
    case 'W': return take_vector(call, rest, 0);
    case 'V': return take_vector(call, rest, 1);
    case 'T': return (long)take_numbers(rest);
    case 'A': return take_action(rest);
    case 'F': return take_lock(call, rest);
    case 'O': return take_members(call, atoi(rest), tokens);
    case 'o':
        bytes = strtoul(rest + 2, NULL, 10);
        void *at = take(bytes);
        add_out(call, rest[0], at, rest[0] == 'g' ? bytes / 4 : bytes);
        return (long)at;
    default: fail("a command has an unknown argument");
    }
}

static void read_command(struct call *call, char *text)
{
    char *rest = NULL;
    *call = (struct call){ 0 };
    arena_used = 0;
    call->number = strtol(strtok_r(text, " ", &rest), NULL, 10);
    call->child_slot = (int)strtol(strtok_r(NULL, " ", &rest), NULL, 10);
    for (char *token = strtok_r(NULL, " ", &rest); token; token = strtok_r(NULL, " ", &rest)) {
        if (call->registers_count == REGISTERS) fail("a command has more than six arguments");
        call->registers[call->registers_count++] = take_argument(call, token, &rest);
    }
}

/* getdents64 until it gives nothing; the result is the number of entries. */
static void list_all(const struct call *call, struct text *reply)
{
    static struct text entries;
    static char entries_text[REPLY_BYTES_MAX / 2];
    size_t bytes = (size_t)call->registers[1];
    unsigned char *buffer = take(bytes);
    long count = 0, got;
    int first = 1;
    entries = (struct text){ entries_text, 0, sizeof entries_text };
    entries_text[0] = 0;
    while ((got = syscall(SYS_getdents64, call->registers[0], buffer, bytes)) > 0) {
        decode_entries(&entries, buffer, got, &first);
        for (long at = 0; at < got; at += ((struct dirent64 *)(buffer + at))->d_reclen) count++;
    }
    if (got < 0) text_add(reply, "%d", -errno);
    else text_add(reply, "%ld entries=%s", count, entries_text);
}

/* Waits until so many signals were recorded (two seconds at most), then gives and forgets all of them. */
static void list_signals(const struct call *call, struct text *reply)
{
    for (int waits = 0; waits < 2000; waits++) {
        if (__atomic_load_n(&self->signals_count,
            __ATOMIC_SEQ_CST) - self->signals_taken >= call->registers[0]) break;
        futex_wait_for(&self->signals_count, self->signals_count, 1000000);
    }
    int from = self->signals_taken, to = self->signals_count;
    text_add(reply, "%d signals=", to - from);
    for (int i = from; i < to; i++) text_add(reply, i == from ? "%d" : ",%d", self->signals[i % SIGNALS_MAX]);
    self->signals_taken = to;
    if (call->number != CALL_SIGINFOS) return;
    text_add(reply, " infos=");
    for (int i = from; i < to; i++) {
        const struct file_signal *info = &self->infos[i % SIGNALS_MAX];
        int is_file = info->code == SI_SIGIO || (info->code >= POLL_IN && info->code <= POLL_HUP);
        text_add(reply, "%s%d:%d:%d:%ld", i == from ? "" : ",", self->signals[i % SIGNALS_MAX], info->code,
            is_file ? info->descriptor : 0, is_file ? info->band : 0L);
    }
}

static void obey(void)
{
    static struct call call;
    struct text reply = { self->reply, 0, REPLY_BYTES_MAX };
    read_command(&call, self->command);
    if (call.number == CALL_GETDENTS_ALL) { list_all(&call, &reply); return; }
    if (call.number == CALL_SIGNALS || call.number == CALL_SIGINFOS) { list_signals(&call, &reply); return; }
    long *r = call.registers;
    long returned;
    int asked = 0;
    /* When somebody mounts something meanwhile, Linux walks a path again without its shortcuts and counts the
       links of both walks. Such an ELOOP does not come every time; and a call that fails so did nothing. */
    do
        returned = syscall(call.number, r[0], r[1], r[2], r[3], r[4], r[5]);
    while (returned < 0 && errno == ELOOP && ++asked < 5);
    if (returned == 0 && call.child_slot >= 0) task_loop(call.child_slot);
    text_add(&reply, "%ld", returned < 0 ? -(long)errno : returned);
    if (returned < 0) return;
    for (int i = 0; i < call.outs_count; i++) decode_out(&reply, &call.outs[i], returned);
}

_Noreturn void task_loop(int slot)
{
    self = &slots[slot];
    __atomic_store_n(&self->pid, (int)syscall(SYS_getpid), __ATOMIC_SEQ_CST);
    futex_wake(&self->pid);
    for (;;) {
        int state;
        while ((state = __atomic_load_n(&self->state, __ATOMIC_SEQ_CST)) != SLOT_COMMAND)
            futex_wait_for(&self->state, state, 0);
        obey();
        __atomic_store_n(&self->state, SLOT_DONE, __ATOMIC_SEQ_CST);
        futex_wake(&self->state);
    }
}
