using System.Collections.Concurrent;

using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc;

namespace K42.Kernel.Tests.Ipc;

/// <summary>A link that keeps what is sent by it; a spec decides what comes and when it ends.</summary>
internal sealed class HandLink(NodeRef peer) : ILink
{
    public NodeRef Peer { get; } = peer;

    public ConcurrentQueue<byte[]> Sent { get; } = new();

    /// <summary>Called before a frame is taken.</summary>
    public Action? Sending { get; set; }

    public bool Over { get; set; }

    public bool HasEnded => Over;

    public long Send(FrameClass frameClass, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> rest = default)
    {
        if (Over) return 0;
        Sending?.Invoke();
        Sent.Enqueue([.. frame, .. rest]);
        return Sent.Count;
    }

    public bool MayHaveBeenSeen(long frameNumber) => frameNumber > 0;

    /// <summary>How many frames of a kind were sent.</summary>
    public int Count(FrameKind kind) => Sent.Count(frame => frame[0] == (byte)kind);

    public static byte[] Introduction(CallerIdentity identity) => Bytes(
        (ref WireWriter writer) => IdentityFrame.Write(ref writer, identity));

    public static byte[] Call(ulong id, CallerIdentity caller, ObjectHandle to, ushort method, int value) =>
        Bytes((ref WireWriter writer) =>
        {
            new CallHeader(
                id, caller.Pid, caller.Version, to.Index, to.Sequence, ProbeContract.ContractId, method)
                .Write(ref writer);
            writer.Int32(value);
            writer.Int32(value);
        });

    /// <summary>A frame that is its kind and a number.</summary>
    public static byte[] Notice(FrameKind kind, ulong number) => Bytes((ref WireWriter writer) =>
    {
        writer.Byte((byte)kind);
        writer.UInt64(number);
    });

    private delegate void Writing(ref WireWriter writer);

    private static byte[] Bytes(Writing write)
    {
        var writer = new WireWriter(64);
        write(ref writer);
        return writer.Written.ToArray();
    }
}

/// <summary>The links that a spec gives a node.</summary>
internal sealed class HandLinks : ILinkTable
{
    public HandLink? Link { get; set; }

    /// <summary>Called once, when somebody has looked a link up and has not got it yet.</summary>
    public Action? Asked { get; set; }

    public ILink? To(NodeRef peer)
    {
        var found = Link is { } link && link.Peer == peer ? link : null;
        var asked = Asked;
        Asked = null;
        asked?.Invoke();
        return found;
    }

    public IReadOnlyList<ILink> All => Link is { } link ? [link] : [];
}

/// <summary>Which node is home to which block, as a spec decides.</summary>
internal sealed class HandBlocks : IBlockMap
{
    public Dictionary<int, NodeRef> Homes { get; } = [];

    public NodeRef HomeOf(int block) => Homes.GetValueOrDefault(block);
}
