using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

internal sealed partial class MountWriter
{
    private void Begin(in MountChange change, Action<Errno> end)
    {
        var tree = new MountTree(_table.Mounts, _ids);
        var (mount, goal) = (tree.Find(change.Mount), tree.Find(change.OnMount));
        var needsGoal = change.Kind is MountChangeKind.Mount or MountChangeKind.Move or MountChangeKind.Bind;
        var needsMount = change.Kind != MountChangeKind.Mount;
        if ((needsGoal && goal is null) || (needsMount && mount is null))
        {
            end(Errno.EINVAL);
            return;
        }
        switch (change.Kind)
        {
            case MountChangeKind.Mount:
                BeginMount(change, end);
                break;
            case MountChangeKind.Unmount:
                BeginUnmount(tree, mount!, change.Flags, end);
                break;
            case MountChangeKind.Remount:
                BeginRemount(change, mount!.Entry, end);
                break;
            case MountChangeKind.Reconfigure:
                Reconfigure(change, Errno.None, end);
                break;
            case MountChangeKind.Move:
                BeginMove(tree, mount!, change, end);
                break;
            case MountChangeKind.Bind:
                BeginBind(mount!, change, end);
                break;
            case MountChangeKind.Propagate when MountRequest.IsPropagation(change.Flags):
                tree.Propagate(mount!, change.Flags);
                Apply(tree, [], unlessUsed: false, end);
                break;
            default:
                end(Errno.EINVAL);
                break;
        }
    }

    private void BeginMount(MountChange change, Action<Errno> end)
    {
        var owner = names.Members.FirstOrDefault(node => node.Id == change.NodeId);
        var options = (change.Flags & MountFlag.ReadOnly) != 0 ? change.Options + ",ro" : change.Options;
        if (owner.IsNone)
        {
            end(Errno.EINVAL);
            return;
        }
        On(owner).CreateThen(change.Type, options, names, created =>
        {
            if (created.Failed)
            {
                end(created.Errno);
                return;
            }
            var flags = MountRequest.MountFlagsOf(change.Flags);
            var entry = new MountEntry(
                0, 0, 0, created.Value, VolumeContract.RootInode, false, owner, flags, 0, 0, false,
                change.Path, change.Type, change.Source);
            Attach(change, (tree, _) => tree.New(entry), null, created.Value, errno =>
            {
                // Nobody has seen it.
                if (errno != Errno.None)
                {
                    On(owner).RemoveThen(created.Value, force: true, names, static _ => { });
                }
                end(errno);
            });
        });
    }

    private void BeginBind(MountNode mount, MountChange change, Action<Errno> end)
    {
        var recursive = (change.Flags & MountRequest.Recursive) != 0;
        var questions = MountTree.BeforeBind(mount, change.Inode).ToArray();
        Ask(mount.Entry, questions, end, kinships => Attach(
            change, (tree, found) => tree.Bound(tree.Find(change.Mount)!, change.Inode, recursive, found),
            kinships, mount.Entry.Volume, end));
    }

    private void BeginMove(MountTree tree, MountNode mount, MountChange change, Action<Errno> end)
    {
        var (goal, _) = MountTree.Top(tree.Find(change.OnMount)!, change.OnInode);
        var errno = tree.CheckMove(mount, goal);
        if (errno != Errno.None)
        {
            end(errno);
            return;
        }
        var root = mount.RootInode;
        Ask(mount.Entry, [new InodePair(root, root)], end, kinships =>
        {
            // As on Linux, what is shown without a name stays where it is.
            if (kinships.Of(root) == Kinship.None) end(Errno.ENOENT);
            else Attach(change, (moved, _) => moved.Find(change.Mount)!, null, 0, end);
        });
    }

