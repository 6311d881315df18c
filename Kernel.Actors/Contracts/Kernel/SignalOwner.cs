namespace K42.Contracts.Kernel;

/// <summary>What the owner of an open file is (F_SETOWN_EX of fcntl(2)).</summary>
public enum OwnerKind : byte
{
    /// <summary>F_OWNER_TID: a thread. A process has one, with its own number.</summary>
    Thread = 0,

    /// <summary>F_OWNER_PID: a process.</summary>
    Process = 1,

    /// <summary>F_OWNER_PGRP: a process group.</summary>
    Group = 2,
}

/// <summary>Whom an open file description tells of what happens, and who said so (fcntl(2), managing
/// signals).</summary>
/// <param name="Kind">What the number names.</param>
/// <param name="Number">A process or group; 0 for nobody.</param>
/// <param name="Uid">The real user id of who set it: whoever may not signal the owner sets it in
/// vain.</param>
/// <param name="EffectiveUid">The effective user id of who set it.</param>
[Wire]
public readonly partial record struct SignalOwner(
    OwnerKind Kind, int Number, uint Uid, uint EffectiveUid);

/// <summary>Why a signal is sent, when no process sends it; nothing but zeros for kill(2).</summary>
/// <param name="Code">si_code: POLL_IN 1, POLL_OUT 2, POLL_MSG 3, SI_SIGIO -5, or SI_KERNEL 0x80.</param>
/// <param name="Descriptor">si_fd: the descriptor by which the owner of an open file knows it.</param>
/// <param name="Band">si_band: the events of poll(2) that the code stands for.</param>
[Wire]
public readonly partial record struct SignalCause(int Code, int Descriptor, long Band);
