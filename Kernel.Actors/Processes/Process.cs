using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>Where a process is in its life.</summary>
internal enum ProcessLife : byte
{
    /// <summary>Being forked: it has a number and a group, and signals reach it, but it does nothing
    /// yet.</summary>
    Embryo = 0,

    /// <summary>Running, or waiting for something.</summary>
    Running = 1,

    /// <summary>Stopped by a signal.</summary>
    Stopped = 2,

    /// <summary>Ended; its number and status wait for its parent.</summary>
    Zombie = 3,

    /// <summary>Nothing is left.</summary>
    Gone = 4,
}

/// <summary>One process of this node. Lives in the table's actor: what it does with parent and children is
/// one turn.</summary>
internal sealed partial class Process : ProcessContract
{
    private readonly ProcessTable _table;
    private ProcessAlarm? _alarm;
    private CallContext? _context;
    private ParentReport? _report;
    private string _name;

    public Process(ProcessTable table, int pid, ProcessStart start)
    {
        (_table, Pid, Principal, _name) = (table, pid, start.Principal, start.Name);
        (ParentPid, ParentNode, ForkedBy) = (start.Parent, start.ParentNode, start.Parent);
        (ParentGroup, ParentSession) = (start.Group, start.Session);
        (_mask, _ignored, _handled) = (start.SignalMask, start.IgnoredSignals, start.HandledSignals);
        (_noChildStop, _noChildWait) = (start.NoChildStop, start.NoChildWait);
        Self = new Child(pid, start.Principal.UserIds.Real, start.Group, start.Session) { Local = this };
        StartedNs = table.Clock.RealtimeNs;
    }

    public int Pid { get; }

    public Principal Principal { get; private set; }

    /// <summary>How its parent sees it.</summary>
    public Child Self { get; }

    public int ParentPid { get; private set; }

    /// <summary>Where the parent lives, when that is another node.</summary>
    public NodeRef ParentNode { get; private set; }

    /// <summary>Who forked it: may take it over for its program, once, even after becoming an orphan's
    /// parent.</summary>
    public int ForkedBy { get; private set; }

    public int Session => Self.Session;

    public int Group => Self.Group;

    /// <summary>The group of a parent on another node, as far as this node was told; so for its
    /// session.</summary>
    public int ParentGroup { get; private set; }

    public int ParentSession { get; private set; }

    /// <summary>Whether its parent is in another group of its session. As long as it lives that keeps its
    /// group from being orphaned.</summary>
    public bool HasParentOutside => ParentNode.IsNone
        ? Self.HasParentOutside
        : ParentGroup != Group && ParentSession == Session;

    /// <summary>Whether it links its group to another of its session.</summary>
    public bool LinksOut => !HasEnded && Life != ProcessLife.Embryo && HasParentOutside;

    /// <summary>The group on another node that it is about to enter: its signals may come before the
    /// answer.</summary>
    public int Joining { get; set; }

    public bool LeadsSession { get; private set; }

    public ProcessLife Life { get; private set; }

    public bool HasEnded => Life >= ProcessLife.Zombie;

    public long StartedNs { get; }

    public ObjectHandle Handle { get; private set; }

    public CallContext Context => _context!;

    /// <summary>By which the program of a spawned child claims it; null once claimed.</summary>
    public byte[]? Token { get; set; }

    /// <summary>What its parent's library left for it until it is claimed.</summary>
    public ReadOnlyMemory<byte> Bequest { get; set; }

    /// <summary>The process begins to live: it can call and be called.</summary>
    public void Born()
    {
        Life = ProcessLife.Running;
        _table.Home.Adopt(this);
        // First, because its number may have been that of a process that died.
        _context = _table.Identities.Admit(Pid, Principal);
        Handle = Export(Pid, Rights.ProcessOnly);
    }

    /// <summary>Acts upon the signals that came while it was being made.</summary>
    public void ActUponEarlySignals() => Act();

    /// <summary>Its program has it: nobody else can take it over.</summary>
    public void Taken() => ForkedBy = 0;

    public ProcessInfo Describe() => new(
        Pid, ParentPid, Group, Session, Principal.UserIds.Real, Principal.GroupIds.Real, Principal.User,
        Letter(), _name, StartedNs, _table.Node, _context?.ProcessorNs ?? 0);

