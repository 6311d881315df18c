using K42.Linux.V1;

namespace K42.Client;

/// <summary>Whole files and directories of K42, in one statement each. Names as in
/// <see cref="File"/>.</summary>
/// <remarks>Every method throws <see cref="K42Exception"/> with the errno of the call that failed.</remarks>
public static class K42File
{
    private const uint TypeMask = 0xf000;
    private const uint Directory = 0x4000;
    private const int SmallBytes = 64 * 1024;

    /// <summary>Opens a file as a stream.</summary>
    /// <param name="flags"><see cref="OpenFlags"/>.</param>
    public static Task<K42Stream> OpenAsync(
        K42Task task, string path, int flags = OpenFlags.ReadOnly,
        CancellationToken cancellation = default) =>
        K42Stream.OpenAsync(task, path, flags, cancellation: cancellation);

    /// <summary>All bytes of a file. A small one is a single round trip.</summary>
    public static async Task<byte[]> ReadAllBytesAsync(
        K42Task task, string path, CancellationToken cancellation = default)
    {
        var batch = task.NewBatch();
        var open = batch.Add(SystemCalls.Open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec));
        var read = batch.Then(SystemCalls.Pread64(0, SmallBytes, 0)).Using(open);
        batch.Post();
        var opened = await open.Completion.ConfigureAwait(false);
        if (opened.Errno != 0) throw new K42Exception((Errno)opened.Errno, "open", path, opened.Skipped);
        var fd = (int)opened.Result;
        var first = await read.Completion.ConfigureAwait(false);
        if (first.Errno == 0 && first.Data.Length < SmallBytes)
        {
            _ = task.CallAsync(SystemCalls.Close(fd), CancellationToken.None);
            return first.Data.ToByteArray();
        }
        await using var stream = await K42Stream.OverAsync(task, fd, OpenFlags.ReadOnly, true, cancellation)
            .ConfigureAwait(false);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, cancellation).ConfigureAwait(false);
        return all.ToArray();
    }

    /// <summary>Makes a file of these bytes, or replaces its contents.</summary>
    /// <param name="mode">Permission bits of a new file.</param>
    public static async Task WriteAllBytesAsync(K42Task task, string path, ReadOnlyMemory<byte> bytes,
        uint mode = 0x1b6, CancellationToken cancellation = default)
    {
        var flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate | OpenFlags.CloseOnExec;
        if (bytes.Length <= SmallBytes)
        {
            var batch = task.NewBatch();
            var open = batch.Add(SystemCalls.Open(path, flags, mode));
            var write = batch.Then(SystemCalls.Write(0, bytes)).Using(open);
            // Linked: beside a write that has not begun, it would close the descriptor before it.
            var close = batch.Then(SystemCalls.Close(0)).Using(open);
            await batch.SendAsync().ConfigureAwait(false);
            Check(await open, "open", path);
            if ((await write).Errno != 0)
                _ = task.CallAsync(SystemCalls.Close((int)(await open).Result), CancellationToken.None);
            Check(await write, "write", path);
            Check(await close, "close", path);
            if (write.Completion.Result.Result == bytes.Length) return;
            throw new K42Exception(Errno.ENOSPC, "write", path);
        }
        await using var stream = await K42Stream.OpenAsync(task, path, flags, mode, cancellation)
            .ConfigureAwait(false);
        await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Copies a file within K42, with its permission bits.</summary>
    public static async Task CopyAsync(
        K42Task task, string source, string target, CancellationToken cancellation = default)
    {
        await using var from =
            await OpenAsync(task, source, OpenFlags.ReadOnly, cancellation).ConfigureAwait(false);
        var mode = (await task.StatAsync(from.Descriptor, cancellation).ConfigureAwait(false)).Mode & 0xfff;
        var flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate;
        await using var to =
            await K42Stream.OpenAsync(task, target, flags, mode, cancellation).ConfigureAwait(false);
        await from.CopyToAsync(to, cancellation).ConfigureAwait(false);
        await to.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>The names in a directory, without . and .., as the volume orders them.</summary>
    public static async IAsyncEnumerable<DirectoryEntry> EnumerateAsync(K42Task task, string path,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var flags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec;
        var fd = await task.OpenAsync(path, flags, 0, cancellation).ConfigureAwait(false);
        try
        {
            while (true)
            {
                var entries = await task.ReadDirectoryAsync(fd, cancellation).ConfigureAwait(false);
                if (entries.Count == 0) yield break;
                foreach (var entry in entries)
                {
                    if (entry.Text is not ("." or "..")) yield return entry;
                }
            }
        }
        finally
        {
            await task.CallAsync(SystemCalls.Close(fd), CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>stat(2).</summary>
    public static Task<Stat> StatAsync(K42Task task, string path, CancellationToken cancellation = default) =>
        task.StatAsync(path, cancellation);

    /// <summary>Whether there is something at a path that can be reached.</summary>
    public static async Task<bool> ExistsAsync(
        K42Task task, string path, CancellationToken cancellation = default) =>
        (await task.CallAsync(SystemCalls.Access(path, 0), cancellation).ConfigureAwait(false)).Errno == 0;

    /// <summary>Makes a directory and those above it that are missing.</summary>
    public static async Task MakeDirectoriesAsync(
        K42Task task, string path, uint mode = 0x1ff, CancellationToken cancellation = default)
    {
        var made = await task.CallAsync(SystemCalls.Mkdir(path, mode), cancellation).ConfigureAwait(false);
        var parent = path.TrimEnd('/').LastIndexOf('/') is var at and > 0 ? path[..at] : null;
        if (made.Errno == (int)Errno.ENOENT && parent != null)
        {
            await MakeDirectoriesAsync(task, parent, mode, cancellation).ConfigureAwait(false);
            made = await task.CallAsync(SystemCalls.Mkdir(path, mode), cancellation).ConfigureAwait(false);
        }
        if (made.Errno != (int)Errno.EEXIST) Check(made, "mkdir", path);
        else if (((await task.StatAsync(path, cancellation)
            .ConfigureAwait(false)).Mode & TypeMask) != Directory)
            throw new K42Exception(Errno.EEXIST, "mkdir", path);
    }

    /// <summary>Makes one directory.</summary>
    public static Task MakeDirectoryAsync(
        K42Task task, string path, uint mode = 0x1ff, CancellationToken cancellation = default) =>
        task.MakeDirectoryAsync(path, mode, cancellation);

    /// <summary>Removes a file, or, when asked, a directory with all that is in it.</summary>
    public static async Task DeleteAsync(
        K42Task task, string path, bool recursive = false, CancellationToken cancellation = default)
    {
        var status = await task.LinkStatAsync(path, cancellation).ConfigureAwait(false);
        if ((status.Mode & TypeMask) != Directory)
        {
            await task.UnlinkAsync(path, cancellation).ConfigureAwait(false);
            return;
        }
        if (recursive)
        {
            var names = new List<string>();
            await foreach (var entry in EnumerateAsync(task, path, cancellation).ConfigureAwait(false))
                names.Add(entry.Text);
            foreach (var name in names)
                await DeleteAsync(task, $"{path.TrimEnd('/')}/{name}", true, cancellation)
                    .ConfigureAwait(false);
        }
        await task.RemoveDirectoryAsync(path, cancellation).ConfigureAwait(false);
    }

    /// <summary>rename(2).</summary>
    public static Task RenameAsync(
        K42Task task, string oldPath, string newPath, CancellationToken cancellation = default) =>
        task.RenameAsync(oldPath, newPath, cancellation);

    private static void Check(Completion completion, string call, string path)
    {
        if (completion.Errno != 0)
            throw new K42Exception((Errno)completion.Errno, call, path, completion.Skipped);
    }
}
