using System.Diagnostics;
using System.Globalization;
using System.Text;

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
    private const int WriteFlags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate;
    private const uint FileType = 0x8000, DirectoryType = 0x4000, LinkType = 0xA000; // inode(7)
    private const uint OwnerAll = 0x1C0; // whoever copies must be able to fill the directory

    private readonly SemaphoreSlim _turns = new(FilesAtOnce);
    private long _files;
    private long _bytes;
    private volatile bool _failed;
    private volatile K42SessionEndedException? _ended;

    /// <summary>Files and bytes copied.</summary>
    public (long Files, long Bytes) Copied => (Interlocked.Read(ref _files), Interlocked.Read(ref _bytes));

    /// <summary>Copies; gives the exit code: 1 when something of a tree could not be copied or was left out,
    /// which standard error tells.</summary>
    /// <exception cref="UserException">What was asked for makes no sense.</exception>
    public async Task<int> RunAsync(K42Path from, K42Path to, bool recursive, CancellationToken cancel)
    {
        if (from.IsStandard || to.IsStandard)
        {
            await CopyStreamAsync(from, to, cancel).ConfigureAwait(false);
            return 0;
        }
        var target = await IsDirectoryAsync(to).ConfigureAwait(false) ? to.Below(from.Name) : to;
        if (!await IsDirectoryAsync(from).ConfigureAwait(false))
        {
            await CopyFileAsync(from, target, cancel).ConfigureAwait(false);
            return 0;
        }
        if (!recursive)
            throw new UserException($"{from} is a directory: add -r to copy it and what is in it.");
        if (await IsWithinAsync(target, from).ConfigureAwait(false))
            throw new UserException($"{from} can't be copied into itself, to {target}.");
        await CopyTreeAsync(from, target, cancel).ConfigureAwait(false);
        return _failed ? 1 : 0;
    }

    // One end of the session is enough to know.
    private void ThrowIfOver(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (_ended is { } ended) throw ended;
    }

    // Files of many directories at once, pipelined.
    private async Task CopyTreeAsync(K42Path from, K42Path to, CancellationToken cancel)
    {
        var mode = (await StatusAsync(from, follow: true).ConfigureAwait(false))?.Permissions ?? OwnerAll;
        await MakeDirectoryAsync(to, mode | OwnerAll).ConfigureAwait(false);
        var below = new List<Task>();
        try
        {
            foreach (var (name, type, link) in await EntriesAsync(from).ConfigureAwait(false))
            {
                ThrowIfOver(cancel);
                var (source, target) = (from.Below(name), to.Below(name));
                if (type == DirectoryType)
                    await TryAsync(CopyTreeAsync(source, target, cancel), cancel).ConfigureAwait(false);
                else if (type == LinkType)
                    await TryAsync(LinkAsync(link, target), cancel).ConfigureAwait(false);
                else if (type == 0 && !source.IsRemote) Tell(name.Contains((char)Rune.ReplacementChar.Value)
                    ? $"{source} is not UTF-8: left out, since only a local name that is can be copied."
                    : $"{source} is no longer there: left out.");
                else if (type != FileType) Tell($"{source} is no file, directory or link: left out.");
                else
                {
                    await _turns.WaitAsync(cancel).ConfigureAwait(false);
                    below.Add(TryAsync(InTurnAsync(source, target, cancel), cancel));
                }
            }
        }
        finally
        {
            await Task.WhenAll(below).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(below).ConfigureAwait(false);
    }

    // What fails by itself does not keep the rest from being copied.
    private async Task TryAsync(Task copy, CancellationToken cancel)
    {
        try
        {
            await copy.ConfigureAwait(false);
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            // However it was interrupted.
            throw new OperationCanceledException(cancel);
        }
        catch (K42SessionEndedException e)
        {
            _ended = e;
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserException)
        {
            if (e is K42Exception) await RequireSessionAsync().ConfigureAwait(false);
            Tell(e.Message);
        }
    }

    // Calls of a process that has just been killed fail in many ways; this one fails in no other case.
    private async Task RequireSessionAsync()
    {
        try
        {
            await session.Main.StatAsync("/").ConfigureAwait(false);
        }
        catch (Exception e) when (e is K42Exception or K42SessionEndedException)
        {
            _ended ??= e as K42SessionEndedException
                ?? new K42SessionEndedException("The session's process has ended.", wasLost: false, e);
            throw _ended;
        }
    }

    private void Tell(string trouble)
    {
        _failed = true;
        Console.Error.WriteLine(Failure.Plain(trouble));
    }

    private async Task InTurnAsync(K42Path from, K42Path to, CancellationToken cancel)
    {
        try
        {
            ThrowIfOver(cancel);
            await CopyFileAsync(from, to, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task CopyStreamAsync(K42Path from, K42Path to, CancellationToken cancel)
    {
        var (source, mode) = await ReaderAsync(from).ConfigureAwait(false);
        await using var _ = source.ConfigureAwait(false);
        await using var target = await WriterAsync(to, mode).ConfigureAwait(false);
        await source.CopyToAsync(target, PieceBytes, cancel).ConfigureAwait(false);
    }

    /// <summary>Copies one file to exactly that name.</summary>
    /// <exception cref="UserException">Both names are the same file's.</exception>
    public async Task CopyFileAsync(K42Path from, K42Path to, CancellationToken cancel)
    {
        long bytes = 0;
        if (!from.IsRemote && to.IsRemote)
            bytes = await UploadAsync(Local(from.Text), to.Text, cancel).ConfigureAwait(false);
        else
        {
            var (source, mode) = await ReaderAsync(from).ConfigureAwait(false);
            await using var _ = source.ConfigureAwait(false);
            // Before the target is opened, which empties it.
            if (from.IsRemote == to.IsRemote
                && await StatusAsync(from, follow: true).ConfigureAwait(false) is { } one
                && await StatusAsync(to, follow: true).ConfigureAwait(false) is { } other
                && one.IsSame(other))
                throw new UserException($"{from} and {to} are the same file.");
            await using var target = await WriterAsync(to, mode).ConfigureAwait(false);
            await source.CopyToAsync(target, PieceBytes, cancel).ConfigureAwait(false);
            if (target.CanSeek) bytes = target.Position;
        }
        progress?.Invoke(Interlocked.Increment(ref _files), Interlocked.Add(ref _bytes, bytes));
    }

    private async Task<long> UploadAsync(string from, string to, CancellationToken cancel)
    {
        await using var source = new FileStream(
            from, FileMode.Open, FileAccess.Read, FileShare.Read, 0,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        var mode = (uint)File.GetUnixFileMode(source.SafeFileHandle) & 0x1FF;
        var size = source.CanSeek ? source.Length : 0;
        if (size > PieceBytes)
            return await PutPiecesAsync(source, size, to, mode, cancel).ConfigureAwait(false);
        // What has no size may yet have bytes: a pipe, or a file of proc(5).
        var data = new byte[size > 0 ? size : K42Stream.TransferBytes];
        var read = await source.ReadAtLeastAsync(data, data.Length, false, cancel).ConfigureAwait(false);
        if (read == size || read < data.Length)
        {
            await PutAsync(data.AsMemory(0, read), to, mode).ConfigureAwait(false);
            return read;
        }
        await using var target = await K42Stream.OpenAsync(
            session.Main, to, WriteFlags, mode, cancel).ConfigureAwait(false);
        await target.WriteAsync(data, cancel).ConfigureAwait(false);
        await source.CopyToAsync(target, PieceBytes, cancel).ConfigureAwait(false);
        return target.CanSeek ? target.Position : 0;
    }

    // open, write and close of a small file are one round trip.
    private async Task PutAsync(ReadOnlyMemory<byte> data, string to, uint mode)
    {
        var batch = session.NewBatch();
        var open = batch.Add(SystemCalls.Open(to, WriteFlags, mode));
        var write = data.Length > 0 ? batch.Then(SystemCalls.Write(0, data)).Using(open) : null;
        var close = batch.Then(SystemCalls.Close(0)).Using(open);
        var done = await batch.SendAsync().ConfigureAwait(false);
        foreach (var completion in done)
        {
            if (completion.Errno != 0) throw new K42Exception((Errno)completion.Errno, "cp", to);
        }
        if (write is not null && (await write).Result != data.Length) throw new IOException(
            $"k42:{K42Text.Show(to)} took only a part of {data.Length} bytes.");
        await close;
    }

    private async Task<long> PutPiecesAsync(
        FileStream source, long size, string to, uint mode, CancellationToken cancel)
    {
        var fd = await session.Main.OpenAsync(to, WriteFlags, mode, cancel).ConfigureAwait(false);
        var pending = new Queue<Task>();
        try
        {
            for (long offset = 0; offset < size; offset += PieceBytes)
            {
                var piece = new byte[Math.Min(PieceBytes, size - offset)];
                await source.ReadExactlyAsync(piece, cancel).ConfigureAwait(false);
                // Of a hole only the end is written, which makes the file as long as it is.
                var isLast = offset + piece.Length == size;
                if (!isLast && !piece.AsSpan().ContainsAnyExcept((byte)0)) continue;
                pending.Enqueue(WriteAllAsync(fd, piece, offset, cancel));
                if (pending.Count >= 4) await pending.Dequeue().ConfigureAwait(false);
            }
            await Task.WhenAll(pending).ConfigureAwait(false);
        }
        finally
        {
            await Task.WhenAll(pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await session.Main.CloseAsync(fd).ConfigureAwait(false);
        }
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

    private async Task<(Stream Source, uint Mode)> ReaderAsync(K42Path path)
    {
        if (path.IsStandard) return (Console.OpenStandardInput(), 0x1B6);
        if (!path.IsRemote)
        {
            var file = File.OpenRead(Local(path.Text));
            return (file, (uint)File.GetUnixFileMode(file.SafeFileHandle) & 0x1FF);
        }
        var source = await K42File.OpenAsync(session.Main, path.Text).ConfigureAwait(false);
        var status = await session.Main.StatAsync(source.Descriptor).ConfigureAwait(false);
        return (source, FileStatus.Of(status).Permissions);
    }

    private async Task<Stream> WriterAsync(K42Path path, uint mode)
    {
        if (path.IsStandard) return new StandardOutput();
        if (path.IsRemote) return await K42Stream.OpenAsync(
            session.Main, path.Text, WriteFlags, mode).ConfigureAwait(false);
        return new FileStream(Local(path.Text), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = (UnixFileMode)mode,
        });
    }

    /// <summary>Null when there is no such file.</summary>
    private async Task<FileStatus?> StatusAsync(K42Path path, bool follow)
    {
        if (!path.IsRemote) return FileStatus.OfLocal(path.Text, follow);
        try
        {
            return FileStatus.Of(await (follow ? session.Main.StatAsync(path.Text)
                : session.Main.LinkStatAsync(path.Text)).ConfigureAwait(false));
        }
        catch (K42Exception e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            return null;
        }
    }

    private async Task<bool> IsDirectoryAsync(K42Path path) =>
        await StatusAsync(path, follow: true).ConfigureAwait(false) is { Type: DirectoryType };

    // Goes up from the first directory of the target that is there, through links as the system would.
    private async Task<bool> IsWithinAsync(K42Path target, K42Path directory)
    {
        if (target.IsRemote != directory.IsRemote
            || await StatusAsync(directory, follow: true).ConfigureAwait(false) is not { } own) return false;
        while (await StatusAsync(target, follow: true).ConfigureAwait(false) is null
            && target.Text.TrimEnd('/') is { Length: > 0 } rest and not ".")
            target = target with
            {
                Text = rest.LastIndexOf('/') is var cut and >= 0 ? rest[..(cut + 1)] : ".",
            };
        FileStatus? below = null;
        while (await StatusAsync(target, follow: true).ConfigureAwait(false) is { } above && above != below)
        {
            if (above.IsSame(own)) return true;
            (below, target) = (above, target.Below(".."));
        }
        return false;
    }

    private async Task MakeDirectoryAsync(K42Path path, uint mode)
    {
        if (!path.IsRemote) Directory.CreateDirectory(Local(path.Text), (UnixFileMode)mode);
        else if (!await IsDirectoryAsync(path).ConfigureAwait(false))
            await session.Main.MakeDirectoryAsync(path.Text, mode).ConfigureAwait(false);
    }

    // Takes the place of a file or link that is there, as cp(1) does with -r.
    private async Task LinkAsync(string target, K42Path at)
    {
        var old = await StatusAsync(at, follow: false).ConfigureAwait(false);
        if (at.IsRemote)
        {
            if (old is { Type: not DirectoryType })
                await session.Main.UnlinkAsync(at.Text).ConfigureAwait(false);
            await session.Main.SymlinkAsync(target, at.Text).ConfigureAwait(false);
            return;
        }
        if (old is { Type: not DirectoryType }) File.Delete(at.Text);
        File.CreateSymbolicLink(Local(at.Text), Local(target));
    }

    /// <summary>The entries of a directory: type as in <see cref="FileStatus"/>, and where a link
    /// leads.</summary>
    private async Task<IReadOnlyList<(string Name, uint Type, string Link)>> EntriesAsync(K42Path path)
    {
        if (!path.IsRemote) return [.. new DirectoryInfo(path.Text).EnumerateFileSystemInfos()
            .OrderBy(info => info.Name, StringComparer.Ordinal).Select(info => (info.Name,
                FileStatus.OfLocal(info.FullName, follow: false)?.Type ?? 0, info.LinkTarget ?? ""))];
        var entries = new List<(string, uint, string)>();
        await foreach (var entry in K42File.EnumerateAsync(session.Main, path.Text).ConfigureAwait(false))
        {
            var type = (uint)entry.Type << 12; // DT_ and S_IF constants: readdir(3), inode(7)
            var link = type == LinkType
                ? await session.Main.ReadLinkAsync(path.Below(entry.Text).Text).ConfigureAwait(false) : "";
            entries.Add((entry.Text, type, link));
        }
        return entries;
    }

    // .NET would write another name than the one asked for.
    private static string Local(string path) => K42Text.IsUtf8(path)
        ? path
        : throw new UserException($"{K42Text.Show(path)} is not UTF-8: give a local name that is.");
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
