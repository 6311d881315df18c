using K42.Linux.V1;

namespace K42.Client;

public sealed partial class K42Task
{
    /// <summary>The most bytes that one write takes; what is longer is cut, as write(2) may.</summary>
    public const int WriteBytesMax = 1024 * 1024;

    /// <summary>open(2): a new descriptor.</summary>
    /// <param name="flags"><see cref="OpenFlags"/>.</param>
    /// <param name="mode">Permission bits of a new file, before the umask.</param>
    public Task<int> OpenAsync(
        string path, int flags, uint mode = 0, CancellationToken cancellation = default) =>
        Number(SystemCalls.Open(path, flags, mode), path, cancellation);

    /// <summary>close(2).</summary>
    public Task CloseAsync(int fd) => MakeAsync(SystemCalls.Close(fd));

    /// <summary>read(2): the bytes, none at the end.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(
        int fd, int countMax, CancellationToken cancellation = default)
    {
        var call = SystemCalls.Read(fd, (ulong)countMax);
        return (await MakeAsync(call, cancellation: cancellation).ConfigureAwait(false)).Data.Memory;
    }

    /// <summary>pread(2): the bytes, none at the end.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAtAsync(
        int fd, int countMax, long offset, CancellationToken cancellation = default)
    {
        var call = SystemCalls.Pread64(fd, (ulong)countMax, offset);
        return (await MakeAsync(call, cancellation: cancellation).ConfigureAwait(false)).Data.Memory;
    }

    /// <summary>write(2): how many bytes were taken, at most <see cref="WriteBytesMax"/>.</summary>
    /// <param name="data">Not copied: leave it unchanged until the call is complete.</param>
    public Task<int> WriteAsync(
        int fd, ReadOnlyMemory<byte> data, CancellationToken cancellation = default) =>
        Number(SystemCalls.Write(fd, Cut(data)), null, cancellation);

    /// <summary>pwrite(2): how many bytes were taken, at most <see cref="WriteBytesMax"/>.</summary>
    /// <param name="data">Not copied: leave it unchanged until the call is complete.</param>
    public Task<int> WriteAtAsync(
        int fd, ReadOnlyMemory<byte> data, long offset, CancellationToken cancellation = default) =>
        Number(SystemCalls.Pwrite64(fd, Cut(data), offset), null, cancellation);

    /// <summary>lseek(2): the new offset.</summary>
    public async Task<long> SeekAsync(
        int fd, long offset, SeekOrigin origin, CancellationToken cancellation = default)
    {
        var call = SystemCalls.Lseek(fd, offset, (int)origin);
        return (await MakeAsync(call, cancellation: cancellation).ConfigureAwait(false)).Result;
    }

    /// <summary>stat(2).</summary>
    public async Task<Stat> StatAsync(string path, CancellationToken cancellation = default) =>
        (await MakeAsync(SystemCalls.Stat(path), path, cancellation).ConfigureAwait(false)).Stat;

    /// <summary>lstat(2): of a symbolic link itself.</summary>
    public async Task<Stat> LinkStatAsync(string path, CancellationToken cancellation = default) =>
        (await MakeAsync(SystemCalls.Lstat(path), path, cancellation).ConfigureAwait(false)).Stat;

    /// <summary>fstat(2).</summary>
    public async Task<Stat> StatAsync(int fd, CancellationToken cancellation = default) =>
        (await MakeAsync(SystemCalls.Fstat(fd), null, cancellation).ConfigureAwait(false)).Stat;

    /// <summary>getdents64(2): the next names, none at the end.</summary>
    public async Task<IReadOnlyList<DirectoryEntry>> ReadDirectoryAsync(
        int fd, CancellationToken cancellation = default)
    {
        var call = SystemCalls.Getdents64(fd, 65_536);
        var completion = await MakeAsync(call, cancellation: cancellation).ConfigureAwait(false);
        return completion.Entries == null ? [] : completion.Entries.Entries;
    }

    /// <summary>readlink(2): what a symbolic link says.</summary>
    public async Task<string> ReadLinkAsync(string path, CancellationToken cancellation = default) =>
        K42Text.Decode((await MakeAsync(SystemCalls.Readlink(path, 4_096), path, cancellation)
            .ConfigureAwait(false)).Data);

    /// <summary>pipe2(2): the reading and the writing end.</summary>
    public async Task<(int Reader, int Writer)> PipeAsync(
        int flags = 0, CancellationToken cancellation = default)
    {
        var call = SystemCalls.Pipe2(flags);
        var ends = (await MakeAsync(call, cancellation: cancellation).ConfigureAwait(false)).Descriptors.Fds;
        return (ends[0], ends[1]);
    }

    /// <summary>dup2(2).</summary>
    public Task<int> Dup2Async(int oldfd, int newfd) => Number(SystemCalls.Dup2(oldfd, newfd));

    /// <summary>mkdir(2).</summary>
    public Task MakeDirectoryAsync(
        string path, uint mode = 0x1ff, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Mkdir(path, mode), path, cancellation);

    /// <summary>rmdir(2).</summary>
    public Task RemoveDirectoryAsync(string path, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Rmdir(path), path, cancellation);

    /// <summary>unlink(2).</summary>
    public Task UnlinkAsync(string path, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Unlink(path), path, cancellation);

    /// <summary>rename(2).</summary>
    public Task RenameAsync(string oldPath, string newPath, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Rename(oldPath, newPath), oldPath, cancellation);

    /// <summary>symlink(2).</summary>
    public Task SymlinkAsync(string target, string linkPath, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Symlink(target, linkPath), linkPath, cancellation);

    /// <summary>link(2).</summary>
    public Task LinkAsync(string oldPath, string newPath, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Link(oldPath, newPath), newPath, cancellation);

    /// <summary>chmod(2).</summary>
    public Task SetModeAsync(string path, uint mode, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Chmod(path, mode), path, cancellation);

    /// <summary>truncate(2).</summary>
    public Task TruncateAsync(string path, long length, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Truncate(path, length), path, cancellation);

    /// <summary>chdir(2).</summary>
    public Task ChangeDirectoryAsync(string path, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Chdir(path), path, cancellation);

    /// <summary>getcwd(2).</summary>
    public async Task<string> CurrentDirectoryAsync(CancellationToken cancellation = default) =>
        K42Text.Decode((await MakeAsync(SystemCalls.Getcwd(4_096), cancellation: cancellation)
            .ConfigureAwait(false)).Data);

    /// <summary>mount(2).</summary>
    public Task MountAsync(string source, string target, string type, ulong flags = 0, string data = "",
        CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Mount(source, target, type, flags, data), target, cancellation);

    /// <summary>umount2(2).</summary>
    public Task UnmountAsync(string target, int flags = 0, CancellationToken cancellation = default) =>
        MakeAsync(SystemCalls.Umount2(target, flags), target, cancellation);

    private static ReadOnlyMemory<byte> Cut(ReadOnlyMemory<byte> data) =>
        data.Length <= WriteBytesMax ? data : data[..WriteBytesMax];
}
