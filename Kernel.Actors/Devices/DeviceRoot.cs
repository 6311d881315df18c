using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Servers;

namespace K42.Kernel.Devices;

/// <summary>The character devices of a node: null, zero, full, random, urandom.</summary>
/// <remarks>Children: none. Calls: nobody. On failure: stopped; open devices answer EIO.</remarks>
public sealed class DeviceRoot : ObjectActor
{
    private const ulong MemoryMajor = 1;

    /// <summary>Open devices of a node.</summary>
    public const int OpenMaxDefault = 1_048_576;

    private readonly int _openMax;

    /// <summary>The devices of a node; see <see cref="Props"/>.</summary>
    public DeviceRoot(IpcPort ipc, int openMax) : base(ipc) => _openMax = openMax;

    /// <summary>How to start it: /user/kernel/devices.</summary>
    /// <param name="openMax">Open devices; ENFILE beyond, and for a user other than root beyond half of
    /// them.</param>
    public static Props Props(IpcPort ipc, int openMax = OpenMaxDefault) =>
        Akka.Actor.Props.Create(() => new DeviceRoot(ipc, openMax));

    /// <inheritdoc/>
    protected override void Started() =>
        Home.Adopt(new DeviceFactory(this)).ExportFactory(DeviceContract.ContractId);

    /// <summary>The factory object.</summary>
    /// <remarks>Calls: nobody. On failure: see the root.</remarks>
    private sealed class DeviceFactory(DeviceRoot root) : DeviceContract
    {
        private readonly Dictionary<uint, int> _byUser = [];
        private int _open;

        public override void Open(
            ulong device, int flags, FileStatus status, CallerIdentity caller, Reply<ObjectHandle> reply)
        {
            var opened = Make(device, flags, status);
            if (opened is null)
            {
                reply.Fail(Errno.ENXIO);
                return;
            }
            var who = caller.Principal;
            var ofUser = _byUser.GetValueOrDefault(who.Uid);
            if (_open >= root._openMax || (!who.IsRoot && ofUser >= root._openMax / 2))
            {
                reply.Fail(Errno.ENFILE);
                return;
            }
            if (!Home.HasRoomFor(caller))
            {
                reply.Fail(Errno.EMFILE);
                return;
            }
            _open++;
            _byUser[who.Uid] = ofUser + 1;
            (opened.Closed, opened.Opener) = (Closed, who.Uid);
            var handle = Home.Adopt(opened).Export(caller.Pid, DeviceFile.RightsFor(flags));
            if (!reply.Ok(handle)) Closed(opened);
        }

        private void Closed(DeviceFile closed)
        {
            _open--;
            var left = _byUser.GetValueOrDefault(closed.Opener) - 1;
            if (left > 0) _byUser[closed.Opener] = left;
            else _byUser.Remove(closed.Opener);
            Home.Expel(closed);
        }

        /// <summary>The numbers of Linux's Documentation/admin-guide/devices.txt.</summary>
        private static DeviceFile? Make(ulong device, int flags, FileStatus status) => device switch
        {
            (MemoryMajor << 8) | 3 => new NullDevice(flags, status),
            (MemoryMajor << 8) | 5 => new ZeroDevice(flags, status),
            (MemoryMajor << 8) | 7 => new FullDevice(flags, status),
            (MemoryMajor << 8) | 8 or (MemoryMajor << 8) | 9 => new RandomDevice(flags, status),
            _ => null,
        };
    }
}
