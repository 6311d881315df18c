/* What the kernel wrote, as " name=value" text. Layouts are those of the kernel's own headers. */
#include "oracle.h"

#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/time_types.h>
#include <linux/utsname.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

/* The kernel's struct sigaction for x86-64 (arch/x86/include/uapi/asm/signal.h). */
struct kernel_sigaction {
    unsigned long handler;
    unsigned long flags;
    unsigned long restorer;
    unsigned long mask;
};

void text_add(struct text *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = to->bytes_max - to->used;
    int bytes = vsnprintf(to->at + to->used, room, format, arguments);
    va_end(arguments);
    to->used += (size_t)bytes < room ? (size_t)bytes : room - 1;
}

static void add_hex(struct text *to, const unsigned char *at, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    if (to->used + 2 * bytes + 1 > to->bytes_max) return;
    for (size_t i = 0; i < bytes; i++) {
        to->at[to->used++] = digits[at[i] >> 4];
        to->at[to->used++] = digits[at[i] & 15];
    }
    to->at[to->used] = 0;
}

static void add_bytes(struct text *to, const char *name, const void *at, size_t bytes)
{
    text_add(to, " %s=", name);
    add_hex(to, at, bytes);
}

static void add_stat(struct text *to, const struct stat *s)
{
    text_add(to, " dev=%lu ino=%lu mode=%u nlink=%lu uid=%u gid=%u rdev=%lu size=%ld", s->st_dev, s->st_ino,
        s->st_mode, s->st_nlink, s->st_uid, s->st_gid, s->st_rdev, s->st_size);
    text_add(to, " atime=%ld:%ld mtime=%ld:%ld ctime=%ld:%ld", (long)s->st_atime, (long)s->st_atime_nsec,
        (long)s->st_mtime, (long)s->st_mtime_nsec, (long)s->st_ctime, (long)s->st_ctime_nsec);
}

/* linux_dirent64: ino 8, off 8, reclen 2, type 1, name. */
void decode_entries(struct text *to, const unsigned char *at, long bytes, int *first)
{
    for (long position = 0; position < bytes;) {
        const unsigned char *entry = at + position;
        uint64_t ino;
        uint16_t length;
        memcpy(&ino, entry, 8);
        memcpy(&length, entry + 16, 2);
        if (!*first) text_add(to, ",");
        *first = 0;
        add_hex(to, entry + 19, strlen((const char *)entry + 19));
        text_add(to, ":%u:%lu", entry[18], (unsigned long)ino);
        position += length;
    }
}

static void add_vector(struct text *to, const struct iovec *vector, size_t count, long returned)
{
    text_add(to, " data=");
    for (size_t i = 0; i < count && returned > 0; i++) {
        size_t part = (size_t)returned < vector[i].iov_len ? (size_t)returned : vector[i].iov_len;
        add_hex(to, vector[i].iov_base, part);
        returned -= (long)part;
    }
}

static void add_numbers(struct text *to, const char *name, const unsigned *at, long count)
{
    text_add(to, " %s=", name);
    for (long i = 0; i < count; i++) text_add(to, i == 0 ? "%u" : ",%u", at[i]);
}

static void add_names(struct text *to, const struct new_utsname *names)
{
    add_bytes(to, "sysname", names->sysname, strlen(names->sysname));
    add_bytes(to, "nodename", names->nodename, strlen(names->nodename));
    add_bytes(to, "release", names->release, strlen(names->release));
    add_bytes(to, "version", names->version, strlen(names->version));
    add_bytes(to, "machine", names->machine, strlen(names->machine));
}

static void add_structure(struct text *to, const struct out *out)
{
    const struct __kernel_timespec *time = out->at;
    const struct kernel_sigaction *action = out->at;
    const struct flock *lock = out->at;
    const struct statfs *volume = out->at;
    const siginfo_t *info = out->at;
    switch (out->kind) {
    case 's': add_stat(to, out->at); break;
    case 'f': text_add(to, " type=%ld bsize=%ld namelen=%ld", volume->f_type, volume->f_bsize,
        volume->f_namelen); break;
    case 'i':
        text_add(to, " si_signo=%d si_code=%d si_pid=%d si_uid=%u si_status=%d", info->si_signo,
            info->si_code,
            info->si_pid, info->si_uid, info->si_status);
        break;
    case 't': text_add(to, " time=%lld:%lld", time->tv_sec, time->tv_nsec); break;
    case 'u': add_names(to, out->at); break;
    case 'a':
        text_add(to, " handler=%s flags=%lu mask=%lu", action->handler == 0 ? "default"
            : action->handler == 1 ? "ignore" : "handler", action->flags, action->mask);
        break;
    case '1': text_add(to, " real=%u", *(const unsigned *)out->at); break;
    case '2': text_add(to, " effective=%u", *(const unsigned *)out->at); break;
    case '3': text_add(to, " saved=%u", *(const unsigned *)out->at); break;
    case 'O':
        text_add(to, " owner_type=%d owner_pid=%d", ((const int *)out->at)[0], ((const int *)out->at)[1]);
        break;
    case 'U':
        text_add(to, " uid=%u euid=%u", ((const unsigned *)out->at)[0], ((const unsigned *)out->at)[1]);
        break;
    case 'H': text_add(to, " hint=%lu", *(const unsigned long *)out->at); break;
    case 'm': text_add(to, " mask=%lu", *(const unsigned long *)out->at); break;
    case 'l':
        text_add(to, " l_type=%d l_whence=%d l_start=%ld l_len=%ld l_pid=%d", lock->l_type, lock->l_whence,
            (long)lock->l_start, (long)lock->l_len, lock->l_pid);
        break;
    }
}

void decode_out(struct text *to, const struct out *out, long returned)
{
    int first = 1;
    switch (out->kind) {
    case 'b': add_bytes(to, "data", out->at, (size_t)returned); break;
    case 'v': add_vector(to, out->at, out->bytes, returned); break;
    case 'd':
        text_add(to, " entries=");
        decode_entries(to, out->at, returned, &first);
        break;
    case 'c': add_bytes(to, "data", out->at, strlen(out->at)); break;
    case 'p': add_numbers(to, "fds", out->at, 2); break;
    case 'g': add_numbers(to, "groups", out->at, out->bytes == 0 ? 0 : returned); break;
    case 'w':
        if (returned > 0) text_add(to, " status=%d", *(const int *)out->at);
        break;
    default: add_structure(to, out); break;
    }
}
