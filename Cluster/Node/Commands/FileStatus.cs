using System.Runtime.InteropServices;

using K42.Client;
using K42.Linux.V1;

namespace K42.Node.Commands;

/// <summary>What cp asks of a file, of this machine or of the cluster.</summary>
/// <param name="Mode">Type and permissions, as in stat(2).</param>
/// <param name="Device">With the inode: which file it is.</param>
/// <param name="Inode">Its number on that device.</param>
internal readonly partial record struct FileStatus(uint Mode, ulong Device, ulong Inode)
{
    private const int CurrentDirectory = -100; // AT_FDCWD, openat(2)
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW, statx(2)
    private const uint BasicStats = 0x7ff; // STATX_BASIC_STATS, statx(2)
    private const int StatusBytes = 256;

    /// <summary>The type: the bits of S_IFMT.</summary>
    public uint Type => Mode & 0xF000;

    /// <summary>read, write and execute of owner, group and others.</summary>
    public uint Permissions => Mode & 0x1FF;

    /// <summary>Whether both are the same file, whatever their names.</summary>
    public bool IsSame(FileStatus other) => (Device, Inode) == (other.Device, other.Inode);

    /// <summary>Of a file in the cluster.</summary>
    public static FileStatus Of(Stat stat) => new(stat.Mode, stat.Dev, stat.Ino);

    /// <summary>Of a file of this machine; null when there is none.</summary>
    /// <exception cref="IOException">It can't be asked for.</exception>
    public static FileStatus? OfLocal(string path, bool follow)
    {
        const int notThere = 2, notDirectory = 20;
        Span<byte> status = stackalloc byte[StatusBytes];
        if (Statx(CurrentDirectory, path, follow ? 0 : NoFollow, BasicStats, status) != 0)
        {
            if (Marshal.GetLastPInvokeError() is notThere or notDirectory) return null;
            throw new IOException($"{K42Text.Show(path)}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        // stx_mode, stx_dev_major, stx_dev_minor and stx_ino: statx(2).
        var (major, minor) = (BitConverter.ToUInt32(status[136..]), BitConverter.ToUInt32(status[140..]));
        return new FileStatus(
            BitConverter.ToUInt16(status[28..]), ((ulong)major << 32) | minor,
            BitConverter.ToUInt64(status[32..]));
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> status);
}
