using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Personality.Linux.Paths;

/// <summary>Calls that are one walk to one path.</summary>
internal static class PathCall
{
    /// <summary>Reads the path argument, walks it, and does at the end what is asked.</summary>
    /// <param name="directory">Where relative paths start: a descriptor, or AT_FDCWD.</param>
    /// <param name="index">Which argument is the path.</param>
    public static ValueTask<Outcome<WalkReply>> Walk(
        LinuxTask task, SyscallArgs args, int directory, int index, WalkRequest what)
    {
        var path = PathArgument.Path(args, index);
        return path.Failed ? new(path.Errno) : Walk(task, directory, path.Value, what);
    }

    /// <summary>Walks a path, and does at the end what is asked.</summary>
    public static async ValueTask<Outcome<WalkReply>> Walk(
        LinuxTask task, int directory, ByteText path, WalkRequest what)
    {
        var begun = await PathCursor.Begin(task, directory, path);
        if (begun.Failed) return begun.Errno;
        using var cursor = begun.Value;
        return await cursor.Walk(what);
    }

    /// <summary>The same, when only success counts.</summary>
    public static async ValueTask<SysResult> Do(
        LinuxTask task, SyscallArgs args, int directory, int index, WalkRequest what) =>
        (await Walk(task, args, directory, index, what)).Done();

    /// <summary>A directory to start at or to stay in, with a use for the caller to end.</summary>
    public static async ValueTask<Outcome<DirectoryRef>> Directory(
        LinuxTask task, int directory, ByteText path)
    {
        var begun = await PathCursor.Begin(task, directory, path);
        if (begun.Failed) return begun.Errno;
        using var cursor = begun.Value;
        var what = new WalkRequest { Intent = WalkIntent.Directory, FollowLast = true };
        var reply = await cursor.Walk(what);
        return reply.Failed ? reply.Errno : new DirectoryRef(task.Context, reply.Value.Handle, cursor.Mount);
    }
}
