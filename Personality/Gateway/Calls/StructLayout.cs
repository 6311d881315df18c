using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using K42.Linux.V1;

namespace K42.Gateway.Calls;

/// <summary>The x86-64 kernel's structures and the messages that stand for them.</summary>
/// <remarks>Offsets: asm/stat.h, asm-generic/statfs.h, linux/utsname.h, asm-generic/siginfo.h,
/// asm-generic/fcntl.h, asm/signal.h, linux/dirent.h.</remarks>
internal static class StructLayout
{
    public const int StatBytes = 144;
    public const int StatfsBytes = 120;
    public const int UtsnameBytes = 6 * UtsnameFieldBytes;
    public const int SiginfoBytes = 128;
    public const int RusageBytes = 144;
    public const int FlockBytes = 32;

    /// <summary>Where wait4's rusage is, behind its status word.</summary>
    public const int WaitUsage = 8;

    public const int WaitBytes = WaitUsage + RusageBytes;
    public const int SigactionBytes = 32;
    public const int TimespecBytes = 16;

    /// <summary>The largest structure of fixed size.</summary>
    public const int BytesMax = UtsnameBytes;

    private const int UtsnameFieldBytes = 65;
    private const int DirentHeaderBytes = 19;

    public static void Write(Timespec time, Span<byte> into)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into, time.Seconds);
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], time.Nanoseconds);
    }

    public static void Write(FileLock from, Span<byte> into)
    {
        into.Clear();
        BinaryPrimitives.WriteInt16LittleEndian(into, unchecked((short)from.Type));
        BinaryPrimitives.WriteInt16LittleEndian(into[2..], unchecked((short)from.Whence));
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], from.Start);
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], from.Len);
        BinaryPrimitives.WriteInt32LittleEndian(into[24..], from.Pid);
    }

    public static Timespec Time(ReadOnlySpan<byte> from) => new()
    {
        Seconds = Int64(from, 0),
        Nanoseconds = Int64(from, 8),
    };

    public static Stat Stat(ReadOnlySpan<byte> from) => new()
    {
        Dev = (ulong)Int64(from, 0),
        Ino = (ulong)Int64(from, 8),
        Nlink = (ulong)Int64(from, 16),
        Mode = (uint)Int32(from, 24),
        Uid = (uint)Int32(from, 28),
        Gid = (uint)Int32(from, 32),
        Rdev = (ulong)Int64(from, 40),
        Size = Int64(from, 48),
        Blksize = Int64(from, 56),
        Blocks = Int64(from, 64),
        Atim = Time(from[72..]),
        Mtim = Time(from[88..]),
        Ctim = Time(from[104..]),
    };

    public static Statfs Statfs(ReadOnlySpan<byte> from) => new()
    {
        Type = Int64(from, 0),
        Bsize = Int64(from, 8),
        Blocks = (ulong)Int64(from, 16),
        Bfree = (ulong)Int64(from, 24),
        Bavail = (ulong)Int64(from, 32),
        Files = (ulong)Int64(from, 40),
        Ffree = (ulong)Int64(from, 48),
        Fsid = (ulong)Int64(from, 56),
        Namelen = Int64(from, 64),
        Frsize = Int64(from, 72),
        Flags = Int64(from, 80),
    };

    public static Utsname Utsname(ReadOnlySpan<byte> from) => new()
    {
        Sysname = Field(from, 0),
        Nodename = Field(from, 1),
        Release = Field(from, 2),
        Version = Field(from, 3),
        Machine = Field(from, 4),
        Domainname = Field(from, 5),
    };

    public static ChildInfo Child(ReadOnlySpan<byte> from) => new()
    {
        Signo = Int32(from, 0),
        Code = Int32(from, 8),
        Pid = Int32(from, 16),
        Uid = (uint)Int32(from, 20),
        Status = Int32(from, 24),
        SystemTime = SystemTime(from, SiginfoBytes),
    };

    /// <summary>wait4's status word and rusage.</summary>
    public static WaitStatus Wait(ReadOnlySpan<byte> from) => new()
    {
        Status = from.Length >= 4 ? Int32(from, 0) : 0,
        SystemTime = SystemTime(from, WaitUsage),
    };

    public static FileLock Lock(ReadOnlySpan<byte> from) => new()
    {
        Type = BinaryPrimitives.ReadInt16LittleEndian(from),
        Whence = BinaryPrimitives.ReadInt16LittleEndian(from[2..]),
        Start = Int64(from, 8),
        Len = Int64(from, 16),
        Pid = Int32(from, 24),
    };

    public static SignalAction Action(ReadOnlySpan<byte> from) => new()
    {
        Disposition = Int64(from, 0) switch
        {
            0 => Disposition.Default,
            1 => Disposition.Ignore,
            _ => Disposition.Handler,
        },
        Flags = (ulong)Int64(from, 8),
        Mask = (ulong)Int64(from, 24),
    };

    public static DirectoryEntries Entries(ReadOnlySpan<byte> from)
    {
        var entries = new DirectoryEntries();
        while (from.Length >= DirentHeaderBytes)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(from[16..]);
            if (length < DirentHeaderBytes || length > from.Length) break;
            entries.Entries.Add(new DirectoryEntry
            {
                Ino = (ulong)Int64(from, 0),
                Off = Int64(from, 8),
                Type = from[18],
                Name = ByteString.CopyFrom(UpToZero(from[DirentHeaderBytes..length])),
            });
            from = from[length..];
        }
        return entries;
    }

    public static int Int32(ReadOnlySpan<byte> from, int at) =>
        BinaryPrimitives.ReadInt32LittleEndian(from[at..]);

    public static long Int64(ReadOnlySpan<byte> from, int at) =>
        BinaryPrimitives.ReadInt64LittleEndian(from[at..]);

    // ru_stime of a rusage, in microseconds; nothing when it was not written.
    private static Timespec? SystemTime(ReadOnlySpan<byte> from, int rusage)
    {
        const int at = 16, nsPerUs = 1_000;
        if (from.Length < rusage + RusageBytes) return null;
        var time = from[(rusage + at)..];
        return new Timespec { Seconds = Int64(time, 0), Nanoseconds = Int64(time, 8) * nsPerUs };
    }

    private static string Field(ReadOnlySpan<byte> from, int index) =>
        Encoding.UTF8.GetString(UpToZero(from.Slice(index * UtsnameFieldBytes, UtsnameFieldBytes)));

    private static ReadOnlySpan<byte> UpToZero(ReadOnlySpan<byte> from)
    {
        var end = from.IndexOf((byte)0);
        return end < 0 ? from : from[..end];
    }
}
