using System.CommandLine;
using K42.Benchmarks;
using K42.Benchmarks.Harness;
using K42.Benchmarks.Peers;

if (args is [PeerProcess.ServeCommand, var server, var directory])
{
    await PeerServers.RunAsync(server, directory);
    return 0;
}

var root = new RootCommand("Measures K42 and its peers side by side in one run.")
{
    BenchCommand.Create("ipc", "Calls between objects, in one process and between two.", RowTable.Ipc),
    BenchCommand.Create("gateway", "System calls and file reads of a gRPC client.", RowTable.Gateway),
};
return await root.Parse(args).InvokeAsync();
