using System.Text;
using K42.Client;
using K42.Linux.V1;

namespace K42.Conformance;

/// <summary>Turns a script's line into the gateway's message for the call.</summary>
internal static class GatewayArguments
{
    /// <summary>The call of a line.</summary>
    /// <param name="variable">The value of a variable.</param>
    public static Call Of(ScriptLine line, Func<string, long> variable)
    {
        var written = line.Call!.Parameters.Where(parameter => parameter.IsWritten).ToArray();
        var arguments = new List<(string, object?)>();
        if (line.Call.Name == "fcntl" && line.Arguments[2] is ListValue members)
            return Control(line, [.. members.Items.Select(item => Number(item, variable))], variable);
        for (var i = 0; i < line.Arguments.Count && i < written.Length; i++)
        {
            var field = (written[i].Kind, line.Arguments[i]) switch
            {
                (ParameterKind.InVector, _) => "data",
                (ParameterKind.OutVector, _) => "counts",
                (ParameterKind.NumberOrLock, LockValue) => "lock",
                _ => written[i].Name,
            };
            if (SystemCalls.HasArgument(line.Call.Name, field))
                arguments.Add((field, Value(line.Arguments[i], variable)));
        }
        return SystemCalls.ByNameOf(line.Call.Name, [.. arguments]);
    }

    /// <summary>The number that an argument is.</summary>
    public static long Number(ScriptValue value, Func<string, long> variable) => value switch
    {
        NumberValue number => number.Number,
        VariableValue { IsNegated: true } negative => -variable(negative.Name),
        VariableValue positive => variable(positive.Name),
        _ => throw new ArgumentException($"{value} is no number"),
    };

    // The commands whose argument points to numbers; those that only read take nothing from it.
    private static Call Control(ScriptLine line, long[] members, Func<string, long> variable)
    {
        const int setOwner = 15, setHint = 1036;
        var (fd, command) = (Number(line.Arguments[0], variable), Number(line.Arguments[1], variable));
        return SystemCalls.Fcntl(
            (int)fd, (int)command,
            owner: command == setOwner
                ? new FileOwner { Type = (int)members[0], Pid = (int)members[1] } : null,
            hint: command == setHint ? (ulong)members[0] : null);
    }

    private static object? Value(ScriptValue value, Func<string, long> variable) => value switch
    {
        NullValue => null,
        NumberValue or VariableValue => Number(value, variable),
        BytesValue bytes => bytes.ToArray(),
        TimeValue time => new Timespec { Seconds = time.Seconds, Nanoseconds = time.Nanoseconds },
        ListValue list => list.Items.Select(item => Value(item, variable)).ToArray(),
        ActionValue action => new SignalAction
        {
            Disposition = (Linux.V1.Disposition)(int)action.Disposition,
            Flags = (ulong)action.Flags,
            Mask = action.Mask,
        },
        SignalSetValue set => new SignalSet { Mask = set.Mask },
        LockValue held => new FileLock
        {
            Type = held.Type,
            Whence = held.Whence,
            Start = held.Start,
            Len = held.Length,
        },
        _ => throw new ArgumentException($"no message for {value}"),
    };
}

