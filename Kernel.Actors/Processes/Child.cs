using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>A child as its parent and wait(2) see it, wherever it lives.</summary>
internal sealed class Child(int pid, uint uid, int group, int session)
{
    public int Pid { get; } = pid;

    /// <summary>Its real user id.</summary>
    public uint Uid { get; set; } = uid;

    public int Group { get; set; } = group;

    public int Session { get; set; } = session;

    /// <summary>The process, when it lives on this node.</summary>
    public Process? Local { get; init; }

    /// <summary>Where it lives otherwise; none once that node was removed.</summary>
    public NodeRef Node { get; set; }

    /// <summary>The number of the last change that its node told of.</summary>
    public ulong Sequence { get; set; }

    public bool IsZombie { get; private set; }

    /// <summary>What it has used of processors, as far as this node was told.</summary>
    public long ProcessorNs
    {
        get => Local?.ProcessorNs ?? field;
        set;
    }

    /// <summary>The status word of a zombie.</summary>
    public int Status { get; private set; }

    /// <summary>The parent; null for children of process 1 and of other nodes' processes.</summary>
    public Process? Parent { get; set; }

    /// <summary>Whether it has a parent here, in another group of its session.</summary>
    public bool HasParentOutside =>
        Parent is { } parent && parent.Group != Group && parent.Session == Session;

    public Child? Next { get; set; }

    public Child? Previous { get; set; }

    // What wait has not told yet: a stop by this signal, or a continuation. Never both.
    private int _stoppedBy;
    private bool _continued;

    public void Ended(int status) => (IsZombie, Status, _stoppedBy, _continued) = (true, status, 0, false);

    public void Stopped(int signal) => (_stoppedBy, _continued) = (signal, false);

    public void Continued() => (_stoppedBy, _continued) = (0, true);

    /// <summary>What wait with these options gives of this child; null when nothing.</summary>
    public WaitResult? Report(int options)
    {
        if (IsZombie)
            return (options & WaitOptions.Exited) != 0 ? Result(Status, WaitOptions.CodeOf(Status)) : null;
        if (_stoppedBy != 0 && (options & WaitOptions.Stopped) != 0)
            return Result(WaitOptions.StoppedStatus(_stoppedBy), WaitOptions.CodeStopped);
        if (_continued && (options & WaitOptions.Continued) != 0)
            return Result(WaitOptions.ContinuedStatus, WaitOptions.CodeContinued);
        return null;
    }

    /// <summary>The stop or continuation was told.</summary>
    public void Told() => (_stoppedBy, _continued) = (0, false);

    private WaitResult Result(int status, int code) => new(Pid, status, Uid, code, ProcessorNs);
}

/// <summary>A parent's children, oldest first: the order in which Linux's wait looks at them.</summary>
internal sealed class ChildList
{
    private Child? _last;

    public Child? First { get; private set; }

    public void Add(Child child, Process parent)
    {
        (child.Parent, child.Previous, child.Next) = (parent, _last, null);
        if (_last is null) First = child;
        else _last.Next = child;
        _last = child;
    }

    public void Remove(Child child)
    {
        if (child.Previous is null) First = child.Next;
        else child.Previous.Next = child.Next;
        if (child.Next is null) _last = child.Previous;
        else child.Next.Previous = child.Previous;
        (child.Parent, child.Previous, child.Next) = (null, null, null);
    }
}
