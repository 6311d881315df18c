namespace K42.Conformance;

/// <summary>The symbolic names that scripts may use, with the values of Linux on x86-64.</summary>
/// <remarks>
/// Both sides get numbers from here. A test compiles the names against the kernel's and libc's headers and
/// compares every value, so a wrong row can't hide.
/// </remarks>
public static class ConstantTable
{
    /// <summary>Flags, modes, commands and signal numbers.</summary>
    public static readonly IReadOnlyDictionary<string, long> Values = new Dictionary<string, long>
    {
        ["O_RDONLY"] = 0, ["O_WRONLY"] = 1, ["O_RDWR"] = 2, ["O_ACCMODE"] = 3, ["O_CREAT"] = 0x40,
        ["O_EXCL"] = 0x80, ["O_NOCTTY"] = 0x100, ["O_TRUNC"] = 0x200, ["O_APPEND"] = 0x400,
        ["O_NONBLOCK"] = 0x800, ["O_DSYNC"] = 0x1000, ["O_ASYNC"] = 0x2000,
        ["O_DIRECT"] = 0x4000, ["O_LARGEFILE"] = 0x8000,
        ["O_DIRECTORY"] = 0x10000, ["O_NOFOLLOW"] = 0x20000, ["O_NOATIME"] = 0x40000, ["O_CLOEXEC"] = 0x80000,
        ["O_PATH"] = 0x200000, ["O_TMPFILE"] = 0x410000, ["O_SYNC"] = 0x101000,

        ["S_IFMT"] = 0xF000, ["S_IFREG"] = 0x8000, ["S_IFDIR"] = 0x4000, ["S_IFLNK"] = 0xA000,
        ["S_IFIFO"] = 0x1000, ["S_IFCHR"] = 0x2000, ["S_ISUID"] = 0x800, ["S_ISGID"] = 0x400,
        ["S_ISVTX"] = 0x200,

        ["SEEK_SET"] = 0, ["SEEK_CUR"] = 1, ["SEEK_END"] = 2, ["SEEK_DATA"] = 3, ["SEEK_HOLE"] = 4,
        ["R_OK"] = 4, ["W_OK"] = 2, ["X_OK"] = 1, ["F_OK"] = 0,

        ["AT_FDCWD"] = -100, ["AT_SYMLINK_NOFOLLOW"] = 0x100, ["AT_EACCESS"] = 0x200,
        ["AT_REMOVEDIR"] = 0x200,
        ["AT_SYMLINK_FOLLOW"] = 0x400, ["AT_NO_AUTOMOUNT"] = 0x800, ["AT_EMPTY_PATH"] = 0x1000,
        ["RENAME_NOREPLACE"] = 1, ["RENAME_EXCHANGE"] = 2,
        ["UTIME_NOW"] = 0x3FFFFFFF, ["UTIME_OMIT"] = 0x3FFFFFFE,

        ["F_DUPFD"] = 0, ["F_GETFD"] = 1, ["F_SETFD"] = 2, ["F_GETFL"] = 3, ["F_SETFL"] = 4, ["F_GETLK"] = 5,
        ["F_SETLK"] = 6, ["F_SETLKW"] = 7, ["F_DUPFD_CLOEXEC"] = 1030, ["F_SETPIPE_SZ"] = 1031,
        ["F_GETPIPE_SZ"] = 1032, ["FD_CLOEXEC"] = 1, ["F_RDLCK"] = 0, ["F_WRLCK"] = 1, ["F_UNLCK"] = 2,
        ["F_OFD_GETLK"] = 36, ["F_OFD_SETLK"] = 37, ["F_OFD_SETLKW"] = 38,
        ["LOCK_SH"] = 1, ["LOCK_EX"] = 2, ["LOCK_NB"] = 4, ["LOCK_UN"] = 8,
        ["F_SETOWN"] = 8, ["F_GETOWN"] = 9, ["F_SETSIG"] = 10, ["F_GETSIG"] = 11, ["F_SETLEASE"] = 1024,
        ["F_GETLEASE"] = 1025, ["F_ADD_SEALS"] = 1033, ["F_GET_SEALS"] = 1034,
        ["F_SETOWN_EX"] = 15, ["F_GETOWN_EX"] = 16, ["F_OWNER_TID"] = 0, ["F_OWNER_PID"] = 1,
        ["F_OWNER_PGRP"] = 2, ["F_NOTIFY"] = 1026, ["F_GET_RW_HINT"] = 1035, ["F_SET_RW_HINT"] = 1036,
        ["F_GET_FILE_RW_HINT"] = 1037, ["F_SET_FILE_RW_HINT"] = 1038, ["RWH_WRITE_LIFE_NOT_SET"] = 0,
        ["RWH_WRITE_LIFE_NONE"] = 1, ["RWH_WRITE_LIFE_EXTREME"] = 5,
        ["DN_ACCESS"] = 1, ["DN_MODIFY"] = 2, ["DN_CREATE"] = 4, ["DN_DELETE"] = 8, ["DN_RENAME"] = 16,
        ["DN_ATTRIB"] = 32, ["DN_MULTISHOT"] = 0x80000000,
        ["POLL_IN"] = 1, ["POLL_OUT"] = 2, ["POLL_MSG"] = 3, ["SI_SIGIO"] = -5, ["SI_KERNEL"] = 0x80,

        ["WNOHANG"] = 1, ["WUNTRACED"] = 2, ["WSTOPPED"] = 2, ["WEXITED"] = 4, ["WCONTINUED"] = 8,
        ["WNOWAIT"] = 0x1000000, ["P_ALL"] = 0, ["P_PID"] = 1, ["P_PGID"] = 2, ["CLD_EXITED"] = 1,
        ["CLD_KILLED"] = 2, ["CLD_STOPPED"] = 5, ["CLD_CONTINUED"] = 6,

        ["SIGHUP"] = 1, ["SIGINT"] = 2, ["SIGQUIT"] = 3, ["SIGILL"] = 4, ["SIGABRT"] = 6, ["SIGFPE"] = 8,
        ["SIGKILL"] = 9, ["SIGUSR1"] = 10, ["SIGSEGV"] = 11, ["SIGUSR2"] = 12, ["SIGPIPE"] = 13,
        ["SIGALRM"] = 14, ["SIGTERM"] = 15, ["SIGCHLD"] = 17, ["SIGCONT"] = 18, ["SIGSTOP"] = 19,
        ["SIGTSTP"] = 20, ["SIGTTIN"] = 21, ["SIGTTOU"] = 22, ["SIGURG"] = 23, ["SIGWINCH"] = 28,
        ["SIGTRAP"] = 5, ["SIGBUS"] = 7, ["SIGIO"] = 29, ["SIGSYS"] = 31, ["SIGPWR"] = 30,
        ["SA_NOCLDSTOP"] = 1, ["SA_NOCLDWAIT"] = 2, ["SA_SIGINFO"] = 4, ["SA_ONSTACK"] = 0x8000000,
        ["SA_RESTART"] = 0x10000000, ["SA_NODEFER"] = 0x40000000, ["SA_RESETHAND"] = 0x80000000,
        ["SIG_BLOCK"] = 0, ["SIG_UNBLOCK"] = 1, ["SIG_SETMASK"] = 2,

        ["MS_RDONLY"] = 1, ["MS_NOSUID"] = 2, ["MS_NODEV"] = 4, ["MS_NOEXEC"] = 8, ["MS_REMOUNT"] = 32,
        ["MS_NOSYMFOLLOW"] = 256, ["MS_NOATIME"] = 1024, ["MS_NODIRATIME"] = 2048,
        ["MS_RELATIME"] = 1 << 21, ["MS_STRICTATIME"] = 1 << 24, ["MS_SHARED"] = 1 << 20,
        ["MS_MOVE"] = 8192, ["MS_REC"] = 16384, ["MS_SILENT"] = 32768, ["MS_UNBINDABLE"] = 1 << 17,
        ["MS_PRIVATE"] = 1 << 18, ["MS_SLAVE"] = 1 << 19,
        ["MS_BIND"] = 4096, ["MNT_FORCE"] = 1, ["MNT_DETACH"] = 2, ["MNT_EXPIRE"] = 4,
        ["UMOUNT_NOFOLLOW"] = 8,

        ["CLOCK_REALTIME"] = 0, ["CLOCK_MONOTONIC"] = 1, ["CLOCK_PROCESS_CPUTIME_ID"] = 2,
        ["CLOCK_THREAD_CPUTIME_ID"] = 3, ["CLOCK_MONOTONIC_RAW"] = 4, ["CLOCK_REALTIME_COARSE"] = 5,
        ["CLOCK_MONOTONIC_COARSE"] = 6, ["CLOCK_BOOTTIME"] = 7,

        ["PATH_MAX"] = 4096, ["PIPE_BUF"] = 4096, ["NAME_MAX"] = 255, ["INT_MIN"] = int.MinValue,
        ["INT_MAX"] = int.MaxValue, ["LONG_MAX"] = long.MaxValue, ["LONG_MIN"] = long.MinValue,
        ["DT_FIFO"] = 1, ["DT_CHR"] = 2, ["DT_DIR"] = 4, ["DT_REG"] = 8, ["DT_LNK"] = 10,
    };

