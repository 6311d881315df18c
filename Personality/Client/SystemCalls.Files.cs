using K42.Linux.V1;
using static K42.Client.K42Text;

namespace K42.Client;

public static partial class SystemCalls
{
    /// <summary>stat(2). Out: stat.</summary>
    public static Call Stat(string path) => new() { Stat = new StatRequest { Path = Encode(path) } };

    /// <summary>fstat(2). Out: stat.</summary>
    public static Call Fstat(int fd) => new() { Fstat = new FstatRequest { Fd = fd } };

    /// <summary>lstat(2): of a symbolic link itself. Out: stat.</summary>
    public static Call Lstat(string path) => new() { Lstat = new LstatRequest { Path = Encode(path) } };

    /// <summary>newfstatat(2), fstatat in C. Out: stat.</summary>
    public static Call Newfstatat(int dirfd, string path, int flags) =>
        new() { Newfstatat = new NewfstatatRequest { Dirfd = dirfd, Path = Encode(path), Flags = flags } };

    /// <summary>access(2), with the real user and group id.</summary>
    public static Call Access(string path, int mode) =>
        new() { Access = new AccessRequest { Path = Encode(path), Mode = mode } };

    /// <summary>faccessat(2).</summary>
    public static Call Faccessat(int dirfd, string path, int mode) =>
        new() { Faccessat = new FaccessatRequest { Dirfd = dirfd, Path = Encode(path), Mode = mode } };

    /// <summary>statfs(2). Out: statfs.</summary>
    public static Call Statfs(string path) => new() { Statfs = new StatfsRequest { Path = Encode(path) } };

    /// <summary>fstatfs(2). Out: statfs.</summary>
    public static Call Fstatfs(int fd) => new() { Fstatfs = new FstatfsRequest { Fd = fd } };

    /// <summary>utimensat(2).</summary>
    public static Call Utimensat(int dirfd, string? path, IEnumerable<Timespec> times, int flags)
    {
        var call = new UtimensatRequest { Dirfd = dirfd, Times = { times }, Flags = flags };
        if (path != null) call.Path = Encode(path);
        return new Call { Utimensat = call };
    }

    /// <summary>chmod(2).</summary>
    public static Call Chmod(string path, uint mode) =>
        new() { Chmod = new ChmodRequest { Path = Encode(path), Mode = mode } };

    /// <summary>fchmod(2).</summary>
    public static Call Fchmod(int fd, uint mode) =>
        new() { Fchmod = new FchmodRequest { Fd = fd, Mode = mode } };

    /// <summary>fchmodat(2).</summary>
    public static Call Fchmodat(int dirfd, string path, uint mode) =>
        new() { Fchmodat = new FchmodatRequest { Dirfd = dirfd, Path = Encode(path), Mode = mode } };

    /// <summary>chown(2).</summary>
    public static Call Chown(string path, uint owner, uint group) =>
        new() { Chown = new ChownRequest { Path = Encode(path), Owner = owner, Group = group } };

    /// <summary>fchown(2).</summary>
    public static Call Fchown(int fd, uint owner, uint group) =>
        new() { Fchown = new FchownRequest { Fd = fd, Owner = owner, Group = group } };

    /// <summary>lchown(2): of a symbolic link itself.</summary>
    public static Call Lchown(string path, uint owner, uint group) =>
        new() { Lchown = new LchownRequest { Path = Encode(path), Owner = owner, Group = group } };

    /// <summary>fchownat(2).</summary>
    public static Call Fchownat(int dirfd, string path, uint owner, uint group, int flags) => new()
    {
        Fchownat = new FchownatRequest
        {
            Dirfd = dirfd, Path = Encode(path), Owner = owner, Group = group, Flags = flags,
        },
    };

    /// <summary>getdents64(2). Out: entries; the result is the bytes that they fill as struct
    /// linux_dirent64.</summary>
    public static Call Getdents64(int fd, uint count) =>
        new() { Getdents64 = new Getdents64Request { Fd = fd, Count = count } };

    /// <summary>mkdir(2).</summary>
    public static Call Mkdir(string path, uint mode) =>
        new() { Mkdir = new MkdirRequest { Path = Encode(path), Mode = mode } };

    /// <summary>mkdirat(2).</summary>
    public static Call Mkdirat(int dirfd, string path, uint mode) =>
        new() { Mkdirat = new MkdiratRequest { Dirfd = dirfd, Path = Encode(path), Mode = mode } };

    /// <summary>mknod(2).</summary>
    public static Call Mknod(string path, uint mode, ulong dev) =>
        new() { Mknod = new MknodRequest { Path = Encode(path), Mode = mode, Dev = dev } };

