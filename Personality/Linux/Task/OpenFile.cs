using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux;

/// <summary>An open file as one task has it: what its descriptors lead to.</summary>
/// <remarks>Offset and status flags are the server's, shared with every task that was given access.</remarks>
internal sealed class OpenFile(CallContext context, ObjectHandle handle, int flags, ulong mount)
    : SharedHandle
{
    private DirectoryRef? _directory;
    private volatile uint _type;

    /// <summary>The file.</summary>
    public FileClient Client { get; } = new(context, handle);

    /// <summary>What its inode is asked by: of a device the volume that it was opened in, as others serve
    /// what is read and written; else the file itself.</summary>
    public FileClient Inode => Node ?? Client;

    /// <summary>A device's inode; null when it was not opened by a path.</summary>
    public FileClient? Node { get; init; }

    /// <summary>The flags of open(2) that never change: access mode and O_PATH.</summary>
    public int Flags { get; } = flags & (OpenFlag.O_ACCMODE | OpenFlag.O_PATH);

    /// <summary>The mount that it was opened in; 0 for pipes.</summary>
    public ulong Mount { get; } = mount;

    /// <summary>Its type (S_IFMT), or 0 while it is not known.</summary>
    public uint Type
    {
        get => _type;
        init => _type = value & Abi.FileMode.S_IFMT;
    }

    /// <summary>Whether read(2) is allowed.</summary>
    public bool CanRead => !IsPathOnly && Mode is (OpenFlag.O_RDONLY or OpenFlag.O_RDWR);

    /// <summary>Whether write(2) is allowed.</summary>
    public bool CanWrite => !IsPathOnly && Mode is (OpenFlag.O_WRONLY or OpenFlag.O_RDWR);

    /// <summary>Whether it was opened with O_PATH.</summary>
    public bool IsPathOnly => (Flags & OpenFlag.O_PATH) != 0;

    /// <summary>What a child needs on it.</summary>
    public Rights Given => Rights.Lookup | Rights.ControlAccess
        | (CanRead ? Rights.Read : Rights.None) | (CanWrite ? Rights.Write : Rights.None);

    private int Mode => Flags & OpenFlag.O_ACCMODE;

    /// <summary>What stands for a device's inode; null without a handle.</summary>
    public static FileClient? NodeOf(CallContext context, ObjectHandle handle) =>
        handle.IsNone ? null : new FileClient(context, handle);

    /// <summary>This, with one more use; null when it was given back.</summary>
    public OpenFile? Hold() => TryHold() ? this : null;

    /// <summary>Its type, asked for if need be.</summary>
    public async ValueTask<uint> KnowType(LinuxTask task)
    {
        if (_type != 0) return _type;
        var status = await task.Patient(Inode, static client => client.Status());
        if (!status.Failed) _type = status.Value.Mode & Abi.FileMode.S_IFMT;
        return _type;
    }

    /// <summary>The directory that it is, for walks, with a use for the caller; ENOTDIR.</summary>
    public async ValueTask<Outcome<DirectoryRef>> AsDirectory(LinuxTask task)
    {
        var known = Volatile.Read(ref _directory);
        if (known is not null && known.TryHold()) return known;
        var type = _type;
        if (type != 0 && type != Abi.FileMode.S_IFDIR) return Errno.ENOTDIR;
        var handle = await task.Patient(Client, static client => client.AsDirectory());
        if (handle.Failed) return handle.Errno;
        var made = new DirectoryRef(task.Context, handle.Value, Mount);
        made.Hold();
        if (Interlocked.CompareExchange(ref _directory, made, null) is not null) made.Dispose();
        return made;
    }

    /// <summary>Ends a descriptor's use. When it returns, the locks that go with that have gone.</summary>
    public async ValueTask Close(LinuxTask task)
    {
        if (!EndUse())
        {
            // O_PATH descriptors never locked anything, so that their close drops nothing.
            if (!IsPathOnly) await task.Patient(Inode, static inode => inode.DropLocks());
            return;
        }
        Interlocked.Exchange(ref _directory, null)?.Dispose();
        await task.Patient(Client, static client => client.Close());
        if (Node is not null) await task.Patient(Node, static client => client.Close());
    }

    protected override void Released()
    {
        Interlocked.Exchange(ref _directory, null)?.Dispose();
        Client.Release();
        Node?.Release();
    }
}
