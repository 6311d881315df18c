using System.CommandLine;
using System.CommandLine.Help;
using K42.Benchmarks;
using K42.Benchmarks.Harness;
using K42.Benchmarks.K42Rows;
using K42.Benchmarks.Peers;

if (args is [PeerProcess.ServeCommand, var server, var directory])
{
    await PeerServers.RunAsync(server, directory);
    return 0;
}
if (args is [MeasuredNode.NodeCommandName, var settings, ..]) return await MeasuredNode.RunAsync(settings);

// Not a RootCommand: that would show this file's name in the help, and people start `./k42 bench`.
var root = new Command("bench", "Measures K42 and its peers side by side in one run.")
{
    new HelpOption { Recursive = true },
    BenchCommand.Create("ipc", "Calls between objects, in one process and between two.", RowTable.Ipc),
    BenchCommand.Create("gateway", "System calls and file reads of a gRPC client.", RowTable.Gateway),
    BenchCommand.Create("memory", "Memory of a node per idle process, open file and pipe.", RowTable.Memory),
    BenchCommand.Create("cluster", "System calls with one, two and three nodes.", RowTable.Cluster),
};
return await root.Parse(args).InvokeAsync();
