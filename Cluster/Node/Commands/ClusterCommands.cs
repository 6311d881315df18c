using System.Globalization;
using System.Text.Json;

using Grpc.Core;

using K42.Client;
using K42.Cluster.Security;
using K42.Contracts;
using K42.Native.V1;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary>status, ps, kill, logs, down, credential, contracts: the cluster as a whole.</summary>
internal static class ClusterCommands
{
    /// <summary>The last signal: signal(7).</summary>
    public const int SignalMax = 64;

    /// <summary>status [--json]</summary>
    public static async Task<int> StatusAsync(ClusterAddress address, bool json, CancellationToken cancel)
    {
        await using var connection = await address.ConnectAsync(cancel).ConfigureAwait(false);
        var status = await connection.Cluster.StatusAsync(new StatusRequest(), cancellationToken: cancel);
        var processes = await connection.Cluster.ProcessesAsync(
            new ProcessesRequest(), cancellationToken: cancel);
        var volumes = await connection.Cluster.VolumesAsync(new VolumesRequest(), cancellationToken: cancel);
        var rows = status.Nodes.Select(node => new
        {
            node = node.Name,
            id = node.Id,
            incarnation = node.Incarnation,
            gateway = node.GatewayAddress,
            processes = processes.Processes.Count(process => process.Node == node.Id),
            volumes = volumes.Volumes.Count(volume => volume.Node == node.Id),
        }).ToArray();
        if (json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(new { serving = status.Serving, nodes = rows }, NodeJson.Options));
            return 0;
        }
        Console.WriteLine(status.Serving
            ? "The cluster serves." : "This node has no majority: it serves nothing until it has.");
        Console.WriteLine($"{"NODE",-12} {"ID",4} {"LIFE",5} {"GATEWAY",-22} {"PROCESSES",9} {"VOLUMES",8}");
        foreach (var row in rows)
            Console.WriteLine($"{K42Text.Show(row.node),-12} {row.id,4} {row.incarnation,5} {K42Text.Show(row.gateway),-22} {row.processes,9} {row.volumes,8}");
        return 0;
    }

    /// <summary>ps [--json]</summary>
    public static async Task<int> ProcessesAsync(
        ClusterAddress address, bool json, TextWriter output, CancellationToken cancel)
    {
        await using var connection = await address.ConnectAsync(cancel).ConfigureAwait(false);
        var reply = await connection.Cluster.ProcessesAsync(
            new ProcessesRequest(), cancellationToken: cancel);
        if (json)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(reply.Processes.Select(process => new
            {
                pid = process.Pid,
                parent = process.Parent,
                group = process.Group,
                session = process.Session,
                uid = process.Uid,
                user = process.User,
                state = process.State,
                name = process.Name,
                node = process.Node,
            }), NodeJson.Options)).ConfigureAwait(false);
            return 0;
        }
        await output.WriteLineAsync($"{"PID",8} {"PPID",8} {"NODE",5} {"USER",-12} S NAME")
            .ConfigureAwait(false);
        foreach (var process in reply.Processes)
            await output.WriteLineAsync(
                $"{process.Pid,8} {process.Parent,8} {process.Node,5} {K42Text.Show(process.User),-12} {Failure.Plain(process.State)} {K42Text.Show(process.Name)}").ConfigureAwait(false);
        foreach (var node in reply.Unanswered) await Console.Error.WriteLineAsync(
            $"Node {node} did not answer.").ConfigureAwait(false);
        return 0;
    }

    /// <summary>kill PID [--signal N]</summary>
    /// <exception cref="UserException">No process or signal has that number.</exception>
    public static async Task<int> KillAsync(K42Session session, int pid, int signal)
    {
        if (pid <= 0 || signal is < 0 or > SignalMax) throw new UserException(
            $"kill takes PID as ps shows it, and a signal's number, 0 to {SignalMax}.", 2);
        await session.Main.KillAsync(pid, signal).ConfigureAwait(false);
        return 0;
    }

    /// <summary>pipes</summary>
    public static async Task<int> PipesAsync(ClusterAddress address, CancellationToken cancel)
    {
        await using var connection = await address.ConnectAsync(cancel).ConfigureAwait(false);
        var reply = await connection.Cluster.PipesAsync(new PipesRequest(), cancellationToken: cancel);
        Console.WriteLine($"{"NODE",5} {"INODE",8} {"MOVED",14} {"HELD",6} {"READERS",7} {"WRITERS",7} {"READER",8} {"WRITER",8}");
        foreach (var pipe in reply.Pipes)
            Console.WriteLine(
                $"{pipe.Node,5} {pipe.Inode,8} {pipe.BytesMoved,14} {pipe.BytesHeld,6} {pipe.Readers,7} {pipe.Writers,7} {pipe.ReaderPid,8} {pipe.WriterPid,8}");
        return 0;
    }

    /// <summary>logs [NODE] [--lines N]</summary>
    public static int Logs(string? node, int lines)
    {
        var state = ClusterState.Load()
            ?? throw new UserException("No cluster was started on this account, so there are no logs.", 69);
        if (node is not null && state.Nodes.All(started => started.Name != node))
            throw new UserException($"There is no node {K42Text.Show(node)} in the cluster last started: it "
                + $"has {string.Join(", ", state.Nodes.Select(started => started.Name))}.", 2);
        foreach (var started in state.Nodes.Where(started => node is null || started.Name == node))
        {
            var file = Path.Combine(state.Data, started.Name, "node.log");
            if (!File.Exists(file)) continue;
            foreach (var line in File.ReadLines(file).TakeLast(lines)) Console.WriteLine(
                $"{started.Name}: {Failure.Plain(line)}");
        }
        return 0;
    }

    /// <summary>down [--yes]</summary>
    public static async Task<int> DownAsync(bool yes, CancellationToken cancel)
    {
        var state = ClusterState.Load();
        var running = state?.Running() ?? [];
        if (state is null || running.Count == 0)
        {
            state?.Forget();
            Console.WriteLine("No cluster is running.");
            return 0;
        }
        if (!yes && !await MayEndAsync(state, running[0], cancel).ConfigureAwait(false)) return 1;
        foreach (var node in running.Reverse())
        {
            Console.Error.WriteLine($"ending {node.Name}");
            await NodeProcess.StopAsync(node, LocalCluster.StopPatience).ConfigureAwait(false);
        }
        state.Forget();
        return 0;
    }

    /// <summary>credential add USER [--out FILE]</summary>
    public static int AddCredential(string user, string? file)
    {
        var state = ClusterState.Load()
            ?? throw new UserException("No cluster was started on this account: 'k42 up' makes one.", 69);
        if (!File.Exists(Path.Combine(state.Data, "ca.pem")))
            throw new UserException($"{state.Data} holds no authority, so it can't issue credentials.");
        var identity = Users.Of(user)
            ?? throw new UserException($"This machine has no account named {user}.");
        if (file is not null) RefuseWhereNoFileCanBe(file);
        var path = file ?? Path.Combine(state.Data, "credentials", $"{identity.User}.pem");
        RefuseTheClustersOwn(path, state);
        using var authority = ClusterAuthority.OpenOrCreate(state.Data);
        authority.IssueClient(path, identity);
        Console.WriteLine(path);
        return 0;
    }

    private static void RefuseWhereNoFileCanBe(string path)
    {
        const int wrongUsage = 2, local = 74;
        const uint regular = 0x8000; // S_IFREG, inode(7)
        if (path.Length == 0) throw new UserException("--out takes the name of a file.", wrongUsage);
        if (FileStatus.OfLocal(path, follow: true) is { Type: not regular }) throw new UserException(
            $"{K42Text.Show(path)} is no regular file: give --out the name of one.", local);
        // As a directory's name, since it may end in a slash.
        var directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(directory)) throw new UserException(
            $"There is no directory {K42Text.Show(directory ?? path)}: make it first, or give another --out.",
            local);
    }

    // The name need not be the same to be the same file.
    private static void RefuseTheClustersOwn(string path, ClusterState state)
    {
        if (FileStatus.OfLocal(path, follow: true) is not { } there) return;
        string[] own =
        [
            Path.Combine(state.Data, "ca.pem"), state.Credential,
            .. Directory.EnumerateDirectories(state.Data, "node-*")
                .Select(node => Path.Combine(node, "node.pem")),
        ];
        if (own.Any(file => FileStatus.OfLocal(file, follow: true) is { } other && there.IsSame(other)))
            throw new UserException($"{path} is a credential of the cluster itself: give another --out.");
    }

    /// <summary>contracts</summary>
    public static int Contracts()
    {
        foreach (var contract in ContractCatalogue.Contracts)
        {
            Console.WriteLine($"{contract.Id,5}  {contract.Name}{(contract.Factory ? "  (factory)" : "")}");
            Console.WriteLine($"       {contract.Summary}");
            foreach (var call in contract.Calls)
            {
                var parameters = string.Join(", ", call.Parameters.Select(
                    field => $"{field.Type} {field.Name}{(field.Max > 0 ? $"<={field.Max}" : "")}"));
                Console.WriteLine($"  {call.Number,3}  {call.Name}({parameters}) -> {(call.OneWay ? "nobody waits" : call.Result)}  rights: {call.Rights}"
                    + (call.Fails.Count > 0 ? $"  errors: {string.Join(' ', call.Fails)}" : ""));
            }
        }
        return 0;
    }

    private static async Task<bool> MayEndAsync(
        ClusterState state, StartedNode node, CancellationToken cancel)
    {
        try
        {
            await using var connection = await K42Connection.ConnectAsync(
                node.Gateway, state.Credential, cancel).ConfigureAwait(false);
            var volumes = await connection.Cluster.VolumesAsync(
                new VolumesRequest(), cancellationToken: cancel);
            if (volumes.Unanswered.Count == 0 && volumes.Volumes.All(volume => volume.Empty)) return true;
            var bytes = volumes.Volumes.Sum(volume => volume.BytesUsed);
            var size = bytes < 1e6 ? $"{bytes:N0} bytes" : string.Create(
                CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
            var silent = string.Concat(volumes.Unanswered.Select(id => $"Node {id} does not answer. "));
            Console.Error.Write(
                $"{silent}The cluster holds {size} of files in memory, which end with it. End it? [y/N] ");
        }
        catch (Exception e) when (e is IOException or RpcException or CredentialException)
        {
            Console.Error.Write("The cluster does not answer, so its files can't be checked. End it? [y/N] ");
        }
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
