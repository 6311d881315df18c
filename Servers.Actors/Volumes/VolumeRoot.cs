using System.Globalization;

using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes.Ramfs;

namespace K42.Servers.Volumes;

/// <summary>The volumes that a node owns: makes them, enters them, ends them.</summary>
/// <remarks>Children: one <see cref="VolumeServer"/> per volume. A child that fails is stopped; its volume
/// answers EIO
/// from then on. Calls: nobody.</remarks>
public sealed class VolumeRoot : ObjectActor
{
    private readonly VolumeSettings _settings;
    private VolumeFactory? _factory;

    /// <summary>The volumes of a node; see <see cref="Props"/>.</summary>
    public VolumeRoot(IpcPort ipc, VolumeSettings settings) : base(ipc) => _settings = settings;

    /// <summary>How to start it: /user/servers/volumes.</summary>
    public static Props Props(IpcPort ipc, VolumeSettings? settings = null) =>
        Akka.Actor.Props.Create(() => new VolumeRoot(ipc, settings ?? new VolumeSettings()));

    /// <inheritdoc/>
    protected override void Started()
    {
        _factory = Home.Adopt(new VolumeFactory(this));
        _factory.ExportFactory(VolumeContract.ContractId);
    }

    /// <inheritdoc/>
    protected override bool Other(object message)
    {
        switch (message)
        {
            case VolumeTurn done:
                _factory!.Finished(done);
                return true;
            case Terminated ended:
                _factory!.Ended(ended.ActorRef);
                return true;
            default:
                return false;
        }
    }

    private IActorRef StartChild(ulong number, string type, RamOptions options)
    {
        var name = $"volume-{number.ToString("x", CultureInfo.InvariantCulture)}";
        var props = VolumeServer.Props(Ipc, number, type, options, _settings);
        return Context.Watch(Context.ActorOf(props, name));
    }

    private static void StopChild(IActorRef child) => Context.Stop(child);

    /// <summary>The factory object.</summary>
    /// <remarks>Calls: nobody. On failure: the root stops, and the node's volumes with it.</remarks>
    private sealed class VolumeFactory(VolumeRoot root) : VolumeContract
    {
        private const int NumberBits = 16;

        // What the two have in Linux without mode=: 01777 and 0755.
        private const uint SharedMode = 0x3FF;
        private const uint CommonMode = 0x1ED;

        // Ordered, so that listings are.
        private readonly SortedDictionary<ulong, Child> _volumes = [];
        private readonly SortedSet<ulong> _failed = [];
        private uint _lastNumber;

        public override void Create(string type, string options, CallerIdentity caller, Reply<ulong> reply)
        {
            var settings = root._settings;
            if (!caller.Principal.IsAdministrator)
            {
                reply.Fail(Errno.EPERM);
                return;
            }
            if (type is not ("ramfs" or "tmpfs"))
            {
                reply.Fail(Errno.ENODEV);
                return;
            }
            var mode = type == "tmpfs" ? SharedMode : CommonMode;
            var defaults = new RamOptions(
                settings.BytesMax, settings.InodesMax, mode, 0, 0, IsReadOnly: false);
            var parsed = RamOptions.Parse(options, defaults);
            if (parsed.Failed)
            {
                reply.Fail(parsed.Errno);
                return;
            }
            var numbered = _volumes.Count + _failed.Count;
            if (_volumes.Count >= settings.VolumesMax || numbered >= (1 << NumberBits) - 1)
            {
                reply.Fail(Errno.ENOSPC);
                return;
            }
            var number = NextNumber();
            _volumes.Add(number, new Child(root.StartChild(number, type, parsed.Value)));
            reply.Ok(number);
        }

        public override void Enter(
            ulong volume, ulong mount, ulong inode, ulong ticket, CallerIdentity caller,
            Reply<ObjectHandle> reply) =>
            Give(volume, server => server.Enter(mount, inode, ticket, caller), reply);

        public override void Show(
            ulong volume, ulong mountVersion, MountView[] mounts, CoveredPlace[] covered, bool unlessUsed,
            Reply<Nothing> reply) =>
            Try(volume, server => server.Show(mountVersion, mounts, covered, unlessUsed), reply);

        public override void Relate(
            ulong volume, ulong[] above, ulong[] below, Reply<ReadOnlyMemory<byte>> reply) =>
            Give(volume, server => server.Relate(above, below), reply);

