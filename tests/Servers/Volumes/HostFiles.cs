using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

using K42.Contracts;
using K42.Servers.Volumes;

namespace K42.Servers.Tests.Volumes;

/// <summary>The host's tmpfs by system calls: what the ramfs is compared with.</summary>
/// <remarks>Users are the file system ids of the calling thread, so each run has a thread of its
/// own.</remarks>
internal sealed unsafe class HostFiles : IDisposable
{
    public const string Mount = "/dev/shm";

    private const int Cwd = -100;
    private const int EffectiveAccess = 0x200;
    private const int StatBytes = 144;

    private readonly string _directory;
    private readonly int _start;
    private Principal? _who;

    /// <summary>A directory of its own, some levels deep so that ".." stays inside.</summary>
    /// <param name="name">A name that no other run has.</param>
    public HostFiles(string name, string levels)
    {
        _directory = $"{Mount}/{name}";
        Check(Call(83, _directory, 0x1FF));
        var path = _directory;
        Check(Call(90, path, 0x1FF));
        foreach (var level in levels.Split('/'))
        {
            path += "/" + level;
            Check(Call(83, path, 0x1FF));
            Check(Call(90, path, 0x1FF));
        }
        _start = (int)Check(Call(257, Cwd, path, OpenFlags.O_DIRECTORY, 0));
    }

    public static bool IsRoot => syscall(107, 0, 0, 0, 0, 0, 0) == 0;

    /// <summary>True when the host's sticky directories have no rules beyond the standard's
    /// (proc_sys_fs(5)).</summary>
    public static bool StickyIsPlain =>
        IsOff("protected_symlinks") && IsOff("protected_regular") && IsOff("protected_fifos");

    /// <summary>True when the host, as the ramfs, restricts hard links to what one may use anyway.</summary>
    public static bool LinksAreProtected => !IsOff("protected_hardlinks");

    /// <summary>The test process's umask, which the host takes off new modes.</summary>
    public static uint Umask
    {
        get
        {
            const string name = "Umask:";
            var lines = File.ReadLines("/proc/self/status");
            var line = lines.First(static one => one.StartsWith(name, StringComparison.Ordinal));
            return Convert.ToUInt32(line[name.Length..].Trim(), 8);
        }
    }

    public void Dispose()
    {
        Become(null);
        syscall(3, _start, 0, 0, 0, 0, 0);
        Directory.Delete(_directory, recursive: true);
    }

    public string Run(FileOperation one, Principal who)
    {
        Become(who);
        var (path, number, more) = (one.Path, one.Number, one.More);
        return one.Call switch
        {
            FileCall.Open => Opened(path, number, more),
            FileCall.MakeDirectory => Result(Call(258, _start, path, number)),
            FileCall.RemoveDirectory => Result(Call(263, _start, path, 0x200)),
            FileCall.Unlink => Result(Call(263, _start, path, 0)),
            FileCall.Symlink => Result(Two(266, one.Other, _start, path)),
            FileCall.Link => Result(Pair(265, path, one.Other, number == 0 ? 0 : 0x400)),
            FileCall.Rename => Result(Pair(316, path, one.Other, number)),
            FileCall.SetMode => Result(Call(268, _start, path, number)),
            FileCall.SetOwner => Result(Call(260, _start, path, number, more, 0)),
            FileCall.Truncate => Truncated(path, number),
            FileCall.Status => Status(path, 0),
            FileCall.LinkStatus => Status(path, 0x100),
            FileCall.Access => Result(Call(439, _start, path, number, EffectiveAccess)),
            FileCall.ReadLink => ReadLink(path),
            FileCall.Write => Transferred(path, OpenFlags.O_WRONLY, number, more),
            FileCall.Read => Transferred(path, OpenFlags.O_RDONLY, number, more),
            FileCall.List => Listed(path),
            _ => Result(Call(259, _start, path, 0x8000 | number)),
        };
    }

    [DllImport("libc", SetLastError = true)]
    private static extern long syscall(long number, long a, long b, long c, long d, long e, long f);

    private static bool IsOff(string name) => File.ReadAllText($"/proc/sys/fs/{name}").Trim() == "0";

