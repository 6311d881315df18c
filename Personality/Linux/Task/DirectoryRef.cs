using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Personality.Linux;

/// <summary>A directory that walks start at: root, working directory, open directory, or one on the
/// way.</summary>
internal sealed class DirectoryRef(CallContext context, ObjectHandle handle, ulong mount) : SharedHandle
{
    /// <summary>What a child needs on it.</summary>
    public const Rights Given = Rights.Lookup | Rights.ControlAccess;

    /// <summary>The directory.</summary>
    public DirectoryClient Client { get; } = new(context, handle);

    /// <summary>The mount that it is seen in.</summary>
    public ulong Mount { get; } = mount;

    /// <summary>This, with one more use.</summary>
    public DirectoryRef Hold() =>
        TryHold() ? this : throw new InvalidOperationException("the directory was given back");

    protected override void Released() => Client.Release();
}
