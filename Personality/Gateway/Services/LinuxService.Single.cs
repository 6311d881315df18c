using Grpc.Core;
using K42.Linux.V1;

namespace K42.Gateway.Services;

/// <remarks>One method per call of the service: each is the same call as in a session.</remarks>
internal sealed partial class LinuxService
{
    public override Task<Completion> Read(ReadRequest request, ServerCallContext context) =>
        One(new Call { Read = request }, context);

    public override Task<Completion> Write(WriteRequest request, ServerCallContext context) =>
        One(new Call { Write = request }, context);

    public override Task<Completion> Pread64(Pread64Request request, ServerCallContext context) =>
        One(new Call { Pread64 = request }, context);

    public override Task<Completion> Pwrite64(Pwrite64Request request, ServerCallContext context) =>
        One(new Call { Pwrite64 = request }, context);

    public override Task<Completion> Readv(ReadvRequest request, ServerCallContext context) =>
        One(new Call { Readv = request }, context);

    public override Task<Completion> Writev(WritevRequest request, ServerCallContext context) =>
        One(new Call { Writev = request }, context);

    public override Task<Completion> Lseek(LseekRequest request, ServerCallContext context) =>
        One(new Call { Lseek = request }, context);

    public override Task<Completion> Fsync(FsyncRequest request, ServerCallContext context) =>
        One(new Call { Fsync = request }, context);

    public override Task<Completion> Flock(FlockRequest request, ServerCallContext context) =>
        One(new Call { Flock = request }, context);

    public override Task<Completion> Fdatasync(FdatasyncRequest request, ServerCallContext context) =>
        One(new Call { Fdatasync = request }, context);

    public override Task<Completion> Truncate(TruncateRequest request, ServerCallContext context) =>
        One(new Call { Truncate = request }, context);

    public override Task<Completion> Ftruncate(FtruncateRequest request, ServerCallContext context) =>
        One(new Call { Ftruncate = request }, context);

    public override Task<Completion> Open(OpenRequest request, ServerCallContext context) =>
        One(new Call { Open = request }, context);

    public override Task<Completion> Openat(OpenatRequest request, ServerCallContext context) =>
        One(new Call { Openat = request }, context);

    public override Task<Completion> Creat(CreatRequest request, ServerCallContext context) =>
        One(new Call { Creat = request }, context);

    public override Task<Completion> Close(CloseRequest request, ServerCallContext context) =>
        One(new Call { Close = request }, context);

    public override Task<Completion> Dup(DupRequest request, ServerCallContext context) =>
        One(new Call { Dup = request }, context);

    public override Task<Completion> Dup2(Dup2Request request, ServerCallContext context) =>
        One(new Call { Dup2 = request }, context);

    public override Task<Completion> Dup3(Dup3Request request, ServerCallContext context) =>
        One(new Call { Dup3 = request }, context);

    public override Task<Completion> Fcntl(FcntlRequest request, ServerCallContext context) =>
        One(new Call { Fcntl = request }, context);

    public override Task<Completion> Pipe(PipeRequest request, ServerCallContext context) =>
        One(new Call { Pipe = request }, context);

    public override Task<Completion> Pipe2(Pipe2Request request, ServerCallContext context) =>
        One(new Call { Pipe2 = request }, context);

    public override Task<Completion> Stat(StatRequest request, ServerCallContext context) =>
        One(new Call { Stat = request }, context);

    public override Task<Completion> Fstat(FstatRequest request, ServerCallContext context) =>
        One(new Call { Fstat = request }, context);

    public override Task<Completion> Lstat(LstatRequest request, ServerCallContext context) =>
        One(new Call { Lstat = request }, context);

    public override Task<Completion> Newfstatat(NewfstatatRequest request, ServerCallContext context) =>
        One(new Call { Newfstatat = request }, context);

    public override Task<Completion> Access(AccessRequest request, ServerCallContext context) =>
        One(new Call { Access = request }, context);

    public override Task<Completion> Faccessat(FaccessatRequest request, ServerCallContext context) =>
        One(new Call { Faccessat = request }, context);

