using System.Globalization;

namespace K42.Cluster.Security;

/// <summary>The Linux user for whom a client speaks.</summary>
/// <param name="User">The user's name: 1 to 64 printable characters without ':' and '/'.</param>
/// <param name="Uid">The user's number.</param>
/// <param name="Gid">The number of the user's group.</param>
/// <param name="Groups">Supplementary groups, at most <see cref="GroupsMax"/>.</param>
/// <remarks>In a certificate the subject is <c>CN=USER, OU=k42-client, SERIALNUMBER="uid=N gid=N
/// groups=N,N"</c>; groups= is left out when there are none. Numbers are decimal, without sign or leading
/// zeros.</remarks>
public sealed record ClientIdentity(string User, uint Uid, uint Gid, IReadOnlyList<uint> Groups)
{
    /// <summary>The most supplementary groups that a certificate carries.</summary>
    public const int GroupsMax = 64;

    /// <summary>The longest user name.</summary>
    public const int UserLengthMax = 64;

    /// <summary>The numbers as the subject's serialNumber carries them.</summary>
    public string ToSubjectNumbers()
    {
        var groups = Groups.Count == 0 ? "" : $" groups={string.Join(',', Groups)}";
        return string.Create(CultureInfo.InvariantCulture, $"uid={Uid} gid={Gid}{groups}");
    }

    /// <summary>Reads what <see cref="ToSubjectNumbers"/> wrote.</summary>
    /// <param name="user">The subject's common name.</param>
    /// <param name="numbers">The subject's serialNumber.</param>
    /// <returns>Null when either is not exactly in that form.</returns>
    public static ClientIdentity? Parse(string user, string numbers)
    {
        var parts = numbers.Split(' ');
        if (!IsUserName(user) || parts.Length is < 2 or > 3) return null;
        if (!TryField(parts[0], "uid=", out var uid) || !TryField(parts[1], "gid=", out var gid)) return null;
        var groups = new List<uint>();
        if (parts.Length == 3)
        {
            if (!parts[2].StartsWith("groups=", StringComparison.Ordinal)) return null;
            foreach (var text in parts[2]["groups=".Length..].Split(','))
            {
                if (!TryNumber(text, out var group) || groups.Count == GroupsMax) return null;
                groups.Add(group);
            }
        }
        return new ClientIdentity(user, uid, gid, groups);
    }

    /// <summary>True for a name that a certificate may carry.</summary>
    public static bool IsUserName(string user) =>
        user.Length is > 0 and <= UserLengthMax && user.All(c => c > ' ' && c < 127 && c != ':' && c != '/');

    private static bool TryField(string part, string name, out uint value)
    {
        value = 0;
        return part.StartsWith(name, StringComparison.Ordinal) && TryNumber(part[name.Length..], out value);
    }

    private static bool TryNumber(string text, out uint value) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
        && text == value.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string ToString() => $"{User} ({ToSubjectNumbers()})";
}