    /// <summary>Puts something where the change says, over what is there.</summary>
    /// <param name="makes">Makes it, in the tree that is changed.</param>
    /// <param name="strict">Another volume whose refusal counts, beside that of the place.</param>
    private void Attach(
        MountChange change, Func<MountTree, Kinships, Outcome<MountNode>> makes, Kinships? made, ulong strict,
        Action<Errno> end)
    {
        var tree = new MountTree(_table.Mounts, _ids);
        var (goal, inode) = MountTree.Top(tree.Find(change.OnMount)!, change.OnInode);
        Ask(goal.Entry, [.. tree.BeforeAttach(goal, inode)], end, kinships =>
        {
            var source = makes(tree, made ?? Kinships.None);
            if (source.Failed)
            {
                end(source.Errno);
                return;
            }
            var entry = source.Value.Entry;
            source.Value.Entry = entry with { Path = change.Path };
            tree.Attach(source.Value, goal, inode, kinships);
            if (tree.Count > names.Settings.MountsMax || !HasRoom(tree)) end(Errno.ENOSPC);
            else Apply(tree, [goal.Entry.Volume, strict], unlessUsed: false, end);
        });
    }

    private void BeginUnmount(MountTree tree, MountNode mount, ulong flags, Action<Errno> end)
    {
        var (isRoot, volume) = (mount == tree.Root, mount.Entry.Volume);
        var lazy = (flags & MountRequest.Detach) != 0;
        if ((flags & MountRequest.Expire) != 0)
        {
            if (isRoot || (flags & (MountRequest.Force | MountRequest.Detach)) != 0) end(Errno.EINVAL);
            else if (mount.Children.Count > 0) end(Errno.EBUSY);
            else On(mount.Entry.Node).ExpireThen(volume, mount.Entry.Id, names, expired =>
            {
                // Whatever else went wrong, the volume is of no use any more, or its node sweeps it.
                if (expired.Errno is Errno.EBUSY or Errno.EAGAIN) end(expired.Errno);
                else Detach();
            });
        }
        else if (isRoot && !lazy) On(mount.Entry.Node).RemountThen(
            volume, true, "", names, changed => end(changed.Errno));
        else Detach();

        void Detach()
        {
            var errno = tree.Detach(mount, lazy);
            if (errno != Errno.None) end(errno);
            else Apply(tree, [], unlessUsed: !lazy, end);
        }
    }

    private void BeginRemount(MountChange change, MountEntry entry, Action<Errno> end)
    {
        var readOnly = (change.Flags & MountFlag.ReadOnly) != 0;
        On(entry.Node).RemountThen(
            entry.Volume, readOnly, change.Options, names,
            changed => Reconfigure(change, changed.Errno, end));
    }

    private void Reconfigure(MountChange change, Errno before, Action<Errno> end)
    {
        var tree = new MountTree(_table.Mounts, _ids);
        if (before != Errno.None || tree.Find(change.Mount) is not { } mount)
        {
            end(before != Errno.None ? before : Errno.EINVAL);
            return;
        }
        var flags = MountRequest.MountFlagsOf(change.Flags, mount.Entry.Flags);
        mount.Entry = mount.Entry with { Flags = flags };
        Apply(tree, [mount.Entry.Volume], unlessUsed: false, end);
    }

    // Asks a volume how its places lie to each other; what is the root of a volume needs no asking.
    private void Ask(
        MountEntry entry, InodePair[] pairs, Action<Errno> end, Action<Kinships> heard)
    {
        pairs = [.. pairs.Where(static pair => pair.Above != VolumeContract.RootInode).Distinct()];
        if (pairs.Length == 0)
        {
            heard(Kinships.None);
            return;
        }
        ulong[] above = [.. pairs.Select(static pair => pair.Above)];
        ulong[] below = [.. pairs.Select(static pair => pair.Below)];
        On(entry.Node).RelateThen(entry.Volume, above, below, names, related =>
        {
            if (related.Failed)
            {
                end(related.Errno);
                return;
            }
            var answers = new Dictionary<InodePair, Kinship>();
            for (var at = 0; at < pairs.Length && at < related.Value.Length; at++)
            {
                answers[pairs[at]] = (Kinship)related.Value.Span[at];
            }
            heard(new Kinships(answers));
        });
    }
}