    public override Task<Completion> Statfs(StatfsRequest request, ServerCallContext context) =>
        One(new Call { Statfs = request }, context);

    public override Task<Completion> Fstatfs(FstatfsRequest request, ServerCallContext context) =>
        One(new Call { Fstatfs = request }, context);

    public override Task<Completion> Utimensat(UtimensatRequest request, ServerCallContext context) =>
        One(new Call { Utimensat = request }, context);

    public override Task<Completion> Chmod(ChmodRequest request, ServerCallContext context) =>
        One(new Call { Chmod = request }, context);

    public override Task<Completion> Fchmod(FchmodRequest request, ServerCallContext context) =>
        One(new Call { Fchmod = request }, context);

    public override Task<Completion> Fchmodat(FchmodatRequest request, ServerCallContext context) =>
        One(new Call { Fchmodat = request }, context);

    public override Task<Completion> Chown(ChownRequest request, ServerCallContext context) =>
        One(new Call { Chown = request }, context);

    public override Task<Completion> Fchown(FchownRequest request, ServerCallContext context) =>
        One(new Call { Fchown = request }, context);

    public override Task<Completion> Lchown(LchownRequest request, ServerCallContext context) =>
        One(new Call { Lchown = request }, context);

    public override Task<Completion> Fchownat(FchownatRequest request, ServerCallContext context) =>
        One(new Call { Fchownat = request }, context);

    public override Task<Completion> Getdents64(Getdents64Request request, ServerCallContext context) =>
        One(new Call { Getdents64 = request }, context);

    public override Task<Completion> Mkdir(MkdirRequest request, ServerCallContext context) =>
        One(new Call { Mkdir = request }, context);

    public override Task<Completion> Mkdirat(MkdiratRequest request, ServerCallContext context) =>
        One(new Call { Mkdirat = request }, context);

    public override Task<Completion> Mknod(MknodRequest request, ServerCallContext context) =>
        One(new Call { Mknod = request }, context);

    public override Task<Completion> Rmdir(RmdirRequest request, ServerCallContext context) =>
        One(new Call { Rmdir = request }, context);

    public override Task<Completion> Unlink(UnlinkRequest request, ServerCallContext context) =>
        One(new Call { Unlink = request }, context);

    public override Task<Completion> Unlinkat(UnlinkatRequest request, ServerCallContext context) =>
        One(new Call { Unlinkat = request }, context);

    public override Task<Completion> Rename(RenameRequest request, ServerCallContext context) =>
        One(new Call { Rename = request }, context);

    public override Task<Completion> Renameat(RenameatRequest request, ServerCallContext context) =>
        One(new Call { Renameat = request }, context);

    public override Task<Completion> Renameat2(Renameat2Request request, ServerCallContext context) =>
        One(new Call { Renameat2 = request }, context);

    public override Task<Completion> Link(LinkRequest request, ServerCallContext context) =>
        One(new Call { Link = request }, context);

    public override Task<Completion> Linkat(LinkatRequest request, ServerCallContext context) =>
        One(new Call { Linkat = request }, context);

    public override Task<Completion> Symlink(SymlinkRequest request, ServerCallContext context) =>
        One(new Call { Symlink = request }, context);

    public override Task<Completion> Symlinkat(SymlinkatRequest request, ServerCallContext context) =>
        One(new Call { Symlinkat = request }, context);

    public override Task<Completion> Readlink(ReadlinkRequest request, ServerCallContext context) =>
        One(new Call { Readlink = request }, context);

    public override Task<Completion> Readlinkat(ReadlinkatRequest request, ServerCallContext context) =>
        One(new Call { Readlinkat = request }, context);

    public override Task<Completion> Chdir(ChdirRequest request, ServerCallContext context) =>
        One(new Call { Chdir = request }, context);

    public override Task<Completion> Fchdir(FchdirRequest request, ServerCallContext context) =>
        One(new Call { Fchdir = request }, context);

    public override Task<Completion> Getcwd(GetcwdRequest request, ServerCallContext context) =>
        One(new Call { Getcwd = request }, context);

    public override Task<Completion> Umask(UmaskRequest request, ServerCallContext context) =>
        One(new Call { Umask = request }, context);

