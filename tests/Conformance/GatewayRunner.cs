using K42.Client;
using K42.Personality.Tests.Gateway;

namespace K42.Conformance;

/// <summary>Runs cases on K42: a whole node in this process, reached through its gateway by gRPC with mutual
/// TLS.</summary>
/// <remarks>Every case has a node of its own, so that it begins with an empty root. One run at a time per
/// object.</remarks>
public sealed class GatewayRunner : IScriptRunner
{
    /// <inheritdoc/>
    public string Name => "k42";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CallResult>> Run(ScriptCase script, CancellationToken cancellation)
    {
        await using var node = await GatewayNode.StartAsync();
        await using var connections = new GatewayConnections(node);
        var root = await connections.Of(Identity.Root);
        await using (var session = await root.BeginSessionAsync("furnish", cancellation))
            await Furnish(session.Main, cancellation);
        return await Run(script, connections, cancellation);
    }

    /// <summary>Runs a case on a node whose root is furnished.</summary>
    internal static async Task<IReadOnlyList<CallResult>> Run(
        ScriptCase script, GatewayConnections connections, CancellationToken cancellation)
    {
        await using var run = new GatewayCase(connections, cancellation);
        var results = new List<CallResult>();
        foreach (var line in script.Lines)
        {
            try
            {
                results.Add(await run.Run(line));
            }
            catch (Exception e) when (e is K42Exception or K42SessionEndedException or TimeoutException
                or Grpc.Core.RpcException or ArgumentException or KeyNotFoundException)
            {
                throw new ScriptRunException(
                    $"{script.FullName}, line {line.Number}: {line.Text}: {e.GetType().Name}: {e.Message}");
            }
        }
        return results;
    }

    // Cases count the links of the root, so it holds what README.md promises and no more.
    private static async Task Empty(K42Task root, CancellationToken cancellation)
    {
        var names = new List<string>();
        await foreach (var entry in K42File.EnumerateAsync(root, "/", cancellation)) names.Add(entry.Text);
        foreach (var name in names)
        {
            if (name is not ("dev" or "tmp")) await K42File.DeleteAsync(root, $"/{name}", true, cancellation);
        }
    }

    /// <summary>Leaves in the root what README.md promises every case: /dev with its devices, and
    /// /tmp.</summary>
    internal static async Task Furnish(K42Task root, CancellationToken cancellation)
    {
        await root.MakeAsync(SystemCalls.Chmod("/", 0x1ed), "/", cancellation);
        await root.MakeAsync(SystemCalls.Chown("/", 0, 0), "/", cancellation);
        await root.MakeAsync(SystemCalls.Umask(0), null, cancellation);
        await K42File.MakeDirectoriesAsync(root, "/dev", 0x1ed, cancellation);
        await K42File.MakeDirectoriesAsync(root, "/tmp", 0x1ff, cancellation);
        await root.SetModeAsync("/tmp", 0x3ff, cancellation);
        (string Name, ulong Minor)[] devices =
            [("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)];
        await Empty(root, cancellation);
        foreach (var (name, minor) in devices)
        {
            if (await K42File.ExistsAsync(root, $"/dev/{name}", cancellation)) continue;
            await root.MakeAsync(SystemCalls.Mknod($"/dev/{name}", 0x21b6, (1 << 8) | minor), name,
                cancellation);
        }
    }
}
