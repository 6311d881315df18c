using Akka.Actor;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Servers;
using K42.Locks;

namespace K42.Kernel.Devices;

/// <summary>The character devices of a node: null, zero, full, random, urandom.</summary>
/// <remarks>Children: none. Calls: nobody. On failure: stopped; open devices answer EIO.</remarks>
public sealed class DeviceRoot : ObjectActor
{
    private const ulong MemoryMajor = 1;

    /// <summary>The devices of a node; see <see cref="Props"/>.</summary>
    public DeviceRoot(IpcPort ipc) : base(ipc)
    {
    }

    /// <summary>How to start it: /user/kernel/devices.</summary>
    public static Props Props(IpcPort ipc) => Akka.Actor.Props.Create(() => new DeviceRoot(ipc));

    /// <inheritdoc/>
    protected override void Started() =>
        Home.Adopt(new DeviceFactory()).ExportFactory(DeviceContract.ContractId);

    /// <summary>The factory object.</summary>
    /// <remarks>Calls: nobody. On failure: see the root.</remarks>
    private sealed class DeviceFactory : DeviceContract
    {
        /// <summary>Open devices of the node; ENFILE beyond.</summary>
        private const int OpenMax = 1_048_576;

        // By device node, but of this node of the cluster only: see the README.
        private readonly LockTable _locks = new(new LockLimits());
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
            if (_open >= OpenMax)
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
            (opened.Closed, opened.NodeLocks) = (Closed, _locks);
            var handle = Home.Adopt(opened).Export(caller.Pid, DeviceFile.RightsFor(flags));
            if (!reply.Ok(handle)) Closed(opened);
        }

        private void Closed(DeviceFile closed)
        {
            _open--;
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