    /// <summary>Error names and numbers (positive).</summary>
    public static readonly IReadOnlyDictionary<string, int> Errors = new Dictionary<string, int>
    {
        ["EPERM"] = 1, ["ENOENT"] = 2, ["ESRCH"] = 3, ["EINTR"] = 4, ["EIO"] = 5, ["ENXIO"] = 6,
        ["E2BIG"] = 7,
        ["ENOEXEC"] = 8, ["EBADF"] = 9, ["ECHILD"] = 10, ["EAGAIN"] = 11, ["ENOMEM"] = 12, ["EACCES"] = 13,
        ["EFAULT"] = 14, ["ENOTBLK"] = 15, ["EBUSY"] = 16, ["EEXIST"] = 17, ["EXDEV"] = 18, ["ENODEV"] = 19,
        ["ENOTDIR"] = 20, ["EISDIR"] = 21, ["EINVAL"] = 22, ["ENFILE"] = 23, ["EMFILE"] = 24, ["ENOTTY"] = 25,
        ["ETXTBSY"] = 26, ["EFBIG"] = 27, ["ENOSPC"] = 28, ["ESPIPE"] = 29, ["EROFS"] = 30, ["EMLINK"] = 31,
        ["EPIPE"] = 32, ["EDOM"] = 33, ["ERANGE"] = 34, ["EDEADLK"] = 35, ["ENAMETOOLONG"] = 36,
        ["ENOLCK"] = 37,
        ["ENOSYS"] = 38, ["ENOTEMPTY"] = 39, ["ELOOP"] = 40, ["EOVERFLOW"] = 75, ["EOPNOTSUPP"] = 95,
    };