    /// <summary>What it and the children that it waited for have used of processors.</summary>
    public long ProcessorNs => (_context?.ProcessorNs ?? 0) + _childrensProcessorNs;

    public override void Info(Reply<ProcessInfo> reply) => reply.Ok(Describe());

    public override void SetName(string name, Reply<Nothing> reply)
    {
        _name = ShortName(name);
        reply.Ok();
    }

    public override void Exit(int status, Reply<Nothing> reply)
    {
        reply.Ok();
        End((status & 0xff) << 8);
    }

    public override void Alarm(uint seconds, Reply<uint> reply)
    {
        var left = _alarm?.SecondsLeft(_table.Clock.MonotonicNs) ?? 0;
        _alarm?.Dispose();
        _alarm = null;
        if (seconds > 0)
        {
            var alarm = new ProcessAlarm(_table.Clock.MonotonicNs, seconds);
            alarm.Timer = Home.After(TimeSpan.FromSeconds(seconds), () => Ring(alarm));
            _alarm = alarm;
        }
        reply.Ok(left);
    }

    /// <summary>The end, with the status word of wait4(2): one turn for the process, its children and its
    /// parent, as far as they live here; last of all for the groups that lost a link by it.</summary>
    public void End(int status)
    {
        if (HasEnded) return;
        _table.HoldHangUps();
        Life = ProcessLife.Zombie;
        Self.Ended(status);
        (Token, Bequest) = (null, default);
        _alarm?.Dispose();
        (_alarm, _pending, _queue, _stopConsidered) = (null, 0, null, null);
        _table.Identities.Dismiss(Context);
        AnswerSignalWaiters();
        FailWaiters(Errno.ESRCH);
        Home.Expel(this);
        for (var child = Children.First; child is not null; child = Children.First) _table.Orphan(child);
        _table.LosesParent(this);
        _table.TellParent(this, Self.Status, WaitOptions.CodeOf(status));
        _table.ReleaseHangUps();
    }

    /// <summary>Tells a parent on another node.</summary>
    public ParentReport Report => _report ??= new ParentReport(_table, this);

    /// <summary>The parent is gone, or does not know it: process 1 takes it.</summary>
    public void Orphaned() => (ParentPid, ParentNode) = (1, default);

    /// <summary>A parent on another node is of this group and session.</summary>
    public void ParentMoved(int group, int session) => (ParentGroup, ParentSession) = (group, session);

    public void Forgotten() => Life = ProcessLife.Gone;

    /// <summary>At most 15 bytes of UTF-8, whole characters: what comm holds.</summary>
    public static string ShortName(string name)
    {
        const int BytesMax = 15;
        var (bytes, chars) = (0, 0);
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value == 0 || bytes + rune.Utf8SequenceLength > BytesMax) break;
            bytes += rune.Utf8SequenceLength;
            chars += rune.Utf16SequenceLength;
        }
        return name[..chars];
    }

    private byte Letter() => Life switch
    {
        ProcessLife.Stopped => (byte)'T',
        ProcessLife.Zombie => (byte)'Z',
        _ => (byte)'S',
    };

    private void Ring(ProcessAlarm alarm)
    {
        // One that was replaced may have rung already, and be a turn behind.
        if (alarm != _alarm) return;
        _alarm = null;
        Post(new SignalInfo(Signals.Alarm, 0, 0, Signals.FromKernel, 0, false));
    }
}

/// <summary>What a new process begins with.</summary>
internal sealed record ProcessStart(Principal Principal, string Name, int Parent, int Group, int Session)
{
    public NodeRef ParentNode { get; init; }

    public ulong SignalMask { get; init; }

    public ulong IgnoredSignals { get; init; }

    public ulong HandledSignals { get; init; }

    public bool NoChildStop { get; init; }

    public bool NoChildWait { get; init; }
}

/// <summary>An alarm(2) that is set.</summary>
internal sealed class ProcessAlarm(long nowNs, uint seconds) : IDisposable
{
    private const long SecondNs = 1_000_000_000;

    private readonly long _dueNs = nowNs + (seconds * SecondNs);

    public IDisposable? Timer { get; set; }

    /// <summary>Rounded to the nearest second as Linux does, and never 0 while it is set.</summary>
    public uint SecondsLeft(long atNs) => (uint)Math.Max(1, (_dueNs - atNs + (SecondNs / 2)) / SecondNs);

    public void Dispose() => Timer?.Dispose();
}
