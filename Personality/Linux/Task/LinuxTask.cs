using System.Collections.Concurrent;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Ports;
using K42.Contracts.Servers;

namespace K42.Personality.Linux;

/// <summary>One Linux process as its library has it: descriptors, directories, masks, dispositions.</summary>
/// <remarks>
/// It is not trusted: servers check every call by the process's identity. Calls may be made at once, as
/// threads of one process make them; each is atomic where Linux's is. It ends when the process does: by exit,
/// by a signal, or with its node.
/// </remarks>
public sealed partial class LinuxTask
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<int, LinuxTask> _children = new();
    private readonly CancellationTokenSource _ended = new();
    private DirectoryRef _cwd;
    private uint _umask = 0x12;
    private int _endings;
    private ulong _transfers;

    internal LinuxTask(
        LinuxSystem system, HostedProcess hosted, DirectoryRef root, ulong rootInode, DirectoryRef cwd)
    {
        (System, Hosted, Root, RootInode, _cwd) = (system, hosted, root, rootInode, cwd);
        Process = new ProcessClient(hosted.Context, hosted.Process);
        var ipc = hosted.Context.Ipc;
        (_eventAdded, _pumped, _taken) = (new Turnstile(ipc), new Turnstile(ipc), new Turnstile(ipc));
    }

    /// <summary>The process number.</summary>
    public int Pid => Hosted.Pid;

    /// <summary>The process as its host has it.</summary>
    public HostedProcess Hosted { get; }

    /// <summary>The personality that it belongs to.</summary>
    public LinuxSystem System { get; }

    /// <summary>True once the process has ended; its calls answer ESRCH from then on.</summary>
    public bool HasEnded => _ended.IsCancellationRequested;

    /// <summary>Cancelled when the process ends.</summary>
    public CancellationToken EndedToken => _ended.Token;

    internal CallContext Context => Hosted.Context;

    internal ProcessClient Process { get; }

    internal Principal Principal => Context.Identity.Principal;

    internal DescriptorTable Files { get; private init; } = new();

    internal DirectoryRef Root { get; }

    internal ulong RootInode { get; }

    /// <summary>A number for a long write.</summary>
    internal ulong NextTransfer() => Interlocked.Increment(ref _transfers);

    /// <summary>The process table of the node that is home to a process, group or session number.</summary>
    internal ProcessTableClient ProcessesOf(int number) =>
        ProcessTableClient.On(Context, Home(number));

    // A number that no node has leased names nothing: any node says so.
    private NodeRef Home(int number)
    {
        var home = System.Host.HomeOf(number);
        return home.IsNone ? System.Host.Node : home;
    }

    /// <summary>True once this process or one that it was forked from used locks: only then does closing wait
    /// for the server.</summary>
    internal bool UsesLocks { get; set; }

    /// <summary>Closes what a descriptor led to, as close(2) does.</summary>
    /// <param name="file">What was taken from the table; null for nothing.</param>
    /// <param name="result">What the call answers then.</param>
    internal ValueTask<SysResult> Close(OpenFile? file, SysResult result)
    {
        if (UsesLocks && file is not null) return CloseSlowly(file, result);
        file?.Dispose();
        return new(result);
    }

    private async ValueTask<SysResult> CloseSlowly(OpenFile file, SysResult result)
    {
        await file.Close(this);
        return result;
    }

    /// <summary>The working directory, with a use for the caller to end.</summary>
    internal DirectoryRef HoldCwd()
    {
        lock (_lock) return _cwd.Hold();
    }

    /// <summary>Changes the working directory, and takes over the caller's use of it.</summary>
    internal void SetCwd(DirectoryRef directory)
    {
        DirectoryRef before;
        lock (_lock) (before, _cwd) = (_cwd, directory);
        before.Dispose();
    }

    /// <summary>umask(2): bits that new files don't get.</summary>
    internal uint Umask => Volatile.Read(ref _umask);

    /// <summary>Sets it and gives what it was.</summary>
    internal uint SetUmask(uint mask) => Interlocked.Exchange(ref _umask, mask & Abi.FileMode.S_IRWXUGO);

    /// <summary>What a mount shows: its root with inode 0, or a directory that is covered in it. Refresh and
    /// ESTALE when the mount, or its volume, is there no more.</summary>
    internal async ValueTask<Outcome<DirectoryRef>> Enter(MountEntry mount, ulong inode, ulong ticket)
    {
        var volumes = VolumeClient.On(Context, mount.Node);
        var handle = await Patient(
            (volumes, mount.Volume, mount.Id, inode, ticket),
            static ask => ask.volumes.Enter(ask.Volume, ask.Id, ask.inode, ask.ticket));
        return handle.Failed ? handle.Errno : new DirectoryRef(Context, handle.Value, mount.Id);
    }

    /// <summary>The Linux side of a child that this task's fork made; once, for who runs it. Null when there
    /// is none by this number.</summary>
    public LinuxTask? TakeChild(int pid) => _children.TryRemove(pid, out var child) ? child : null;

    /// <summary>Begins to hear of the process's signals.</summary>
    internal void Start() => _ = PumpSignals();

    /// <summary>Ends the task, once: every call under way is interrupted, whoever waits for events hears of
    /// it. The kernel has dropped the process's handles: none is given back one by one.</summary>
    /// <param name="status">The wait status as far as it is known.</param>
    internal void End(int status)
    {
        if (Interlocked.Exchange(ref _endings, 1) != 0) return;
        _ended.Cancel();
        Interrupt(restart: false);
        _taken.Open();
        AddEvent(new TaskEvent(TaskEventKind.Ended, default, status));
        // A child whose fork was answered and that nobody took runs nowhere.
        foreach (var (_, child) in _children.OrderBy(pair => pair.Key)) System.Host.Abandon(child.Hosted);
    }
}
