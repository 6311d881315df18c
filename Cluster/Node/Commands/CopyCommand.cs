using System.Diagnostics;
using System.Globalization;

using K42.Client;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary>cp [-r] SRC DST, between this machine and the cluster, in either direction or within.</summary>
/// <param name="session">Where K42 paths are.</param>
/// <param name="progress">Told of files and bytes copied so far; null for silence.</param>
internal sealed class CopyCommand(K42Session session, Action<long, long>? progress)
{
    private const int PieceBytes = 1_048_576;
    private const int FilesAtOnce = 32;

    private readonly SemaphoreSlim _turns = new(FilesAtOnce);
    private long _files;
    private long _bytes;

    /// <summary>Files and bytes copied.</summary>
    public (long Files, long Bytes) Copied => (Interlocked.Read(ref _files), Interlocked.Read(ref _bytes));

    /// <summary>Copies.</summary>
    public async Task RunAsync(K42Path from, K42Path to, bool recursive, CancellationToken cancel)
    {
        if (from.IsStandard || to.IsStandard)
        {
            await CopyStreamAsync(from, to, cancel).ConfigureAwait(false);
            return;
        }
        var target = await IsDirectoryAsync(to).ConfigureAwait(false) ? to.Below(from.Name) : to;
        if (!await IsDirectoryAsync(from).ConfigureAwait(false)) await CopyFileAsync(from, target, cancel)
            .ConfigureAwait(false);
        else if (recursive) await CopyTreeAsync(from, target, cancel).ConfigureAwait(false);
        else throw new UserException($"{from} is a directory: add -r to copy it and what is in it.");
    }

    /// <summary>Copies a directory and what is in it; files of many directories at once, pipelined.</summary>
    public async Task CopyTreeAsync(K42Path from, K42Path to, CancellationToken cancel)
    {
        await MakeDirectoryAsync(to).ConfigureAwait(false);
        var below = new List<Task>();
        foreach (var (name, kind, target) in await EntriesAsync(from).ConfigureAwait(false))
        {
            cancel.ThrowIfCancellationRequested();
            if (kind == EntryKind.Directory)
                await CopyTreeAsync(from.Below(name), to.Below(name), cancel).ConfigureAwait(false);
            else if (kind == EntryKind.Link) await LinkAsync(target, to.Below(name)).ConfigureAwait(false);
            else if (kind == EntryKind.File)
            {
                await _turns.WaitAsync(cancel).ConfigureAwait(false);
                below.Add(InTurnAsync(from.Below(name), to.Below(name), cancel));
            }
        }
        await Task.WhenAll(below).ConfigureAwait(false);
    }