    private static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + "\0");

    private static long Errno() => -Marshal.GetLastPInvokeError();

    private static long Call(int number, string path, long argument)
    {
        fixed (byte* bytes = Terminated(path))
        {
            var result = syscall(number, (long)bytes, argument, 0, 0, 0, 0);
            return result < 0 ? Errno() : result;
        }
    }

    private static long Call(int number, int directory, string path, long a, long b = 0, long c = 0)
    {
        fixed (byte* bytes = Terminated(path))
        {
            var result = syscall(number, directory, (long)bytes, a, b, c, 0);
            return result < 0 ? Errno() : result;
        }
    }

    private static long Two(int number, string text, int directory, string path)
    {
        fixed (byte* first = Terminated(text), second = Terminated(path))
        {
            return syscall(number, (long)first, directory, (long)second, 0, 0, 0) < 0 ? Errno() : 0;
        }
    }

    private static long Check(long result) =>
        result >= 0 ? result : throw new InvalidOperationException($"the host refused: {(Errno)(-result)}");

    private static string Result(long result) => ((Errno)Math.Max(0, -result)).ToString();

    private long Pair(int number, string path, string other, long flags)
    {
        fixed (byte* first = Terminated(path), second = Terminated(other))
        {
            return syscall(number, _start, (long)first, _start, (long)second, flags, 0) < 0 ? Errno() : 0;
        }
    }

    private void Become(Principal? who)
    {
        if (_who == who || !IsRoot) return;
        _who = who;
        syscall(122, 0, 0, 0, 0, 0, 0);
        uint[] groups = who is null ? [0] : [.. who.Groups];
        fixed (uint* pointer = groups) syscall(116, groups.Length, (long)pointer, 0, 0, 0, 0);
        syscall(123, who?.Gid ?? 0, 0, 0, 0, 0, 0);
        syscall(122, who?.Uid ?? 0, 0, 0, 0, 0, 0);
    }

    private string Opened(string path, int flags, int mode)
    {
        var result = Call(257, _start, path, flags, mode);
        if (result >= 0) syscall(3, result, 0, 0, 0, 0, 0);
        return Result(result);
    }

    private string Truncated(string path, long size)
    {
        // truncate(2) has no *at form: by the link that the start has in /proc.
        return Result(Call(76, $"/proc/self/fd/{_start}/{path}", size));
    }

    private string Status(string path, int flags)
    {
        var buffer = stackalloc byte[StatBytes];
        var result = Call(262, _start, path, (long)buffer, flags);
        if (result < 0) return Result(result);
        var stat = new ReadOnlySpan<byte>(buffer, StatBytes);
        var links = BinaryPrimitives.ReadUInt64LittleEndian(stat[16..]);
        var mode = BinaryPrimitives.ReadUInt32LittleEndian(stat[24..]);
        var uid = BinaryPrimitives.ReadUInt32LittleEndian(stat[28..]);
        var gid = BinaryPrimitives.ReadUInt32LittleEndian(stat[32..]);
        var size = BinaryPrimitives.ReadInt64LittleEndian(stat[48..]);
        var blocks = BinaryPrimitives.ReadInt64LittleEndian(stat[64..]);
        return $"mode {Convert.ToString(mode, 8)} links {links} owner {uid}:{gid} "
            + $"size {size} blocks {blocks}";
    }

    private string ReadLink(string path)
    {
        var buffer = stackalloc byte[4_096];
        var result = Call(267, _start, path, (long)buffer, 4_096);
        return result < 0 ? Result(result) : Encoding.UTF8.GetString(buffer, (int)result);
    }

    private string Transferred(string path, int flags, long offset, int count)
    {
        var file = Call(257, _start, path, flags, 0);
        if (file < 0) return Result(file);
        var bytes = SampleBytes.Make(count);
        fixed (byte* pointer = bytes)
        {
            var number = flags == OpenFlags.O_RDONLY ? 17 : 18;
            var result = syscall(number, file, (long)pointer, count, offset, 0, 0);
            if (result < 0) result = Errno();
            syscall(3, file, 0, 0, 0, 0, 0);
            if (result < 0) return Result(result);
            return number == 18 ? $"{result}" : SampleBytes.Digest(bytes.AsSpan(0, (int)result));
        }
    }

    private string Listed(string path)
    {
        var file = Call(257, _start, path, OpenFlags.O_DIRECTORY, 0);
        if (file < 0) return Result(file);
        var buffer = new byte[65_536];
        fixed (byte* pointer = buffer)
        {
            var result = syscall(217, file, (long)pointer, buffer.Length, 0, 0, 0);
            syscall(3, file, 0, 0, 0, 0, 0);
            return DirectoryRecords.Shown(buffer.AsSpan(0, (int)result));
        }
    }
}
