namespace K42.Contracts.Kernel;

/// <summary>The character devices that every node has: null, zero, full, random, urandom (major 1).</summary>
[Contract(12, Factory = true)]
public abstract partial class DeviceContract : ServerObject
{
    /// <summary>Opens a device for the caller: an open file (<see cref="Servers.FileContract"/>).</summary>
    /// <param name="device">Linux's device number: major in bits 8 to 19, minor in bits 0 to 7.</param>
    /// <param name="flags">The flags of open(2).</param>
    /// <param name="status">The status of the device's inode, which fstat(2) gives.</param>
    /// <param name="caller">Whose handle it becomes.</param>
    /// <param name="reply">The handle; ENXIO when there is no such device, ENFILE when the node or the user
    /// has too many open, EMFILE when the process has too many handles.</param>
    [Call(1, Rights.None, Fails = [Errno.ENXIO, Errno.ENFILE, Errno.EMFILE])]
    public abstract void Open(
        ulong device, int flags, Servers.FileStatus status, [Caller] CallerIdentity caller,
        Reply<ObjectHandle> reply);
}
