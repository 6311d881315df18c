using System.Net.Sockets;

using K42.Node.Commands;
using K42.Node.Hosting;

namespace K42.Benchmarks.K42Rows;

/// <summary>What a node process holds after a full garbage collection.</summary>
/// <param name="ManagedBytes">Objects on its heap.</param>
/// <param name="ResidentBytes">Memory of the process as the host counts it (RSS).</param>
internal readonly record struct NodeMemory(long ManagedBytes, long ResidentBytes);

/// <summary>A whole node in a process of this program instead of <c>k42</c>: the same command with the same
/// arguments, and beside it a thread that collects garbage and says what is left.</summary>
internal static class MeasuredNode
{
    /// <summary>The hidden command: that of <c>k42</c>, because the same code starts both.</summary>
    public const string NodeCommandName = "node";

    private const string SocketName = "memory.sock";
    private const int Readings = 3;

    /// <summary>Runs the node until its parent ends.</summary>
    public static Task<int> RunAsync(string settingsFile)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(
            Path.Combine(Path.GetDirectoryName(settingsFile)!, SocketName)));
        socket.Listen();
        new Thread(() => Serve(socket)) { IsBackground = true, Name = "memory" }.Start();
        return NodeCommand.RunAsync(settingsFile, withParent: true);
    }

    /// <summary>Asks a node; the least of some readings, because its heart beats go on meanwhile.</summary>
    public static async Task<NodeMemory> AskAsync(NodeSettings node, CancellationToken cancel)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(
            new UnixDomainSocketEndPoint(Path.Combine(node.Directory, SocketName)), cancel)
            .ConfigureAwait(false);
        using var reader = new BinaryReader(new NetworkStream(socket));
        var least = new NodeMemory(long.MaxValue, long.MaxValue);
        for (var i = 0; i < Readings; i++)
        {
            await socket.SendAsync(new byte[1], cancel).ConfigureAwait(false);
            least = new NodeMemory(
                Math.Min(least.ManagedBytes, reader.ReadInt64()),
                Math.Min(least.ResidentBytes, reader.ReadInt64()));
        }
        return least;
    }

    private static void Serve(Socket listener)
    {
        while (true)
        {
            using var asker = listener.Accept();
            using var writer = new BinaryWriter(new NetworkStream(asker));
            var request = new byte[1];
            while (asker.Receive(request) > 0)
            {
                var memory = Collect();
                writer.Write(memory.ManagedBytes);
                writer.Write(memory.ResidentBytes);
                writer.Flush();
            }
        }
    }

    private static NodeMemory Collect()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return new NodeMemory(GC.GetTotalMemory(forceFullCollection: false), Environment.WorkingSet);
    }
}