/// <summary>Turns a completion into the fields that README.md lists.</summary>
internal static class GatewayAnswers
{
    /// <summary>The fields of a successful call.</summary>
    public static Dictionary<string, string> Fields(Completion done, string call)
    {
        var fields = new Dictionary<string, string>();
        switch (done.OutCase)
        {
            case Completion.OutOneofCase.Data: fields["data"] =
                Convert.ToHexStringLower(done.Data.Span); break;
            case Completion.OutOneofCase.Stat: Stat(fields, done.Stat); break;
            case Completion.OutOneofCase.Entries: fields["entries"] = Entries(done.Entries.Entries); break;
            case Completion.OutOneofCase.Descriptors: fields["fds"] =
                string.Join(',', done.Descriptors.Fds); break;
            case Completion.OutOneofCase.Groups: fields["groups"] = string.Join(',', done.Groups.Gids); break;
            case Completion.OutOneofCase.WaitStatus: fields["status"] = $"{done.WaitStatus.Status}"; break;
            case Completion.OutOneofCase.Time: fields["time"] = Time(done.Time); break;
            case Completion.OutOneofCase.Signals: fields["mask"] = $"{done.Signals.Mask}"; break;
            case Completion.OutOneofCase.Utsname: Names(fields, done.Utsname); break;
            case Completion.OutOneofCase.Statfs:
                (fields["type"], fields["bsize"]) = ($"{done.Statfs.Type}", $"{done.Statfs.Bsize}");
                fields["namelen"] = $"{done.Statfs.Namelen}";
                break;
            case Completion.OutOneofCase.Ids:
                (fields["real"], fields["effective"]) = ($"{done.Ids.Real}", $"{done.Ids.Effective}");
                fields["saved"] = $"{done.Ids.Saved}";
                break;
            case Completion.OutOneofCase.Child: Child(fields, done.Child); break;
            case Completion.OutOneofCase.Action: Action(fields, done.Action); break;
            case Completion.OutOneofCase.Lock: Lock(fields, done.Lock); break;
            case Completion.OutOneofCase.Owner:
                (fields["owner_type"], fields["owner_pid"]) = ($"{done.Owner.Type}", $"{done.Owner.Pid}");
                break;
            case Completion.OutOneofCase.OwnerIds:
                (fields["uid"], fields["euid"]) = ($"{done.OwnerIds.Uid}", $"{done.OwnerIds.Euid}");
                break;
            case Completion.OutOneofCase.Hint: fields["hint"] = $"{done.Hint}"; break;
        }
        if (call == "getgroups") fields.TryAdd("groups", "");
        return fields;
    }

    /// <summary>NAMEHEX:TYPE:INO,...</summary>
    public static string Entries(IEnumerable<DirectoryEntry> entries) =>
        string.Join(',', entries.Select(entry =>
        $"{Convert.ToHexStringLower(entry.Name.Span)}:{entry.Type}:{entry.Ino}"));

    private static void Stat(Dictionary<string, string> fields, Stat stat)
    {
        fields["dev"] = $"{stat.Dev}";
        fields["ino"] = $"{stat.Ino}";
        fields["mode"] = $"{stat.Mode}";
        fields["nlink"] = $"{stat.Nlink}";
        fields["uid"] = $"{stat.Uid}";
        fields["gid"] = $"{stat.Gid}";
        fields["rdev"] = $"{stat.Rdev}";
        fields["size"] = $"{stat.Size}";
        fields["atime"] = Time(stat.Atim);
        fields["mtime"] = Time(stat.Mtim);
        fields["ctime"] = Time(stat.Ctim);
    }

    private static void Names(Dictionary<string, string> fields, Utsname names)
    {
        fields["sysname"] = Hex(names.Sysname);
        fields["nodename"] = Hex(names.Nodename);
        fields["release"] = Hex(names.Release);
        fields["version"] = Hex(names.Version);
        fields["machine"] = Hex(names.Machine);
    }

    private static void Child(Dictionary<string, string> fields, ChildInfo child)
    {
        fields["si_signo"] = $"{child.Signo}";
        fields["si_code"] = $"{child.Code}";
        fields["si_pid"] = $"{child.Pid}";
        fields["si_uid"] = $"{child.Uid}";
        fields["si_status"] = $"{child.Status}";
    }

    private static void Action(Dictionary<string, string> fields, SignalAction action)
    {
        fields["handler"] = action.Disposition.ToString().ToLowerInvariant();
        fields["flags"] = $"{action.Flags}";
        fields["mask"] = $"{action.Mask}";
    }

    private static void Lock(Dictionary<string, string> fields, FileLock held)
    {
        fields["l_type"] = $"{held.Type}";
        fields["l_whence"] = $"{held.Whence}";
        fields["l_start"] = $"{held.Start}";
        fields["l_len"] = $"{held.Len}";
        fields["l_pid"] = $"{held.Pid}";
    }

    private static string Time(Timespec time) => $"{time.Seconds}:{time.Nanoseconds}";

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