    private async Task InTurnAsync(K42Path from, K42Path to, CancellationToken cancel)
    {
        try
        {
            await CopyFileAsync(from, to, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task CopyStreamAsync(K42Path from, K42Path to, CancellationToken cancel)
    {
        await using var source = await ReaderAsync(from).ConfigureAwait(false);
        await using var target = await WriterAsync(to).ConfigureAwait(false);
        await source.CopyToAsync(target, PieceBytes, cancel).ConfigureAwait(false);
    }

    /// <summary>Copies one file to exactly that name.</summary>
    public async Task CopyFileAsync(K42Path from, K42Path to, CancellationToken cancel)
    {
        long bytes;
        if (!from.IsRemote && to.IsRemote) bytes = await UploadAsync(from.Text, to.Text, cancel)
            .ConfigureAwait(false);
        else
        {
            await using var source = await ReaderAsync(from).ConfigureAwait(false);
            await using var target = await WriterAsync(to).ConfigureAwait(false);
            await source.CopyToAsync(target, PieceBytes, cancel).ConfigureAwait(false);
            bytes = target.CanSeek ? target.Position : 0;
        }
        progress?.Invoke(Interlocked.Increment(ref _files), Interlocked.Add(ref _bytes, bytes));
    }

    // One batch per piece: open, write and close of a small file are one round trip.
    private async Task<long> UploadAsync(string from, string to, CancellationToken cancel)
    {
        await using var source = new FileStream(
            from, FileMode.Open, FileAccess.Read, FileShare.Read, 0,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        var mode = (uint)File.GetUnixFileMode(from) & 0x1FF;
        var size = source.Length;
        const int flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate;
        if (size <= PieceBytes)
        {
            var data = new byte[size];
            await source.ReadExactlyAsync(data, cancel).ConfigureAwait(false);
            var batch = session.NewBatch();
            var open = batch.Add(SystemCalls.Open(to, flags, mode));
            var write = size > 0 ? batch.Then(SystemCalls.Write(0, data)).Using(open) : null;
            var close = batch.Then(SystemCalls.Close(0)).Using(open);
            var done = await batch.SendAsync().ConfigureAwait(false);
            foreach (var completion in done)
            {
                if (completion.Errno != 0) throw new K42Exception((Errno)completion.Errno, "cp", to);
            }
            if (write is not null && (await write).Result != size) throw new IOException(
                $"k42:{to} took only a part of {size} bytes.");
            await close;
            return size;
        }
        var fd = await session.Main.OpenAsync(to, flags, mode, cancel).ConfigureAwait(false);
        var pending = new Queue<Task>();
        for (long offset = 0; offset < size; offset += PieceBytes)
        {
            var piece = new byte[Math.Min(PieceBytes, size - offset)];
            await source.ReadExactlyAsync(piece, cancel).ConfigureAwait(false);
            pending.Enqueue(WriteAllAsync(fd, piece, offset, cancel));
            if (pending.Count >= 4) await pending.Dequeue().ConfigureAwait(false);
        }
        await Task.WhenAll(pending).ConfigureAwait(false);
        await session.Main.CloseAsync(fd).ConfigureAwait(false);
        return size;
    }

    private async Task WriteAllAsync(
        int fd, ReadOnlyMemory<byte> piece, long offset, CancellationToken cancel)
    {
        while (!piece.IsEmpty)
        {
            var taken = await session.Main.WriteAtAsync(fd, piece, offset, cancel).ConfigureAwait(false);
            piece = piece[taken..];
            offset += taken;
        }
    }

    private async Task<Stream> ReaderAsync(K42Path path)
    {
        if (path.IsStandard) return Console.OpenStandardInput();
        if (!path.IsRemote) return File.OpenRead(Local(path.Text));
        return await K42File.OpenAsync(session.Main, path.Text).ConfigureAwait(false);
    }

    private async Task<Stream> WriterAsync(K42Path path)
    {
        if (path.IsStandard) return Console.OpenStandardOutput();
        if (!path.IsRemote) return File.Create(Local(path.Text));
        const int flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate;
        return await K42File.OpenAsync(session.Main, path.Text, flags).ConfigureAwait(false);
    }

    private async Task<bool> IsDirectoryAsync(K42Path path)
    {
        if (!path.IsRemote) return Directory.Exists(path.Text);
        try
        {
            return FileCommands.IsDirectory(await session.Main.StatAsync(path.Text).ConfigureAwait(false));
        }
        catch (K42Exception e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    private async Task MakeDirectoryAsync(K42Path path)
    {
        if (!path.IsRemote) Directory.CreateDirectory(Local(path.Text));
        else if (!await IsDirectoryAsync(path).ConfigureAwait(false))
            await session.Main.MakeDirectoryAsync(path.Text).ConfigureAwait(false);
    }

    private async Task LinkAsync(string target, K42Path at)
    {
        if (at.IsRemote) await session.Main.SymlinkAsync(target, at.Text).ConfigureAwait(false);
        else File.CreateSymbolicLink(Local(at.Text), Local(target));
    }

    private async Task<IReadOnlyList<(string Name, EntryKind Kind, string Target)>> EntriesAsync(K42Path path)
    {
        var entries = new List<(string, EntryKind, string)>();
        if (!path.IsRemote)
        {
            foreach (var info in new DirectoryInfo(path.Text).EnumerateFileSystemInfos()
                .OrderBy(info => info.Name, StringComparer.Ordinal))
            {
                var kind = info.LinkTarget is not null ? EntryKind.Link
                    : info is DirectoryInfo ? EntryKind.Directory
                    : (info.Attributes & FileAttributes.Device) != 0 ? EntryKind.Other : EntryKind.File;
                entries.Add((info.Name, kind, info.LinkTarget ?? ""));
            }
            return entries;
        }
        await foreach (var entry in K42File.EnumerateAsync(session.Main, path.Text).ConfigureAwait(false))
        {
            var kind = entry.Type switch { 4 => EntryKind.Directory, 10 => EntryKind.Link, 8 =>
                EntryKind.File, _ => EntryKind.Other };
            var target = kind == EntryKind.Link
                ? await session.Main.ReadLinkAsync(path.Below(entry.Text).Text).ConfigureAwait(false) : "";
            entries.Add((entry.Text, kind, target));
        }
        return entries;
    }

    // .NET would write another name than the one asked for.
    private static string Local(string path) => K42Text.IsUtf8(path)
        ? path
        : throw new UserException($"{K42Text.Show(path)} is not UTF-8: give a local name that is.");

    private enum EntryKind
    {
        File,
        Directory,
        Link,
        Other,
    }
}

/// <summary>A line on standard error that tells how far a long copy has come.</summary>
internal sealed class CopyProgress
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Lock _lock = new();
    private long _nextMs = 500;

    /// <summary>Says it at most four times a second.</summary>
    public void Report(long files, long bytes)
    {
        lock (_lock)
        {
            if (_watch.ElapsedMilliseconds < _nextMs) return;
            _nextMs = _watch.ElapsedMilliseconds + 250;
        }
        Console.Error.Write(string.Create(
            CultureInfo.InvariantCulture, $"\r{files} files, {bytes / 1_000_000.0:0.0} MB, {bytes / 1_000.0 / _watch.ElapsedMilliseconds:0.0} MB/s "));
    }

    /// <summary>Ends the line, if there was one.</summary>
    public void End()
    {
        if (_nextMs > 500) Console.Error.WriteLine();
    }
}
