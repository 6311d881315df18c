using K42.Contracts;

namespace K42.Personality.Linux;

/// <summary>Runs one system call. It checks in Linux's order and never throws for what a program
/// passes.</summary>
public delegate ValueTask<SysResult> SyscallHandler(LinuxTask task, SyscallArgs args);

/// <summary>How much of a call there is.</summary>
public enum Support : byte
{
    /// <summary>All of it, as Linux has it; a comparison with the host's kernel covers it.</summary>
    Full,

    /// <summary>Some of it: the note says what is not, or not yet compared.</summary>
    Partial,

    /// <summary>None of it: always the row's error, for the reason in the note.</summary>
    Refused,
}

/// <summary>One x86-64 system call.</summary>
/// <param name="Number">Linux's number.</param>
/// <param name="Name">Linux's name.</param>
/// <param name="Support">How much of it there is.</param>
/// <param name="Errno">What a refused call answers; None otherwise.</param>
/// <param name="Note">Why not all of it; empty for full rows.</param>
/// <param name="Handler">What runs; null for refused rows.</param>
/// <param name="Restarts">Whether Linux starts it again after a handler with SA_RESTART (signal(7)).</param>
public sealed record SyscallRow(
    int Number, string Name, Support Support, Errno Errno, string Note, SyscallHandler? Handler,
    bool Restarts);
