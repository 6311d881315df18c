using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

internal sealed partial class MountWriter
{
    /// <summary>Gives a mounted volume other flags and options.</summary>
    public void Remount(ulong volume, ulong flags, string options, Reply<Nothing> reply) =>
        Run(reply, done => BeginRemount(volume, flags, options, errno => End(errno, reply, done)));

    /// <summary>Moves a mounted volume to another directory.</summary>
    public void Move(ulong volume, ulong onVolume, ulong onInode, ByteText path, Reply<Nothing> reply) =>
        Run(reply, done =>
            BeginMove(volume, onVolume, onInode, path, errno => End(errno, reply, done)));

    private void BeginRemount(ulong volume, ulong flags, string options, Action<Errno> end)
    {
        var index = Array.FindIndex(_table.Mounts, one => one.Volume == volume);
        if (index < 0)
        {
            end(Errno.EINVAL);
            return;
        }
        On(_table.Mounts[index].Node).RemountThen(volume, flags, options, names, changed =>
        {
            if (changed.Failed)
            {
                end(changed.Errno);
                return;
            }
            var mounts = (MountEntry[])_table.Mounts.Clone();
            mounts[index] = mounts[index] with { Flags = flags };
            Commit(mounts, NextVersion, () => end(Errno.None));
        });
    }

    private void BeginMove(
        ulong volume, ulong onVolume, ulong onInode, ByteText path, Action<Errno> end)
    {
        var entry = Array.Find(_table.Mounts, one => one.Volume == volume);
        var goal = OnTop(entry with { OnVolume = onVolume, OnInode = onInode, Path = path });
        var refused = CheckMove(entry, goal);
        if (refused != Errno.None)
        {
            end(refused);
            return;
        }
        var version = NextVersion;
        On(Of(goal.OnVolume).Node).SetMountPointThen(
            goal.OnVolume, goal.OnInode, true, version, names, covered =>
        {
            if (covered.Failed) end(covered.Errno);
            else LeaveFor(goal, entry, version, end);
        });
    }

    private void LeaveFor(MountEntry goal, MountEntry entry, ulong version, Action<Errno> end) =>
        On(Of(entry.OnVolume).Node).SetMountPointThen(
            entry.OnVolume, entry.OnInode, false, version, names, _ =>
        {
            var others = Without(entry.Volume);
            // What is mounted on a volume comes after it in the table.
            var below = _table.Mounts.Where(one => one.Volume != entry.Volume && !others.Contains(one));
            Commit([.. others, goal, .. below], version, () => end(Errno.None));
        });

    private Errno CheckMove(MountEntry entry, MountEntry goal)
    {
        if (entry.Volume == 0 || Of(goal.OnVolume).Volume == 0) return Errno.EINVAL;
        // Everything is below the root, so that can't be moved either.
        for (var above = goal.OnVolume; above != 0; above = Of(above).OnVolume)
        {
            if (above == entry.Volume) return Errno.ELOOP;
        }
        return HasRoom(goal) ? Errno.None : Errno.ENOSPC;
    }

    private MountEntry Of(ulong volume) => Array.Find(_table.Mounts, one => one.Volume == volume);
}
