using System.Runtime.InteropServices;
using System.Text;

namespace K42.Cluster.Security;

/// <summary>Files that only their owner may read, replaced whole or not at all.</summary>
public static class SecureFiles
{
    private const int OpenReadOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY, open(2)

    /// <summary>Mode 0600.</summary>
    public const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Mode 0700.</summary>
    public const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

    /// <summary>Makes a directory of mode 0700, with its parents; one that is there stays as it is, since
    /// it may be anybody's.</summary>
    public static void MakeDirectory(string path) => Directory.CreateDirectory(path, PrivateDirectory);

    /// <summary>Refuses a file or directory of somebody else, who could change what is in it at any
    /// time.</summary>
    /// <exception cref="CredentialException">It is neither this process's user's nor root's.</exception>
    public static void RequireOwn(string path)
    {
        var owner = OwnerOf(path);
        if (IsForeign(owner, GetEffectiveUserId()))
            throw new CredentialException(
                $"{path} belongs to another user (uid {owner}): remove it, or take another directory.");
    }

    internal static bool IsForeign(uint owner, uint user) => owner != user && owner != 0;

    /// <summary>Replaces a file of mode 0600: after a crash it holds the old text or the new, never a
    /// part.</summary>
    public static void Replace(string path, string text)
    {
        var fresh = path + ".new";
        var how = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = PrivateFile,
        };
        File.Delete(fresh);
        try
        {
            using (var stream = new FileStream(fresh, how))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }
            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            // It may hold a key. What made it fail is what the caller should hear of.
            TryDelete(fresh);
            throw;
        }
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that takes nothing may not let go either.
        }
    }

    /// <summary>True when group or others may read or write the file.</summary>
    public static bool IsExposed(string path) => (File.GetUnixFileMode(path) & ~PrivateDirectory) != 0;

    /// <summary>True when group or others may put files into the directory, or take them away.</summary>
    public static bool IsOpenToOthers(string directory) =>
        (File.GetUnixFileMode(directory) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;

    /// <summary>A rename lasts only once its directory is on the disk: rename(2), fsync(2).</summary>
    private static void SyncDirectory(string path)
    {
        var descriptor = Open(path, OpenReadOnlyDirectory);
        if (descriptor < 0)
            throw new IOException($"cannot open {path}: errno {Marshal.GetLastPInvokeError()}");
        var failed = Fsync(descriptor) != 0;
        _ = Close(descriptor);
        if (failed) throw new IOException($"cannot sync {path}");
    }

    private static uint OwnerOf(string path)
    {
        const int currentDirectory = -100; // AT_FDCWD, openat(2)
        const uint owner = 8; // STATX_UID, statx(2)
        var status = new byte[256];
        if (Statx(currentDirectory, path, 0, owner, status) != 0)
            throw new IOException($"cannot look at {path}: errno {Marshal.GetLastPInvokeError()}");
        // stx_uid: statx(2).
        return BitConverter.ToUInt32(status, 20);
    }

    [DllImport("libc", EntryPoint = "geteuid")]
    private static extern uint GetEffectiveUserId();

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Statx(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
        int flags, uint mask, [Out] byte[] status);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