    /// <summary>rmdir(2).</summary>
    public static Call Rmdir(string path) => new() { Rmdir = new RmdirRequest { Path = Encode(path) } };

    /// <summary>unlink(2).</summary>
    public static Call Unlink(string path) => new() { Unlink = new UnlinkRequest { Path = Encode(path) } };

    /// <summary>unlinkat(2).</summary>
    public static Call Unlinkat(int dirfd, string path, int flags) =>
        new() { Unlinkat = new UnlinkatRequest { Dirfd = dirfd, Path = Encode(path), Flags = flags } };

    /// <summary>rename(2).</summary>
    public static Call Rename(string oldpath, string newpath) =>
        new() { Rename = new RenameRequest { Oldpath = Encode(oldpath), Newpath = Encode(newpath) } };

    /// <summary>renameat(2).</summary>
    public static Call Renameat(int olddirfd, string oldpath, int newdirfd, string newpath) => new()
    {
        Renameat = new RenameatRequest
        {
            Olddirfd = olddirfd, Oldpath = Encode(oldpath),
            Newdirfd = newdirfd, Newpath = Encode(newpath),
        },
    };

    /// <summary>renameat2(2).</summary>
    public static Call Renameat2(
        int olddirfd, string oldpath, int newdirfd, string newpath, uint flags) => new()
    {
        Renameat2 = new Renameat2Request
        {
            Olddirfd = olddirfd, Oldpath = Encode(oldpath),
            Newdirfd = newdirfd, Newpath = Encode(newpath),
            Flags = flags,
        },
    };

    /// <summary>link(2).</summary>
    public static Call Link(string oldpath, string newpath) =>
        new() { Link = new LinkRequest { Oldpath = Encode(oldpath), Newpath = Encode(newpath) } };

    /// <summary>linkat(2).</summary>
    public static Call Linkat(int olddirfd, string oldpath, int newdirfd, string newpath, int flags) => new()
    {
        Linkat = new LinkatRequest
        {
            Olddirfd = olddirfd, Oldpath = Encode(oldpath),
            Newdirfd = newdirfd, Newpath = Encode(newpath),
            Flags = flags,
        },
    };

    /// <summary>symlink(2).</summary>
    public static Call Symlink(string target, string linkpath) =>
        new() { Symlink = new SymlinkRequest { Target = Encode(target), Linkpath = Encode(linkpath) } };

    /// <summary>symlinkat(2).</summary>
    public static Call Symlinkat(string target, int newdirfd, string linkpath) => new()
    {
        Symlinkat = new SymlinkatRequest
        {
            Target = Encode(target), Newdirfd = newdirfd, Linkpath = Encode(linkpath),
        },
    };

    /// <summary>readlink(2). Out: data.</summary>
    public static Call Readlink(string path, uint bufsiz) =>
        new() { Readlink = new ReadlinkRequest { Path = Encode(path), Bufsiz = bufsiz } };

    /// <summary>readlinkat(2). Out: data.</summary>
    public static Call Readlinkat(int dirfd, string path, uint bufsiz) =>
        new() { Readlinkat = new ReadlinkatRequest { Dirfd = dirfd, Path = Encode(path), Bufsiz = bufsiz } };

    /// <summary>chdir(2).</summary>
    public static Call Chdir(string path) => new() { Chdir = new ChdirRequest { Path = Encode(path) } };

    /// <summary>fchdir(2).</summary>
    public static Call Fchdir(int fd) => new() { Fchdir = new FchdirRequest { Fd = fd } };

    /// <summary>getcwd(2). Out: data, the path without its NUL; the result counts the NUL.</summary>
    public static Call Getcwd(ulong size) => new() { Getcwd = new GetcwdRequest { Size = size } };

    /// <summary>umask(2). The result is the mask before.</summary>
    public static Call Umask(uint mask) => new() { Umask = new UmaskRequest { Mask = mask } };

    /// <summary>mount(2): of a new volume, or with MS_BIND, MS_MOVE, MS_REMOUNT and the propagation types of
    /// what there is. Needs user id 0.</summary>
    /// <param name="type">"tmpfs" or "ramfs", for a new volume.</param>
    /// <param name="data">"size=64m,mode=1777" and so on; "node=2" names the node that is to own a new
    /// volume.</param>
    public static Call Mount(string source, string target, string type, ulong flags, string data) => new()
    {
        Mount = new MountRequest
        {
            Source = Encode(source), Target = Encode(target),
            Type = Encode(type), Flags = flags, Data = Encode(data),
        },
    };

    /// <summary>umount2(2). Needs user id 0.</summary>
    public static Call Umount2(string target, int flags) =>
        new() { Umount2 = new Umount2Request { Target = Encode(target), Flags = flags } };
}
