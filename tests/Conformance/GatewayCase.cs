using System.Collections.Concurrent;
using K42.Client;
using K42.Linux.V1;

namespace K42.Conformance;

/// <summary>One case on K42: its tasks, its variables and its calls that wait.</summary>
internal sealed class GatewayCase(
    GatewayConnections connections, CancellationToken cancellation) : IAsyncDisposable
{
    // A call that has not answered by then is blocked, as the script says it must be.
    private static readonly TimeSpan BlockedAfter = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan CallTimeMax = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan SignalsTimeMax = TimeSpan.FromSeconds(2);
    private const long TickNanoseconds = 20_000_000;

    private readonly Dictionary<string, long> _variables = [];
    private readonly Dictionary<string, K42Task> _tasks = [];
    private readonly Dictionary<string, Task<CallResult>> _blocked = [];
    private readonly ConcurrentDictionary<K42Task, ConcurrentQueue<SignalEvent>> _signals = new();
    private readonly List<IAsyncDisposable> _open = [];

    /// <summary>Obeys one line.</summary>
    public async Task<CallResult> Run(ScriptLine line)
    {
        switch (line.Kind)
        {
            case LineKind.Start:
                return await Start(line);
            case LineKind.Tick:
                return await Tick(line);
            case LineKind.Async:
                var begun = Make(line, _tasks[line.Task]);
                await Task.WhenAny(begun, Task.Delay(BlockedAfter, cancellation));
                _blocked.Add(line.Tag!, begun);
                if (begun.IsCompleted) return Bound(line, await begun);
                return new CallResult(line.Number, Outcome.Blocked, 0, new Dictionary<string, string>());
            case LineKind.Await:
                _blocked.Remove(line.Tag!, out var waiting);
                var ended = await waiting!.WaitAsync(CallTimeMax, cancellation);
                return Bound(line, ended with { Line = line.Number });
            default:
                return Bound(line, await Make(line, _tasks[line.Task]).WaitAsync(CallTimeMax, cancellation));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var open in _open.AsEnumerable().Reverse()) await open.DisposeAsync();
    }

    private async Task<CallResult> Start(ScriptLine line)
    {
        var connection = await connections.Of(line.Identity);
        var session = await connection.BeginSessionAsync(line.Task, cancellation);
        _open.Add(session);
        _tasks[line.Task] = session.Main;
        _variables[line.Task] = session.Pid;
        _ = Collect(session);
        for (var fd =
            0; fd < 3; fd++) await session.Main.OpenAsync("/dev/null", OpenFlags.ReadWrite, 0, cancellation);
        return new CallResult(line.Number, Outcome.Returned, session.Pid, new Dictionary<string, string>());
    }

    private async Task<CallResult> Tick(ScriptLine line)
    {
        var main = _tasks.Values.First(task => !task.Exited.IsCompleted);
        var now = (await main.MakeAsync(SystemCalls.ClockGettime(0), null, cancellation)).Time;
        var grain = new Timespec { Nanoseconds = TickNanoseconds };
        await main.MakeAsync(SystemCalls.Nanosleep(grain), null, cancellation);
        var fields = new Dictionary<string, string> { ["time"] = $"{now.Seconds}:{now.Nanoseconds}" };
        return new CallResult(line.Number, Outcome.Returned, 0, fields);
    }

    private async Task<CallResult> Make(ScriptLine line, K42Task task)
    {
        switch (line.Call!.Name)
        {
            case "fork":
                return await Fork(line, task);
            case "signals" or "siginfos":
                return await Signals(line, task);
            case "getdents_all":
                return await ListAll(line, task);
            case "exit" or "exit_group":
                _ = task.CallAsync(Arguments(line), cancellation);
                return await Gone(line, task);
        }
        Completion completion;
        try
        {
            completion = await task.CallAsync(Arguments(line), cancellation);
        }
        catch (K42SessionEndedException e) when (!e.WasLost)
        {
            return await Gone(line, task);
        }
        if (await HasEnded(line, completion, task)) return await Gone(line, task);
        return Answer(line, completion);
    }

    private Call Arguments(ScriptLine line) => GatewayArguments.Of(line, name => _variables[name]);

    private static CallResult Answer(ScriptLine line, Completion completion)
    {
        var returned = completion.Errno != 0 ? -completion.Errno : completion.Result;
        var fields = completion.Errno != 0 ? [] : GatewayAnswers.Fields(completion, line.Call!.Name);
        return new CallResult(line.Number, Outcome.Returned, returned, fields);
    }

    private CallResult Bound(ScriptLine line, CallResult result)
    {
        if (result.Outcome != Outcome.Returned) return result;
        if (line.Binds.Count == 2 && result.Fields.TryGetValue("fds", out var fds))
        {
            var ends = fds.Split(',');
            for (var i = 0; i < 2; i++)
                _variables[line.Binds[i]] = long.Parse(ends[i], CultureInfo.InvariantCulture);
        }
        else if (line.Binds.Count > 0)
        {
            _variables[line.Binds[0]] = result.Return;
        }
        return result;
    }

    private async Task<CallResult> Fork(ScriptLine line, K42Task task)
    {
        try
        {
            var child = await task.ForkAsync(cancellation);
            if (line.Binds.Count > 0) _tasks[line.Binds[0]] = child;
            return new CallResult(line.Number, Outcome.Returned, child.Pid, new Dictionary<string, string>());
        }
        catch (K42Exception e)
        {
            return new CallResult(line.Number, Outcome.Returned, -(int)e.Errno, new Dictionary<string,
                string>());
        }
    }

    private async Task<CallResult> Signals(ScriptLine line, K42Task task)
    {
        var wanted = ((NumberValue)line.Arguments[0]).Number;
        var arrived = _signals.GetOrAdd(task, _ => new ConcurrentQueue<SignalEvent>());
        var until = Environment.TickCount64 + (long)SignalsTimeMax.TotalMilliseconds;
        while (arrived.Count < wanted
            && Environment.TickCount64 < until) await task.GetPidAsync(cancellation);
        var taken = new List<SignalEvent>();
        while (arrived.TryDequeue(out var signal)) taken.Add(signal);
        var fields = new Dictionary<string, string>
        {
            ["signals"] = string.Join(',', taken.Select(signal => signal.Number)),
        };
        if (line.Call!.Name == "siginfos")
        {
            fields["infos"] = string.Join(',', taken.Select(signal =>
                $"{signal.Number}:{signal.Code}:{signal.Fd}:{signal.Band}"));
        }
        return new CallResult(line.Number, Outcome.Returned, taken.Count, fields);
    }

    private async Task<CallResult> ListAll(ScriptLine line, K42Task task)
    {
        var all = new List<DirectoryEntry>();
        while (true)
        {
            var fd = (int)GatewayArguments.Number(line.Arguments[0], name => _variables[name]);
            var count = (uint)GatewayArguments.Number(line.Arguments[1], name => _variables[name]);
            var part = await task.CallAsync(SystemCalls.Getdents64(fd, count), cancellation);
            if (part.Errno != 0)
                return new CallResult(line.Number, Outcome.Returned, -part.Errno, new Dictionary<string,
                    string>());
            if (part.Result == 0) break;
            all.AddRange(part.Entries.Entries);
        }
        var fields = new Dictionary<string, string> { ["entries"] = GatewayAnswers.Entries(all) };
        return new CallResult(line.Number, Outcome.Returned, all.Count, fields);
    }

    // A call may come back although its task ended in it: then the task can make no other.
    private async Task<bool> HasEnded(ScriptLine line, Completion completion, K42Task task)
    {
        if (task.Exited.IsCompleted) return true;
        var mayEnd = completion.Errno is (int)Errno.EINTR or (int)Errno.ESRCH or (int)Errno.EPIPE
            || line.Call!.Name is "kill" or "rt_sigprocmask" or "pause" or "nanosleep";
        if (!mayEnd) return false;
        try
        {
            return (await task.CallAsync(SystemCalls.Getpid(), cancellation)).Errno == (int)Errno.ESRCH;
        }
        catch (K42SessionEndedException)
        {
            return true;
        }
    }

    private static async Task<CallResult> Gone(ScriptLine line, K42Task task)
    {
        try
        {
            await task.Exited.WaitAsync(CallTimeMax);
        }
        catch (K42SessionEndedException e) when (!e.WasLost)
        {
            // The last task took its session with it.
        }
        return new CallResult(line.Number, Outcome.Gone, 0, new Dictionary<string, string>());
    }

    private async Task Collect(K42Session session)
    {
        await foreach (var signal in session.Signals.ReadAllAsync(cancellation))
        {
            var task = signal.Task == 0 ? session.Main
                : _tasks.Values.FirstOrDefault(task => task.Session == session && task.Id == signal.Task);
            if (task != null)
                _signals.GetOrAdd(task, _ => new ConcurrentQueue<SignalEvent>()).Enqueue(signal.Signal);
        }
    }
}