    private static readonly Dictionary<long, string> SignalNames = Values
        .Where(row => row.Key.StartsWith("SIG", StringComparison.Ordinal) && !row.Key.Contains('_'))
        .ToDictionary(row => row.Value, row => row.Key);

    private static readonly Dictionary<int, string> ErrorNames =
        Errors.ToDictionary(row => row.Value, row => row.Key);

    /// <summary>The name of an error number, or the number when it has none here.</summary>
    public static string ErrorName(int error) =>
        ErrorNames.TryGetValue(error, out var name) ? name : $"errno {error}";

    /// <summary>The name of a signal, or its number.</summary>
    public static string SignalName(long signal) =>
        SignalNames.TryGetValue(signal, out var name) ? name : $"{signal}";

    /// <summary>
    /// The value of <c>A|B|0644</c>: names, and decimal, octal (0...) or hexadecimal (0x...) numbers.
    /// </summary>
    public static bool TryEvaluate(string text, out long value)
    {
        value = 0;
        foreach (var part in text.Split('|'))
        {
            if (!TryOne(part, out var one)) return false;
            value |= one;
        }
        return true;
    }

    private static bool TryOne(string text, out long value)
    {
        var negative = text.StartsWith('-');
        var digits = negative ? text[1..] : text;
        if (Values.TryGetValue(digits, out value) || TryNumber(digits, out value))
        {
            value = negative ? -value : value;
            return true;
        }
        return false;
    }

    private static bool TryNumber(string digits, out long value)
    {
        value = 0;
        if (digits.Length == 0 || digits.Any(c => !char.IsAsciiHexDigit(c) && c != 'x')) return false;
        try
        {
            value = digits.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToInt64(digits[2..], 16)
                : digits.Length > 1 && digits[0] == '0' ? Convert.ToInt64(digits, 8)
                : long.Parse(digits, CultureInfo.InvariantCulture);
            return true;
        }
        catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
        {
            return false;
        }
    }
}
