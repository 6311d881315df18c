using System.Globalization;

using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;

namespace K42.Servers.Pipes;

/// <summary>The pipes of a node.</summary>
/// <remarks>Children: a fixed number of <see cref="PipeServer"/> actors that the pipes are dealt out to in
/// turn (the
/// README has the figures that speak against an actor for each). A child that fails is stopped and replaced;
/// holders
/// of its pipes see EIO. Calls: nobody.</remarks>
public sealed class PipeRoot : ObjectActor
{
    /// <summary>Pipes that a listing gives at most.</summary>
    internal const int ListedMax = 1_024;

    private readonly PipeSettings _settings;
    private readonly PipeUsage _usage;
    private PipeFactory? _factory;

    /// <summary>The pipes of a node; see <see cref="Props"/>.</summary>
    public PipeRoot(IpcPort ipc, PipeSettings settings) : base(ipc) =>
        (_settings, _usage) = (settings, new PipeUsage(settings));

    /// <summary>How to start it: /user/servers/pipes.</summary>
    public static Props Props(IpcPort ipc, PipeSettings? settings = null) =>
        Akka.Actor.Props.Create(() => new PipeRoot(ipc, settings ?? new PipeSettings()));

    /// <inheritdoc/>
    protected override void Started()
    {
        _factory = Home.Adopt(new PipeFactory(this));
        _factory.ExportFactory(PipeContract.ContractId);
    }

    /// <inheritdoc/>
    protected override bool Other(object message)
    {
        switch (message)
        {
            case PipeTurn done:
                _factory!.Finished(done, Sender);
                return true;
            case PipeEnded ended:
                _factory!.PipeEnded(ended.Uid, Sender);
                return true;
            case Terminated ended:
                _factory!.ChildEnded(ended.ActorRef);
                return true;
            default:
                return false;
        }
    }

    private IActorRef StartChild(long number, ulong device)
    {
        var name = $"pipes-{number.ToString(CultureInfo.InvariantCulture)}";
        return Context.Watch(Context.ActorOf(PipeServer.Props(Ipc, device, _usage), name));
    }

    /// <summary>The factory object.</summary>
    /// <remarks>Calls: nobody. On failure: the root stops, and its pipes with it.</remarks>
    private sealed class PipeFactory(PipeRoot root) : PipeContract
    {
        // Minor 14 of the unnamed devices, which no volume has: volumes carry their node above bit 32.
        private const ulong Device = 14;

        private readonly Share?[] _shares = new Share?[root._settings.Actors];
        private readonly Dictionary<uint, int> _byUser = [];
        private long _children;
        private ulong _lastInode;
        private int _pipes;

        public override void Create(int flags, CallerIdentity caller, Reply<PipeEnds> reply)
        {
            const int known = OpenFlags.O_NONBLOCK | OpenFlags.O_CLOEXEC | OpenFlags.O_DIRECT;
            var who = caller.Principal;
            var ofUser = _byUser.GetValueOrDefault(who.Uid);
            if ((flags & ~known) != 0)
            {
                reply.Fail(Errno.EINVAL);
                return;
            }
            var full = _pipes >= root._settings.PipesMax
                || (!who.IsRoot && ofUser >= root._settings.UserPipesMax);
            if (full)
            {
                reply.Fail(Errno.ENFILE);
                return;
            }
            if (!Home.HasRoomFor(caller))
            {
                reply.Fail(Errno.EMFILE);
                return;
            }
            var inode = ++_lastInode;
            var actor = (int)(inode % (ulong)_shares.Length);
            var share = _shares[actor] ??= new Share(root.StartChild(_children++, Device));
            _pipes++;
            _byUser[who.Uid] = ofUser + 1;
            share.ByUser[who.Uid] = share.ByUser.GetValueOrDefault(who.Uid) + 1;
            Ask(share, new CreateTurn(actor, inode, flags, caller, reply));
        }

        public override void List(Reply<PipeInfo[]> reply)
        {
            var infos = new List<PipeInfo>();
            var asked = Enumerable.Range(0, _shares.Length).Where(i => _shares[i] is not null).ToArray();
            var waiting = asked.Length;
            if (waiting == 0) reply.Ok([]);
            foreach (var actor in asked)
            {
                Ask(_shares[actor]!, new ListTurn(actor, heard =>
                {
                    infos.AddRange(heard);
                    if (--waiting == 0) reply.Ok([.. infos.OrderBy(static one => one.Inode).Take(ListedMax)]);
                }));
            }
        }

        /// <summary>An actor did what it was asked.</summary>
        public void Finished(PipeTurn turn, IActorRef by)
        {
            if (IsBy(_shares[turn.Actor], by) && _shares[turn.Actor]!.Asked.Remove(turn))
            {
                turn.Finish(Errno.None);
            }
        }

        /// <summary>Both ends of a pipe were closed.</summary>
        public void PipeEnded(uint uid, IActorRef by)
        {
            var share = Array.Find(_shares, one => IsBy(one, by));
            if (share is null) return;
            Less(share.ByUser, uid, 1);
            Forget(uid, 1);
        }

        /// <summary>An actor failed, and its pipes with it.</summary>
        public void ChildEnded(IActorRef child)
        {
            var actor = Array.FindIndex(_shares, one => IsBy(one, child));
            if (actor < 0) return;
            var share = _shares[actor]!;
            _shares[actor] = null;
            foreach (var uid in share.ByUser.Keys.Order().ToArray()) Forget(uid, share.ByUser[uid]);
            foreach (var turn in share.Asked) turn.Finish(Errno.EIO);
        }

        private static bool IsBy(Share? share, IActorRef actor) =>
            share is not null && share.Actor.Equals(actor);

        private void Ask(Share share, PipeTurn turn)
        {
            share.Asked.AddLast(turn);
            share.Actor.Tell(turn, root.Self);
        }

        private void Forget(uint uid, int count)
        {
            _pipes -= count;
            Less(_byUser, uid, count);
        }

        private static void Less(Dictionary<uint, int> counts, uint uid, int count)
        {
            var left = counts.GetValueOrDefault(uid) - count;
            if (left <= 0) counts.Remove(uid);
            else counts[uid] = left;
        }
    }

    /// <summary>One of the actors: what it was asked and has not done, oldest first, and whose pipes it
    /// has.</summary>
    private sealed record Share(IActorRef Actor)
    {
        public LinkedList<PipeTurn> Asked { get; } = [];

        public Dictionary<uint, int> ByUser { get; } = [];
    }
}
