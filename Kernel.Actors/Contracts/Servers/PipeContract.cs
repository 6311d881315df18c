namespace K42.Contracts.Servers;

/// <summary>Both ends of a new pipe: open files for the caller.</summary>
[Wire]
public readonly partial record struct PipeEnds(ObjectHandle Reader, ObjectHandle Writer);

/// <summary>Makes pipes on its node.</summary>
/// <remarks>A pipe holds 64 KiB unless resized (<see cref="FileContract.Capacity"/>).
/// Its ends are <see cref="FileContract"/> objects: the reader sees the end of
/// file when the last handle of the write end is dropped (by close, death of the process, or death of its
/// node), the writer gets EPIPE when the last of the read end is.</remarks>
[Contract(31, Factory = true)]
public abstract partial class PipeContract : ServerObject
{
    /// <summary>pipe2(2): flags O_NONBLOCK and O_DIRECT (packet mode, of the write end). EINVAL for others,
    /// ENFILE when the node or the principal has too many, EMFILE when the process has too many
    /// handles.</summary>
    [Call(1, Rights.None, ParkedMax = 1_024, Fails = [Errno.EINVAL, Errno.ENFILE, Errno.EMFILE])]
    public abstract void Create(int flags, [Caller] CallerIdentity caller, Reply<PipeEnds> reply);

    /// <summary>The pipes of this node: bytes moved, readers, writers.</summary>
    [Call(2, Rights.None, Idempotent = true, ParkedMax = 16, ReplyMax = 1_024)]
    public abstract void List(Reply<PipeInfo[]> reply);
}

/// <summary>A pipe, for listings.</summary>
[Wire]
public readonly partial record struct PipeInfo(
    ulong Inode, long BytesMoved, int BytesHeld, int Readers, int Writers, int ReaderPid, int WriterPid);
