namespace K42.Gateway.Calls;

/// <summary>What a call writes to the program's memory, and so how its completion tells of it.</summary>
internal enum OutKind : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>As many bytes as the result says.</summary>
    Data,

    /// <summary>A path with its NUL, which the result counts.</summary>
    Path,

    /// <summary>struct stat.</summary>
    Stat,

    /// <summary>struct statfs.</summary>
    Statfs,

    /// <summary>struct linux_dirent64 records, as many bytes as the result says.</summary>
    Entries,

    /// <summary>Two descriptors.</summary>
    Descriptors,

    /// <summary>As many group ids as the result says.</summary>
    Groups,

    /// <summary>struct utsname.</summary>
    Utsname,

    /// <summary>A status word, when the result is a process.</summary>
    WaitStatus,

    /// <summary>siginfo_t of a child.</summary>
    ChildInfo,

    /// <summary>struct timespec.</summary>
    Time,

    /// <summary>struct sigaction as the kernel has it.</summary>
    Action,

    /// <summary>A set of signals.</summary>
    Signals,

    /// <summary>struct flock.</summary>
    Lock,

    /// <summary>Real, effective and saved id.</summary>
    Ids,

    /// <summary>struct f_owner_ex.</summary>
    Owner,

    /// <summary>The two ids of F_GETOWNER_UIDS.</summary>
    OwnerIds,

    /// <summary>A write hint.</summary>
    Hint,
}
