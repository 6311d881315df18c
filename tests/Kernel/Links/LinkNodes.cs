using System.Buffers.Binary;
using System.Collections.Concurrent;
using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;

namespace K42.Kernel.Tests.Links;

/// <summary>Remembers what an operator would have read.</summary>
internal sealed class RecordingLog : ILinkLog
{
    private readonly List<(string Part, TaskCompletionSource Came)> _awaited = [];

    public ConcurrentQueue<string> Lines { get; } = new();

    public void Info(string message) => Add("info " + message);

    public void Warning(string message) => Add("warning " + message);

    /// <summary>Completes when a line with the part is there.</summary>
    public Task Line(string part)
    {
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_awaited)
        {
            if (Has(part)) return Task.CompletedTask;
            _awaited.Add((part, came));
        }
        return came.Task;
    }

    private void Add(string line)
    {
        lock (_awaited)
        {
            Lines.Enqueue(line);
            foreach (var (part, came) in _awaited)
                if (line.Contains(part, StringComparison.Ordinal)) came.TrySetResult();
        }
    }

    public bool Has(string part) => Lines.Any(line => line.Contains(part, StringComparison.Ordinal));
}

/// <summary>Takes frames, checks that each class arrives in order and once, and remembers the
/// numbers.</summary>
/// <remarks>A frame made by <see cref="Make"/> begins with its number; the highest byte names its sender, and
/// each sender's frames are numbered by themselves.</remarks>
internal sealed class RecordingReceiver : ILinkReceiver, ILinkRoomListener, ILinkGreeter
{
    private const int SenderShift = 24;
    private readonly ConcurrentDictionary<(ILink, FrameClass, int Sender), int> _last = new();
    private int _total;
    private int _inBatch;

    public Action<ILink, FrameClass, int>? OnFrame { get; set; }

    public ConcurrentQueue<(ILink Link, LinkEnd Reason)> Ends { get; } = new();

    public TaskCompletionSource FirstEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<string> Wrong { get; } = new();

    public List<(FrameClass Class, int Number)> Taken { get; } = [];

    public int RoomCalls;

    /// <summary>Set at each RoomAgain.</summary>
    public AutoResetEvent Room { get; } = new(false);

    public string Greeting { get; private set; } = "";

    public int Last(ILink link, FrameClass frameClass) => _last.GetValueOrDefault((link, frameClass, 0));

    public int Total => Volatile.Read(ref _total);

    public static byte[] Make(int number, int size, int sender = 0)
    {
        number |= sender << SenderShift;
        var frame = new byte[Math.Max(4, size)];
        frame.AsSpan().Fill((byte)number);
        BinaryPrimitives.WriteInt32LittleEndian(frame, number);
        return frame;
    }

    public void BatchBegins(ILink link)
    {
        if (Interlocked.Increment(ref _inBatch) != 1) Wrong.Enqueue("a batch within a batch");
    }

    public void Frame(ILink link, FrameClass frameClass, ReadOnlySpan<byte> frame)
    {
        var number = BinaryPrimitives.ReadInt32LittleEndian(frame);
        var key = (link, frameClass, number >> SenderShift);
        var due = _last.TryGetValue(key, out var last) ? last + 1 : (key.Item3 << SenderShift) + 1;
        if (number != due) Wrong.Enqueue($"{frameClass} {number} where {due} was due");
        if (frame.Length > 4 && frame[4..].ContainsAnyExcept((byte)number))
            Wrong.Enqueue($"{number} is damaged");
        if (Ends.Any(end => end.Link == link)) Wrong.Enqueue($"{frameClass} {number} after the end");
        _last[key] = number;
        Interlocked.Increment(ref _total);
        lock (Taken) Taken.Add((frameClass, number));
        OnFrame?.Invoke(link, frameClass, number);
    }

    public void BatchEnds(ILink link) => Interlocked.Decrement(ref _inBatch);

    public void Ended(ILink link, LinkEnd reason)
    {
        if (Ends.Any(end => end.Link == link)) Wrong.Enqueue("a link ended twice");
        if (!link.HasEnded) Wrong.Enqueue("an ended link says that it lives");
        Ends.Enqueue((link, reason));
        FirstEnd.TrySetResult();
    }

    public void RoomAgain(ILink link)
    {
        Interlocked.Increment(ref RoomCalls);
        Room.Set();
    }

    public void Greeted(ILink link, ulong features, ReadOnlyMemory<byte> catalogue) =>
        Greeting = $"{features}:{System.Text.Encoding.ASCII.GetString(catalogue.Span)}";
}

/// <summary>A membership that a spec writes by hand.</summary>
internal sealed class HandMembership(Member self) : IMembership
{
    private readonly SortedDictionary<NodeRef, Member> _members = new() { [self.Node] = self };
    private readonly List<IMembershipListener> _listeners = [];

    public Member Self { get; } = self;

    public IReadOnlyList<Member> Members => [.. _members.Values];

    public bool MayServe => true;

    public void Subscribe(IMembershipListener listener)
    {
        _listeners.Add(listener);
        foreach (var member in _members.Values) listener.MemberUp(member);
    }

    public void Up(Member member)
    {
        _members[member.Node] = member;
        foreach (var listener in _listeners) listener.MemberUp(member);
    }

    public void Remove(NodeRef node)
    {
        _members.Remove(node);
        foreach (var listener in _listeners) listener.MemberRemoved(node);
    }
}

/// <summary>One node of a spec: a table with a receiver that records.</summary>
internal sealed class LinkNode : IDisposable
{
    public LinkNode(Member member, ILinkTransport transport, IClock clock, IExecutor executor,
        IRandomness randomness, LinkOptions? options = null, string cluster = "spec")
    {
        Member = member;
        Membership = new HandMembership(member);
        var identity = new LinkIdentity(cluster, 5, System.Text.Encoding.ASCII.GetBytes(member.Name));
        Context =
            new LinkContext(options ?? new LinkOptions(), identity, clock, executor, randomness, Receiver,
                Log);
        Table = new LinkTable(Context, transport, member);
        Table.Start(Membership);
    }

    public Member Member { get; }

    public HandMembership Membership { get; }

    public RecordingReceiver Receiver { get; } = new();

    public RecordingLog Log { get; } = new();

    public LinkContext Context { get; }

    public LinkTable Table { get; }

    public LinkCounters Counters => Context.Counters;

    public static Member Describe(ushort id, uint incarnation = 1, int port = 0) =>
        new(new NodeRef(id, incarnation), $"node-{id}", "127.0.0.1", port, "");

    public void Dispose() => Table.Dispose();
}
