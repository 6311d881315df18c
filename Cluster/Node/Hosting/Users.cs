using System.Globalization;
using System.Runtime.InteropServices;

using K42.Cluster.Security;

namespace K42.Node.Hosting;

/// <summary>The accounts of this machine: passwd(5) and group(5).</summary>
internal static partial class Users
{
    /// <summary>Whoever runs this process.</summary>
    public static ClientIdentity Current() => Of(GetUid().ToString(CultureInfo.InvariantCulture))
        ?? new ClientIdentity(Environment.UserName, GetUid(), GetGid(), [GetGid()]);

    /// <summary>The account with that name or number, or null.</summary>
    public static ClientIdentity? Of(string user)
    {
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            var fields = line.Split(':');
            if (fields.Length < 4 || (fields[0] != user && fields[2] != user)) continue;
            var (uid, gid) = (Number(fields[2]), Number(fields[3]));
            return new ClientIdentity(fields[0], uid, gid, GroupsOf(fields[0], gid));
        }
        return null;
    }

    private static uint[] GroupsOf(string user, uint gid)
    {
        var groups = new SortedSet<uint> { gid };
        foreach (var line in File.ReadLines("/etc/group"))
        {
            var fields = line.Split(':');
            if (fields.Length >= 4 && fields[3].Split(',').Contains(user)) groups.Add(Number(fields[2]));
        }
        return [.. groups.Take(ClientIdentity.GroupsMax)];
    }

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "getuid")]
    private static partial uint GetUid();

    [LibraryImport("libc", EntryPoint = "getgid")]
    private static partial uint GetGid();
}
