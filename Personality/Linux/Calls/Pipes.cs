using System.Buffers.Binary;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;

namespace K42.Personality.Linux.Calls;

/// <summary>pipe(2).</summary>
internal static class Pipes
{
    private const int NotificationPipe = OpenFlag.O_EXCL;

    /// <summary>pipe(2).</summary>
    public static ValueTask<SysResult> Pipe(LinuxTask task, SyscallArgs args) => Create(task, args, 0);

    /// <summary>pipe2(2).</summary>
    public static ValueTask<SysResult> Pipe2(LinuxTask task, SyscallArgs args) =>
        Create(task, args, args.Int(1));

    private static async ValueTask<SysResult> Create(LinuxTask task, SyscallArgs args, int flags)
    {
        const int known = OpenFlag.O_CLOEXEC | OpenFlag.O_NONBLOCK | OpenFlag.O_DIRECT | NotificationPipe;
        if ((flags & ~known) != 0) return Errno.EINVAL;
        // As a Linux without watch queues (pipe2(2)).
        if ((flags & NotificationPipe) != 0) return Errno.ENOPKG;
        var pipes = PipeClient.On(task.Context, task.System.Host.Node);
        var ends = await task.Patient(
            (pipes, Flags: flags & ~OpenFlag.O_CLOEXEC),
            static ask => ask.pipes.Create(ask.Flags));
        if (ends.Failed) return ends.Errno;
        var reader = Open(task, ends.Value.Reader, OpenFlag.O_RDONLY);
        var writer = Open(task, ends.Value.Writer, OpenFlag.O_WRONLY);
        var first = Descriptors.Install(task, reader, flags);
        if (first.Failed)
        {
            writer.Dispose();
            return first;
        }
        var second = Descriptors.Install(task, writer, flags);
        if (!second.Failed && Give(args, (int)first.Raw, (int)second.Raw)) return 0;
        task.Files.Take((int)first.Raw)?.Dispose();
        if (second.Failed) return second;
        task.Files.Take((int)second.Raw)?.Dispose();
        return Errno.EFAULT;
    }

    private static OpenFile Open(LinuxTask task, ObjectHandle handle, int flags) =>
        new(task.Context, handle, flags, 0) { Type = Abi.FileMode.S_IFIFO };

    private static bool Give(SyscallArgs args, int reader, int writer)
    {
        var pair = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(pair, reader);
        BinaryPrimitives.WriteInt32LittleEndian(pair.AsSpan(4), writer);
        return args.Memory.TryWrite(args.Address(0), pair.AsMemory());
    }
}
