using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Ports;
using K42.Gateway.Calls;
using K42.Linux.V1;
using K42.Personality.Linux;

namespace K42.Gateway.Sessions;

/// <summary>Makes one call as one task and tells what came of it.</summary>
internal static class CallRunner
{
    /// <summary>The number of fork(2), whose child must be taken from its parent.</summary>
    public const int ForkNumber = 57;

    // Frames hold no state between calls; a few of them serve all sessions.
    [ThreadStatic]
    private static CallFrame? t_frame;

    /// <summary>Makes a call that uses no other's result.</summary>
    /// <param name="giveUp">Ends its wait.</param>
    public static ValueTask<Completion> Run(LinuxTask task, Call call, CancellationToken giveUp)
    {
        if (call.CallCase == Call.CallOneofCase.Spawn) return Spawn(task, call);
        var frame = Rent();
        if (!CallEncoder.TryEncode(call, frame))
        {
            Return(frame);
            return new(CallDecoder.Skip(call.Tag, Skipped.UnknownCall));
        }
        return Run(task, call.Tag, frame, giveUp);
    }

    /// <summary>Makes a call whose frame is filled.</summary>
    public static ValueTask<Completion> Run(
        LinuxTask task, ulong tag, CallFrame frame, CancellationToken giveUp)
    {
        var answer = task.Call(frame.Number, frame.Arguments with { GivenUp = giveUp });
        if (!answer.IsCompletedSuccessfully) return Finish(answer, tag, frame);
        var completion = CallDecoder.Decode(tag, frame, answer.Result);
        Return(frame);
        return new(completion);
    }

    /// <summary>An empty frame.</summary>
    public static CallFrame Rent()
    {
        var frame = t_frame ?? new CallFrame();
        t_frame = null;
        return frame;
    }

    private static void Return(CallFrame frame)
    {
        frame.Clear();
        t_frame = frame;
    }

    private static async ValueTask<Completion> Finish(ValueTask<SysResult> answer, ulong tag, CallFrame frame)
    {
        var result = await answer.ConfigureAwait(false);
        var completion = CallDecoder.Decode(tag, frame, result);
        Return(frame);
        return completion;
    }

    private static async ValueTask<Completion> Spawn(LinuxTask task, Call call)
    {
        var host = task.System.Host;
        var member = NodeNames.Find(host.Membership, call.Spawn.Node);
        if (member == null) return Failed(call.Tag, Contracts.Errno.ENODEV);
        var spawned = await task.Spawn(member.Node.Id).ConfigureAwait(false);
        if (spawned.Failed) return Failed(call.Tag, SysResult.Linux(spawned.Errno));
        return new Completion
        {
            Tag = call.Tag,
            Result = spawned.Value.Pid,
            Spawned = new SpawnedProcess
            {
                Pid = spawned.Value.Pid,
                Token = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(spawned.Value.Token),
                GatewayAddress = member.GatewayAddress,
            },
        };
    }

    private static Completion Failed(ulong tag, Errno errno) => new() { Tag = tag, Errno = (int)errno };
}

/// <summary>Nodes by what people call them.</summary>
internal static class NodeNames
{
    /// <summary>The member with this name or number; null when there is none.</summary>
    public static Member? Find(IMembership membership, string name)
    {
        foreach (var member in membership.Members)
        {
            if (member.Name == name) return member;
        }
        if (!ushort.TryParse(name, out var id)) return null;
        foreach (var member in membership.Members)
        {
            if (member.Node.Id == id) return member;
        }
        return null;
    }
}
