using K42.Contracts;

namespace K42.Kernel.Ipc;

/// <summary>What a frame of a link says. The first byte of every frame.</summary>
internal enum FrameKind : byte
{
    /// <summary>A call: id, who calls, handle, contract, method, parameters. Id 0: nobody waits.</summary>
    Call = 1,

    /// <summary>An answer: id, errno, value.</summary>
    Reply = 2,

    /// <summary>Gives up on a call: id.</summary>
    Cancel = 3,

    /// <summary>Introduces an identity of the sender's node, before its first call.</summary>
    Identity = 4,

    /// <summary>A process of the sender's node died: its identity and its handles end.</summary>
    ProcessDied = 5,
}

/// <summary>The fixed part of a call's frame.</summary>
internal readonly record struct CallHeader(
    ulong CallId, int Pid, uint Version, uint Index, uint Sequence, ushort Contract, ushort Method)
{
    public void Write(ref WireWriter writer)
    {
        writer.Byte((byte)FrameKind.Call);
        writer.UInt64(CallId);
        writer.Int32(Pid);
        writer.UInt32(Version);
        writer.UInt32(Index);
        writer.UInt32(Sequence);
        writer.UInt16(Contract);
        writer.UInt16(Method);
    }

    public static CallHeader Read(ref WireReader reader) =>
        new(reader.UInt64(), reader.Int32(), reader.UInt32(), reader.UInt32(), reader.UInt32(),
            reader.UInt16(),
            reader.UInt16());
}

/// <summary>An identity as it travels, from the node that vouches for it.</summary>
internal static class IdentityFrame
{
    public const int UserBytesMax = 64;

    public static void Write(ref WireWriter writer, CallerIdentity identity)
    {
        var principal = identity.Principal;
        writer.Byte((byte)FrameKind.Identity);
        writer.Int32(identity.Pid);
        writer.UInt32(identity.Version);
        writer.UInt32(principal.Uid);
        writer.UInt32(principal.Gid);
        writer.Byte((byte)principal.By);
        writer.String(principal.User);
        writer.Int32(principal.Groups.Count);
        foreach (var group in principal.Groups) writer.UInt32(group);
        writer.UInt32(principal.LoginUid);
        Write(ref writer, principal.UserIds);
        Write(ref writer, principal.GroupIds);
        writer.Int64(principal.ExpiresNs);
    }

    public static CallerIdentity Read(ref WireReader reader, NodeRef home)
    {
        var (pid, version) = (reader.Int32(), reader.UInt32());
        var (uid, gid, by) = (reader.UInt32(), reader.UInt32(), (Authentication)reader.Byte());
        var user = reader.String(UserBytesMax);
        var groups = new uint[reader.Count(Principal.GroupsMax)];
        for (var i = 0; i < groups.Length; i++) groups[i] = reader.UInt32();
        var principal = new Principal(user, uid, gid, groups, by);
        // A node of an earlier version knows one id of each kind, and no end.
        if (reader.Remaining > 0)
        {
            principal = principal with
            {
                LoginUid = reader.UInt32(),
                UserIds = Read(ref reader, uid),
                GroupIds = Read(ref reader, gid),
                ExpiresNs = reader.Int64(),
            };
        }
        return new CallerIdentity(pid, version, home, principal);
    }

    private static void Write(ref WireWriter writer, LinuxIds ids)
    {
        writer.UInt32(ids.Real);
        writer.UInt32(ids.Effective);
        writer.UInt32(ids.Saved);
    }

    private static LinuxIds Read(ref WireReader reader, uint file) =>
        new(reader.UInt32(), reader.UInt32(), reader.UInt32(), file);
}
