using K42.Linux.V1;

namespace K42.Client;

public static partial class SystemCalls
{
    /// <summary>setuid(2): all ids with the effective user id 0, else the effective one. EPERM.</summary>
    public static Call Setuid(uint uid) => new() { Setuid = new SetuidRequest { Uid = uid } };

    /// <summary>setgid(2): as setuid, for groups.</summary>
    public static Call Setgid(uint gid) => new() { Setgid = new SetgidRequest { Gid = gid } };

    /// <summary>setreuid(2). <see cref="uint.MaxValue"/> leaves an id as it is.</summary>
    public static Call Setreuid(uint ruid, uint euid) =>
        new() { Setreuid = new SetreuidRequest { Ruid = ruid, Euid = euid } };

    /// <summary>setregid(2). <see cref="uint.MaxValue"/> leaves an id as it is.</summary>
    public static Call Setregid(uint rgid, uint egid) =>
        new() { Setregid = new SetregidRequest { Rgid = rgid, Egid = egid } };

    /// <summary>setgroups(2): at most 64 (EINVAL).</summary>
    public static Call Setgroups(IEnumerable<uint> list) =>
        new() { Setgroups = new SetgroupsRequest { List = { list } } };

    /// <summary>setresuid(2). <see cref="uint.MaxValue"/> leaves an id as it is.</summary>
    public static Call Setresuid(uint ruid, uint euid, uint suid) =>
        new() { Setresuid = new SetresuidRequest { Ruid = ruid, Euid = euid, Suid = suid } };

    /// <summary>getresuid(2). Out: ids.</summary>
    public static Call Getresuid() => new() { Getresuid = new GetresuidRequest() };

    /// <summary>setresgid(2). <see cref="uint.MaxValue"/> leaves an id as it is.</summary>
    public static Call Setresgid(uint rgid, uint egid, uint sgid) =>
        new() { Setresgid = new SetresgidRequest { Rgid = rgid, Egid = egid, Sgid = sgid } };

    /// <summary>getresgid(2). Out: ids.</summary>
    public static Call Getresgid() => new() { Getresgid = new GetresgidRequest() };

    /// <summary>setfsuid(2). The result is the id before, whether it changed or not.</summary>
    public static Call Setfsuid(uint fsuid) => new() { Setfsuid = new SetfsuidRequest { Fsuid = fsuid } };

    /// <summary>setfsgid(2). The result is the id before, whether it changed or not.</summary>
    public static Call Setfsgid(uint fsgid) => new() { Setfsgid = new SetfsgidRequest { Fsgid = fsgid } };
}