    public override Task<Completion> Mount(MountRequest request, ServerCallContext context) =>
        One(new Call { Mount = request }, context);

    public override Task<Completion> Umount2(Umount2Request request, ServerCallContext context) =>
        One(new Call { Umount2 = request }, context);

    public override Task<Completion> Fork(ForkRequest request, ServerCallContext context) =>
        One(new Call { Fork = request }, context);

    public override Task<Completion> Exit(ExitRequest request, ServerCallContext context) =>
        One(new Call { Exit = request }, context);

    public override Task<Completion> ExitGroup(ExitGroupRequest request, ServerCallContext context) =>
        One(new Call { ExitGroup = request }, context);

    public override Task<Completion> Wait4(Wait4Request request, ServerCallContext context) =>
        One(new Call { Wait4 = request }, context);

    public override Task<Completion> Waitid(WaitidRequest request, ServerCallContext context) =>
        One(new Call { Waitid = request }, context);

    public override Task<Completion> Kill(KillRequest request, ServerCallContext context) =>
        One(new Call { Kill = request }, context);

    public override Task<Completion> Getpid(GetpidRequest request, ServerCallContext context) =>
        One(new Call { Getpid = request }, context);

    public override Task<Completion> Getppid(GetppidRequest request, ServerCallContext context) =>
        One(new Call { Getppid = request }, context);

    public override Task<Completion> Getpgrp(GetpgrpRequest request, ServerCallContext context) =>
        One(new Call { Getpgrp = request }, context);

    public override Task<Completion> Getpgid(GetpgidRequest request, ServerCallContext context) =>
        One(new Call { Getpgid = request }, context);

    public override Task<Completion> Setpgid(SetpgidRequest request, ServerCallContext context) =>
        One(new Call { Setpgid = request }, context);

    public override Task<Completion> Getsid(GetsidRequest request, ServerCallContext context) =>
        One(new Call { Getsid = request }, context);

    public override Task<Completion> Setsid(SetsidRequest request, ServerCallContext context) =>
        One(new Call { Setsid = request }, context);

    public override Task<Completion> Getuid(GetuidRequest request, ServerCallContext context) =>
        One(new Call { Getuid = request }, context);

    public override Task<Completion> Geteuid(GeteuidRequest request, ServerCallContext context) =>
        One(new Call { Geteuid = request }, context);

    public override Task<Completion> Getgid(GetgidRequest request, ServerCallContext context) =>
        One(new Call { Getgid = request }, context);

    public override Task<Completion> Getegid(GetegidRequest request, ServerCallContext context) =>
        One(new Call { Getegid = request }, context);

    public override Task<Completion> Getgroups(GetgroupsRequest request, ServerCallContext context) =>
        One(new Call { Getgroups = request }, context);

    public override Task<Completion> Spawn(SpawnRequest request, ServerCallContext context) =>
        One(new Call { Spawn = request }, context);

    public override Task<Completion> RtSigaction(RtSigactionRequest request, ServerCallContext context) =>
        One(new Call { RtSigaction = request }, context);

    public override Task<Completion> RtSigprocmask(RtSigprocmaskRequest request, ServerCallContext context) =>
        One(new Call { RtSigprocmask = request }, context);

    public override Task<Completion> Pause(PauseRequest request, ServerCallContext context) =>
        One(new Call { Pause = request }, context);

    public override Task<Completion> Alarm(AlarmRequest request, ServerCallContext context) =>
        One(new Call { Alarm = request }, context);

    public override Task<Completion> Nanosleep(NanosleepRequest request, ServerCallContext context) =>
        One(new Call { Nanosleep = request }, context);

    public override Task<Completion> ClockGettime(ClockGettimeRequest request, ServerCallContext context) =>
        One(new Call { ClockGettime = request }, context);

    public override Task<Completion> Uname(UnameRequest request, ServerCallContext context) =>
        One(new Call { Uname = request }, context);

    public override Task<Completion> Numeric(NumericRequest request, ServerCallContext context) =>
        One(new Call { Numeric = request }, context);
}
