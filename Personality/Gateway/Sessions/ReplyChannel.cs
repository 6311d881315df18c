using Grpc.Core;
using K42.Linux.V1;

namespace K42.Gateway.Sessions;

/// <summary>Gives a session's completions and events to whatever stream it has now.</summary>
/// <remarks>
/// Whoever adds an entry while nobody writes becomes the writer until all is sent, so that what completes
/// during a write leaves together in the next message. While a batch is taken in, nothing is written unless
/// it is much: what it completes at once is one message.
/// </remarks>
/// <param name="isResumable">Whether results are kept until they are acknowledged.</param>
/// <param name="bytesMax">How much may be kept before calls are refused.</param>
/// <param name="held">What the session holds.</param>
internal sealed class ReplyChannel(bool isResumable, long bytesMax, SessionBytes held)
{
    // Small enough that no message comes near the 4 MiB that gRPC clients take by default.
    private const int MessageBytesGoal = 1024 * 1024;

    // Beyond this, reading more calls waits until the program has read what they gave.
    private const long UnsentBytesMax = 16 * 1024 * 1024;

    private const int EntryBytes = 48;

    private readonly Lock _gate = new();
    private readonly ReplyLog _log = new();
    private IServerStreamWriter<SessionReply>? _stream;
    private HashSet<ulong>? _known;
    private TaskCompletionSource? _drained;
    private ulong _sent;
    private long _unsentBytes;
    private int _holds;
    private bool _writing;

    /// <summary>Whether results that are not acknowledged, or not sent where nothing is acknowledged, take
    /// all the room that they may.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate) return (isResumable ? _log.Bytes : _unsentBytes) >= bytesMax;
        }
    }

    /// <summary>Adds a completion.</summary>
    public void Add(Completion completion)
    {
        var bytes = EntryBytes + (completion.OutCase == Completion.OutOneofCase.None ? 0 : Size(completion));
        Add(new ReplyEntry(completion, null, bytes));
    }

    /// <summary>Adds an event.</summary>
    public void Add(Event happened) => Add(new ReplyEntry(null, happened, EntryBytes));

    /// <summary>Keeps back what is added until <see cref="Let"/>.</summary>
    public void Hold()
    {
        lock (_gate) _holds++;
    }

    /// <summary>Sends what was kept back; done when it was handed to the transport, if nobody else
    /// sends.</summary>
    public ValueTask Let()
    {
        lock (_gate)
        {
            _holds--;
            if (!TryBecomeWriter()) return default;
        }
        return Pump();
    }

    /// <summary>Waits until what is not sent has become less than the limit.</summary>
    public Task Drained()
    {
        lock (_gate)
        {
            if (_unsentBytes < UnsentBytesMax || _stream == null) return Task.CompletedTask;
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Waits until everything was sent or the stream was lost.</summary>
    public async Task Flushed()
    {
        while (true)
        {
            Task drained;
            lock (_gate)
            {
                if (_stream == null || (_unsentBytes == 0 && !_writing)) return;
                _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                drained = _drained.Task;
            }
            await drained.ConfigureAwait(false);
        }
    }

    /// <summary>Forgets what the program has.</summary>
    public void Acknowledged(ulong number)
    {
        if (!isResumable || number == 0) return;
        lock (_gate) Forget(Math.Min(number, _sent));
    }

    /// <summary>Gives it a stream, and sends what came after a number.</summary>
    /// <param name="lastNumber">The last that the program has.</param>
    public ValueTask Attach(IServerStreamWriter<SessionReply> stream, ulong lastNumber)
    {
        lock (_gate)
        {
            _stream = stream;
            _sent = Math.Clamp(lastNumber, _log.First - 1, _log.Last);
            Forget(_sent);
            _unsentBytes = _log.Bytes;
            if (!TryBecomeWriter()) return default;
        }
        return Pump();
    }

    /// <summary>Remembers which tags are known, because a resumed program sends what it has no answer
    /// to.</summary>
    /// <param name="running">Tags of calls that are under way.</param>
    public void Know(IEnumerable<ulong> running)
    {
        lock (_gate)
        {
            _known = [.. running];
            for (var number = _log.First; number <= _log.Last; number++)
            {
                if (_log[number].Completion is { } kept) _known.Add(kept.Tag);
            }
        }
    }

    /// <summary>Whether a call with this tag ran, or runs, already.</summary>
    public bool IsKnown(ulong tag)
    {
        if (_known == null) return false;
        lock (_gate) return _known.Remove(tag);
    }

    /// <summary>Takes a stream away, if it is the one that it has.</summary>
    public void Detach(IServerStreamWriter<SessionReply> stream)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_stream, stream)) _stream = null;
            WakeDrained();
        }
    }

    // What the program has, it does not send again: its tag is free.
    private void Forget(ulong upTo)
    {
        var known = _known;
        Trim(upTo, known == null ? null : entry =>
        {
            if (entry.Completion != null) known.Remove(entry.Completion.Tag);
        });
    }

    private void Trim(ulong upTo, Action<ReplyEntry>? forgotten = null)
    {
        var before = _log.Bytes;
        _log.Trim(upTo, forgotten);
        held.LetGo(before - _log.Bytes);
    }

    private static int Size(Completion completion) => completion.OutCase switch
    {
        Completion.OutOneofCase.Data => completion.Data.Length,
        Completion.OutOneofCase.Entries => completion.Entries.Entries.Count * 48,
        Completion.OutOneofCase.Groups => completion.Groups.Gids.Count * 4,
        _ => 128,
    };

    private void Add(ReplyEntry entry)
    {
        lock (_gate)
        {
            _log.Add(entry);
            held.Hold(entry.Bytes);
            _unsentBytes += entry.Bytes;
            var isHeld = _holds > 0 && _unsentBytes < UnsentBytesMax;
            if (isHeld || !TryBecomeWriter()) return;
        }
        _ = Pump();
    }

    private bool TryBecomeWriter()
    {
        if (_writing || _stream == null || _sent == _log.Last) return false;
        return _writing = true;
    }

    private async ValueTask Pump()
    {
        while (NextMessage(out var stream) is { } message)
        {
            try
            {
                await stream.WriteAsync(message).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException or IOException
                or OperationCanceledException)
            {
                // The stream is gone; the loop that reads from it sees that too and decides what is next.
                Detach(stream);
            }
        }
    }

    private SessionReply? NextMessage(out IServerStreamWriter<SessionReply> stream)
    {
        lock (_gate)
        {
            stream = _stream!;
            if (_stream == null || _sent == _log.Last)
            {
                _writing = false;
                WakeDrained();
                return null;
            }
            var message = new SessionReply { FirstNumber = _sent + 1 };
            var bytes = 0;
            while (_sent < _log.Last && bytes < MessageBytesGoal)
            {
                ref readonly var entry = ref _log[_sent + 1];
                // Numbers run through the completions and then the events of a message.
                if (entry.Completion != null && message.Events.Count > 0) break;
                if (entry.Completion != null) message.Completions.Add(entry.Completion);
                else message.Events.Add(entry.Event);
                bytes += entry.Bytes;
                _sent++;
            }
            _unsentBytes -= bytes;
            if (!isResumable) Trim(_sent);
            if (_unsentBytes < UnsentBytesMax / 2) WakeDrained();
            return message;
        }
    }

    private void WakeDrained()
    {
        _drained?.TrySetResult();
        _drained = null;
    }
}