        public override void Remove(ulong volume, bool force, Reply<Nothing> reply) =>
            End(volume, server => server.TryEnd(force), reply);

        public override void Expire(ulong volume, ulong mount, Reply<Nothing> reply) =>
            Try(volume, server => server.Expire(mount), reply);

        public override void Remount(ulong volume, bool readOnly, string options, Reply<Nothing> reply)
        {
            var settings = root._settings;
            Try(
                volume, server => server.Remount(readOnly, options, settings.BytesMax, settings.InodesMax),
                reply);
        }

        private void Give<T>(ulong volume, Func<VolumeServer, Outcome<T>> gives, Reply<T> reply)
        {
            if (!Ask(new GiveTurn<T>(volume, gives, reply), out var errno)) reply.Fail(errno);
        }

        private void Try(ulong volume, Func<VolumeServer, Errno> tries, Reply<Nothing> reply)
        {
            var turn = new AskTurn(volume, tries, errno =>
            {
                if (errno != Errno.None) reply.Fail(errno);
                else reply.Ok();
            });
            if (!Ask(turn, out var errno)) reply.Fail(errno);
        }

        private void End(ulong volume, Func<VolumeServer, Errno> tries, Reply<Nothing> reply)
        {
            var turn = new AskTurn(volume, tries, errno =>
            {
                if (errno != Errno.None)
                {
                    reply.Fail(errno);
                    return;
                }
                if (_volumes.Remove(volume, out var child))
                {
                    StopChild(child.Actor);
                    foreach (var late in child.Asked) late.Finish(Errno.ESTALE);
                }
                reply.Ok();
            });
            if (_failed.Remove(volume)) reply.Ok();
            else if (!Ask(turn, out var errno)) reply.Fail(errno);
        }

        public override void List(Reply<VolumeInfo[]> reply)
        {
            var infos = new List<VolumeInfo>();
            var waiting = _volumes.Count;
            if (waiting == 0) reply.Ok([]);
            foreach (var volume in _volumes.Keys.ToArray())
            {
                var asked = Ask(new InfoTurn(volume, Heard), out _);
                if (!asked) Heard(null);
            }

            void Heard(VolumeInfo? info)
            {
                if (info is { } told) infos.Add(told);
                if (--waiting == 0) reply.Ok([.. infos.OrderBy(static one => one.Volume)]);
            }
        }

        /// <summary>A volume did what it was asked.</summary>
        public void Finished(VolumeTurn turn)
        {
            if (_volumes.TryGetValue(turn.Volume, out var child) && child.Asked.Remove(turn))
            {
                turn.Finish(Errno.None);
            }
        }

        /// <summary>A volume's actor stopped: by Remove, or because it failed.</summary>
        public void Ended(IActorRef actor)
        {
            foreach (var (number, child) in _volumes)
            {
                if (!child.Actor.Equals(actor)) continue;
                _volumes.Remove(number);
                _failed.Add(number);
                foreach (var turn in child.Asked) turn.Finish(Errno.EIO);
                return;
            }
        }

        private bool Ask(VolumeTurn turn, out Errno errno)
        {
            errno = _failed.Contains(turn.Volume) ? Errno.EIO : Errno.ESTALE;
            if (!_volumes.TryGetValue(turn.Volume, out var child)) return false;
            errno = Errno.Overloaded;
            if (child.Asked.Count >= ObjectHome.QueueMax) return false;
            child.Asked.AddLast(turn);
            child.Actor.Tell(turn, root.Self);
            return true;
        }

        /// <summary>The node's id, its incarnation and a count: no other volume of the cluster has it, and
        /// none had it for 65,535 volumes.</summary>
        private ulong NextNumber()
        {
            const uint numbers = (1u << NumberBits) - 1;
            var node = root.Ipc.Node;
            var life = (node.Incarnation & 0xFFFF) << NumberBits;
            ulong number;
            do
            {
                _lastNumber = (_lastNumber % numbers) + 1;
                number = ((ulong)node.Id << 32) | life | _lastNumber;
            }
            while (_volumes.ContainsKey(number) || _failed.Contains(number));
            return number;
        }
    }

    /// <summary>A volume and what it was asked and has not done yet, oldest first.</summary>
    private sealed record Child(IActorRef Actor)
    {
        public LinkedList<VolumeTurn> Asked { get; } = [];
    }
}
