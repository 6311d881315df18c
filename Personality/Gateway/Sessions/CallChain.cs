using Google.Protobuf.Collections;
using K42.Gateway.Calls;
using K42.Linux.V1;
using K42.Personality.Linux;

namespace K42.Gateway.Sessions;

/// <summary>A batch in which calls are linked or use each other's results.</summary>
internal sealed class CallChain(GatewaySession session, RepeatedField<Call> calls)
{
    // Registers of a call; more results than these can't be used.
    private const int UsesMax = CallFrame.ArgumentsMax;

    // What stands in the place of a call that is not needed any more: a call that waits must not keep the
    // others of its message.
    private static readonly Call s_ended = new();

    private readonly Task<Completion>[] _done = new Task<Completion>[calls.Count];
    private readonly Dictionary<ulong, int> _byTag = [];

    /// <summary>Starts every call in its order; those that must wait for others go on by
    /// themselves.</summary>
    public void Start()
    {
        for (var i = 0; i < _done.Length; i++) _done[i] = Run(i);
    }

    private async Task<Completion> Run(int index)
    {
        var call = calls[index];
        // Now, while the calls before are the ones that have begun: tags may repeat.
        var sources = Sources(call);
        _byTag[call.Tag] = index;
        calls[index] = s_ended;
        if (session.Admit(call, mayWait: true) is not { } admitted)
            return CallDecoder.Skip(call.Tag, Skipped.NoResult);
        Completion completion;
        try
        {
            completion = await Complete(index, call, sources, admitted).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // A call must be answered whatever went wrong inside.
            completion = new Completion { Tag = call.Tag, Errno = (int)Contracts.Errno.EIO };
        }
        session.Tell(call, admitted, completion);
        return completion;
    }

    private async ValueTask<Completion> Complete(
        int index, Call call, int[] sources, AdmittedCall admitted)
    {
        var (task, _, waiting) = admitted;
        if (call.Linked)
        {
            var before = index == 0 ? null : await _done[index - 1].ConfigureAwait(false);
            if (before is not { Errno: 0 }) return CallDecoder.Skip(call.Tag, Skipped.LinkFailed);
        }
        var giveUp = waiting?.Token ?? default;
        if (call.Use.Count == 0) return await CallRunner.Run(task, call, giveUp).ConfigureAwait(false);

        // Encoded after the waits: a frame belongs to a thread until the call has started.
        if (sources.Length != call.Use.Count) return CallDecoder.Skip(call.Tag, Skipped.NoResult);
        var values = new long[sources.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var value = await Result(sources[i], call.Use[i]).ConfigureAwait(false);
            if (value == null) return CallDecoder.Skip(call.Tag, Skipped.NoResult);
            values[i] = value.Value;
        }
        return await Run(task, call, values, giveUp).ConfigureAwait(false);
    }

    private static ValueTask<Completion> Run(
        LinuxTask task, Call call, long[] values, CancellationToken giveUp)
    {
        var frame = new CallFrame();
        if (!CallEncoder.TryEncode(call, frame)) return new(CallDecoder.Skip(call.Tag, Skipped.UnknownCall));
        for (var i = 0; i < values.Length; i++)
        {
            var position = call.Use[i].Field == 0 ? 1 : call.Use[i].Field;
            if (!frame.TrySet(position, values[i])) return new(CallDecoder.Skip(call.Tag, Skipped.NoResult));
        }
        return CallRunner.Run(task, call.Tag, frame, giveUp);
    }

    // The calls whose results it uses; fewer than it asks for when one is missing.
    private int[] Sources(Call call)
    {
        if (call.Use.Count is 0 or > UsesMax) return [];
        var sources = new List<int>(call.Use.Count);
        foreach (var use in call.Use)
        {
            if (_byTag.TryGetValue(use.Tag, out var source)) sources.Add(source);
        }
        return [.. sources];
    }

    private async ValueTask<long?> Result(int source, UseResult use)
    {
        var earlier = await _done[source].ConfigureAwait(false);
        if (earlier.Errno != 0) return null;
        if (use.Index == 0) return earlier.Result;
        var fds = earlier.Descriptors?.Fds;
        return fds != null && use.Index <= fds.Count ? fds[(int)use.Index - 1] : null;
    }
}
