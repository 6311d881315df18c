using K42.Contracts;
using K42.Personality.Linux.Memory;

namespace K42.Personality.Linux.Paths;

/// <summary>Paths and other strings as calls get them.</summary>
internal static class PathArgument
{
    /// <summary>The longest path, without the zero (PATH_MAX).</summary>
    public const int BytesMax = 4_095;

    /// <summary>A path. EFAULT, ENAMETOOLONG, ENOENT when it is empty.</summary>
    public static Outcome<ByteText> Path(SyscallArgs args, int index, bool mayBeEmpty = false)
    {
        var text = Text(args.Memory, args.Address(index), BytesMax, Errno.ENAMETOOLONG);
        return !text.Failed && text.Value.Length == 0 && !mayBeEmpty ? Errno.ENOENT : text;
    }

    /// <summary>A string. EFAULT, the given error when it is too long.</summary>
    public static Outcome<ByteText> Text(ITaskMemory memory, ulong address, int bytesMax, Errno tooLong)
    {
        var bytes = memory.ReadString(address, bytesMax);
        if (bytes.Failed) return bytes.Errno == Errno.ENAMETOOLONG ? tooLong : bytes.Errno;
        return ByteText.Of(bytes.Value.Span);
    }
}
