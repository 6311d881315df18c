using K42.Contracts;

namespace K42.Personality.Linux.Paths;

/// <summary>The way from the root to a directory: getcwd(2).</summary>
internal static class AbsolutePath
{
    private const int MountsMax = 256;

    /// <summary>The path, beginning with a slash. ENOENT when the directory was removed.</summary>
    public static async ValueTask<Outcome<ByteText>> Of(LinuxTask task, DirectoryRef directory)
    {
        var mounts = await task.System.Mounts.Current(task);
        if (mounts.Failed) return mounts.Errno;
        ByteText path = default;
        var at = directory.Hold();
        try
        {
            for (var depth = 0; depth < MountsMax; depth++)
            {
                var part = await task.Patient(at.Client, static client => client.PathOf());
                // It was moved out of what the mount shows.
                if (part.Errno == Errno.ESTALE) return (ByteText)"(unreachable)/";
                if (part.Failed) return part.Errno;
                path = Join(part.Value.Path, path);
                var mount = mounts.Value.Of(at.Mount);
                if (mount is null) return ByteText.Concat("(unreachable)/"u8, path.Span);
                if (mount.Value.OnMount == 0) return ByteText.Concat("/"u8, path.Span);
                var outer = mounts.Value.Of(mount.Value.OnMount);
                if (outer is null) return ByteText.Concat("(unreachable)/"u8, path.Span);
                var covered = await task.Enter(outer.Value, mount.Value.OnInode, part.Value.UpTicket);
                if (covered.Errno == Errno.Refresh)
                {
                    // The mounts on the way have changed.
                    var newer = await task.System.Mounts.Newer(mounts.Value.Version, task);
                    return newer.Failed ? newer.Errno : await Of(task, directory);
                }
                if (covered.Failed) return covered.Errno;
                at.Dispose();
                at = covered.Value;
            }
            return Errno.ELOOP;
        }
        finally
        {
            at.Dispose();
        }
    }

    private static ByteText Join(ByteText above, ByteText below)
    {
        if (above.IsEmpty) return below;
        return below.IsEmpty ? above : ByteText.Concat(above.Span, "/"u8, below.Span);
    }
}
