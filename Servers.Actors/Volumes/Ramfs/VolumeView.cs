using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes.Ramfs;

/// <summary>A mount of a volume as the volume has it: what it shows, how, and who uses it.</summary>
internal sealed class VolumeView(ulong mount, IMountPoint shown)
{
    private readonly Dictionary<ulong, (IMountPoint Point, CoveredPlace Place)> _covered = [];

    /// <summary>The mount's number; 0 for the whole of a volume that is not mounted.</summary>
    public ulong Mount { get; } = mount;

    /// <summary>What it shows, also once its name is gone.</summary>
    public IMountPoint Shown { get; } = shown;

    /// <summary>What ".." does not go above: a directory, or a file that is seen elsewhere.</summary>
    public RamNode Root { get; } = shown.Node;

    /// <summary>See <see cref="MountFlag"/>.</summary>
    public ulong Flags { get; set; } = MountFlag.RelativeAccessTimes;

    /// <summary>What who enters it must show.</summary>
    public ulong Ticket { get; set; }

    /// <summary>What who leaves it upwards is given.</summary>
    public ulong UpTicket { get; set; }

    /// <summary>True once it is mounted no more: nothing is above it then.</summary>
    public bool IsDetached { get; private set; }

    /// <summary>The objects that stand for directories while somebody holds handles of them; other ones for
    /// the way up only.</summary>
    public Dictionary<(RamNode Node, bool UpOnly), DirectoryObject> Objects { get; } = [];

    public int OpenFiles { get; set; }

    public int Writers { get; set; }

    /// <summary>Working directories and the like.</summary>
    public int HeldDirectories { get; set; }

    /// <summary>MNT_EXPIRE asked for it, and nobody has used it since.</summary>
    public bool IsExpiring { get; set; }

    public bool IsUsed => OpenFiles > 0 || HeldDirectories > 0;

    public bool IsReadOnly => Has(MountFlag.ReadOnly);

    public bool Has(ulong flag) => (Flags & flag) != 0;

    /// <summary>True when something else is seen there.</summary>
    public bool Covers(IMountPoint point) => point.Covers > 0 && _covered.ContainsKey(point.Number);

    /// <summary>What is covered, by its number, and what the mount table says of it; null when it is
    /// not.</summary>
    public IMountPoint? Covered(ulong number, out CoveredPlace place)
    {
        var (point, found) = _covered.GetValueOrDefault(number);
        place = found;
        return point;
    }

    /// <summary>Covers these, and no others.</summary>
    public void Cover(IEnumerable<(IMountPoint Point, CoveredPlace Place)> places)
    {
        foreach (var (point, _) in _covered.Values) point.Covers--;
        _covered.Clear();
        foreach (var one in places)
        {
            if (_covered.TryAdd(one.Point.Number, one)) one.Point.Covers++;
        }
    }

    /// <summary>The mount ended; who is in it may stay.</summary>
    public void Detach()
    {
        Cover([]);
        IsDetached = true;
    }
}

/// <summary>Who does something, and through which mount.</summary>
internal readonly record struct Visitor(Principal Principal, VolumeView View)
{
    public static implicit operator Principal(in Visitor visitor) => visitor.Principal;
}
