using K42.Contracts;
using K42.Contracts.Ports;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux;

/// <summary>What a task leaves to a child on another node: the part of its state that outlives exec(2), with
/// handles that were made for the child.</summary>
/// <remarks>The versions of it that nodes exchange: fields are only appended. It comes from the parent's
/// library, so nothing in it is believed beyond what servers check: a handle that is not the child's refuses
/// its calls.</remarks>
internal sealed class Bequest
{
    private const int FilesMax = 1_024;

    public uint Umask { get; init; }

    public ulong SignalMask { get; init; }

    public ulong IgnoredSignals { get; init; }

    public ulong RootInode { get; init; }

    public (ObjectHandle Handle, ulong Mount) Root { get; init; }

    public (ObjectHandle Handle, ulong Mount) Cwd { get; init; }

    public required List<BequeathedFile> Files { get; init; }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="WireException">It is something else.</exception>
    public static Bequest Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        var bequest = new Bequest
        {
            Umask = reader.UInt32(),
            SignalMask = reader.UInt64(),
            IgnoredSignals = reader.UInt64(),
            RootInode = reader.UInt64(),
            Root = (reader.Handle(), reader.UInt64()),
            Cwd = (reader.Handle(), reader.UInt64()),
            Files = [],
        };
        var files = reader.Count(FilesMax);
        for (var i = 0; i < files; i++)
        {
            var file = new BequeathedFile(
                reader.Handle(), reader.Int32(), reader.UInt64(), reader.UInt32(),
                    new int[reader.Count(FilesMax)]);
            for (var at = 0; at < file.Descriptors.Length; at++) file.Descriptors[at] = reader.Int32();
            bequest.Files.Add(file);
        }
        // Nodes of before did not write these.
        for (var i = 0; i < files && reader.Remaining > 0; i++)
            bequest.Files[i] = bequest.Files[i] with { Node = reader.Handle() };
        return bequest;
    }

    /// <summary>As it travels.</summary>
    public byte[] ToBytes()
    {
        var writer = new WireWriter(512);
        writer.UInt32(Umask);
        writer.UInt64(SignalMask);
        writer.UInt64(IgnoredSignals);
        writer.UInt64(RootInode);
        writer.Handle(Root.Handle);
        writer.UInt64(Root.Mount);
        writer.Handle(Cwd.Handle);
        writer.UInt64(Cwd.Mount);
        writer.Int32(Files.Count);
        foreach (var file in Files)
        {
            writer.Handle(file.Handle);
            writer.Int32(file.Flags);
            writer.UInt64(file.Mount);
            writer.UInt32(file.Type);
            writer.Int32(file.Descriptors.Length);
            foreach (var descriptor in file.Descriptors) writer.Int32(descriptor);
        }
        foreach (var file in Files) writer.Handle(file.Node);
        var bytes = writer.Written.ToArray();
        writer.Dispose();
        return bytes;
    }

    /// <summary>The child's Linux side.</summary>
    public LinuxTask Restore(LinuxSystem system, HostedProcess hosted)
    {
        var descriptors = new DescriptorTable();
        foreach (var file in Files)
        {
            var open = new OpenFile(hosted.Context, file.Handle, file.Flags, file.Mount)
            {
                Type = file.Type,
                Node = OpenFile.NodeOf(hosted.Context, file.Node),
            };
            for (var at = 0; at < file.Descriptors.Length; at++)
            {
                if (at > 0) open.Hold();
                _ = descriptors.Replace(file.Descriptors[at], open, closeOnExec: false);
            }
        }
        return new LinuxTask(
            system, hosted, new DirectoryRef(hosted.Context, Root.Handle, Root.Mount), RootInode,
            new DirectoryRef(hosted.Context, Cwd.Handle, Cwd.Mount), this, descriptors);
    }
}

/// <summary>An open file that a child gets, and the descriptors that lead to it.</summary>
internal sealed record BequeathedFile(
    ObjectHandle Handle, int Flags, ulong Mount, uint Type, int[] Descriptors)
{
    /// <summary>A device's inode; none for other files.</summary>
    public ObjectHandle Node { get; init; }
}
