using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Calls;

/// <summary>read(2), write(2), pread(2), readv(2), lseek(2) and their kin.</summary>
internal static class ReadWrite
{
    private const int SeekMax = 4;

    /// <summary>read(2).</summary>
    public static async ValueTask<SysResult> Read(LinuxTask task, SyscallArgs args)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || !file.CanRead) return Errno.EBADF;
        var buffer = UserBuffer.Range(args.Memory, args.Address(1), args.Long(2), forWriting: true);
        if (buffer.Failed) return buffer.Errno;
        return await Transfer.Read(task, file, buffer.Value, FileContract.SharedOffset, args.Interrupted);
    }

    /// <summary>write(2).</summary>
    public static async ValueTask<SysResult> Write(LinuxTask task, SyscallArgs args)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || !file.CanWrite) return Errno.EBADF;
        var buffer = UserBuffer.Range(args.Memory, args.Address(1), args.Long(2), forWriting: false);
        if (buffer.Failed) return buffer.Errno;
        return await Transfer.Write(task, file, buffer.Value, FileContract.SharedOffset, args.Interrupted);
    }

    /// <summary>pread(2).</summary>
    public static async ValueTask<SysResult> Pread(LinuxTask task, SyscallArgs args)
    {
        var offset = args.Long(3);
        if (offset < 0) return Errno.EINVAL;
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        if (!file.CanRead) return await NotOpenFor(task, file);
        var buffer = UserBuffer.Range(args.Memory, args.Address(1), args.Long(2), forWriting: true);
        if (buffer.Failed) return buffer.Errno;
        return await Transfer.Read(task, file, buffer.Value, offset, args.Interrupted);
    }

    /// <summary>pwrite(2).</summary>
    public static async ValueTask<SysResult> Pwrite(LinuxTask task, SyscallArgs args)
    {
        var offset = args.Long(3);
        if (offset < 0) return Errno.EINVAL;
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        if (!file.CanWrite) return await NotOpenFor(task, file);
        var buffer = UserBuffer.Range(args.Memory, args.Address(1), args.Long(2), forWriting: false);
        if (buffer.Failed) return buffer.Errno;
        return await Transfer.Write(task, file, buffer.Value, offset, args.Interrupted);
    }

    /// <summary>readv(2).</summary>
    public static ValueTask<SysResult> Readv(LinuxTask task, SyscallArgs args) =>
        ReadRanges(task, args, FileContract.SharedOffset);

    /// <summary>writev(2).</summary>
    public static ValueTask<SysResult> Writev(LinuxTask task, SyscallArgs args) =>
        WriteRanges(task, args, FileContract.SharedOffset);

    /// <summary>preadv(2).</summary>
    public static ValueTask<SysResult> Preadv(LinuxTask task, SyscallArgs args) =>
        args.Long(3) < 0 ? new(Errno.EINVAL) : ReadRanges(task, args, args.Long(3));

    /// <summary>pwritev(2).</summary>
    public static ValueTask<SysResult> Pwritev(LinuxTask task, SyscallArgs args) =>
        args.Long(3) < 0 ? new(Errno.EINVAL) : WriteRanges(task, args, args.Long(3));

    /// <summary>lseek(2).</summary>
    public static async ValueTask<SysResult> Lseek(LinuxTask task, SyscallArgs args)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        if (args.UInt(2) > SeekMax) return Errno.EINVAL;
        var offset = await task.Patient(
            (file.Client, Offset: args.Long(1), Whence: args.Int(2)),
            static ask => ask.Client.Seek(ask.Offset, ask.Whence));
        return offset.Failed ? offset.Errno : offset.Value;
    }

    private static async ValueTask<SysResult> ReadRanges(LinuxTask task, SyscallArgs args, long offset)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        var positioned = offset != FileContract.SharedOffset;
        if (positioned && await IsPipe(task, file)) return Errno.ESPIPE;
        if (!file.CanRead) return Errno.EBADF;
        var buffer = UserBuffer.Ranges(args.Memory, args.Address(1), args.Long(2), forWriting: true);
        if (buffer.Failed) return buffer.Errno;
        if (buffer.Value.Asked == 0) return 0;
        return await Transfer.Read(task, file, buffer.Value, offset, args.Interrupted);
    }

    private static async ValueTask<SysResult> WriteRanges(LinuxTask task, SyscallArgs args, long offset)
    {
        using var file = task.Files.Hold(args.Int(0));
        if (file is null || file.IsPathOnly) return Errno.EBADF;
        var positioned = offset != FileContract.SharedOffset;
        if (positioned && await IsPipe(task, file)) return Errno.ESPIPE;
        if (!file.CanWrite) return Errno.EBADF;
        var buffer = UserBuffer.Ranges(args.Memory, args.Address(1), args.Long(2), forWriting: false);
        if (buffer.Failed) return buffer.Errno;
        if (buffer.Value.Asked == 0) return 0;
        return await Transfer.Write(task, file, buffer.Value, offset, args.Interrupted);
    }

    // Linux asks whether a file has offsets before it asks how it was opened.
    private static async ValueTask<SysResult> NotOpenFor(LinuxTask task, OpenFile file) =>
        await IsPipe(task, file) ? Errno.ESPIPE : Errno.EBADF;

    private static async ValueTask<bool> IsPipe(LinuxTask task, OpenFile file) =>
        await file.KnowType(task) is Abi.FileMode.S_IFIFO or Abi.FileMode.S_IFSOCK;
}
