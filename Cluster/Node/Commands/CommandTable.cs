using System.CommandLine;

namespace K42.Node.Commands;

/// <summary>The commands of <c>k42</c>, one row each; <c>k42 --help</c> is printed from here.</summary>
internal static class CommandTable
{
    private const string Text = """
        K42.Actors: one operating system that spans machines.

        Start with 'k42 demo' or 'k42 up'. K42 paths are written k42:/path. Client commands use the cluster last started
        on this account, or the one that --cluster and --credential (or K42_CLUSTER and K42_CREDENTIAL) name.

        Exit codes: 0 done, 1 refused or failed (the message says why), 2 wrong usage, 69 something needed is not there
        (no cluster, no SDK), 74 a local file could not be read or written, 130 interrupted.
        """;

    /// <summary>The root command.</summary>
    public static RootCommand Root() => new(Text) { Up(), Node() };

    private static Command Up()
    {
        var nodes = new Option<int>("--nodes") { Description = "How many nodes, 1 to 9.", DefaultValueFactory = _ => 1 };
        var data = new Option<string?>("--data") { Description = "The data directory (default ~/.k42/data)." };
        var detach = new Option<bool>("--detach") { Description = "Return at once and leave the cluster running." };
        var port = new Option<int>("--port") { Description = "The first gateway's TCP port; 0 takes free ones.", DefaultValueFactory = _ => Hosting.Ports.GatewayFirst };
        var profile = new Option<string>("--profile") { Description = "The cluster's timings: default, or demo (deaths within seconds).", DefaultValueFactory = _ => "default" };
        nodes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 9) result.AddError("--nodes takes 1 to 9.");
        });
        var command = new Command("up", "Start a cluster on this machine.") { nodes, data, detach, port, profile };
        command.SetAction((result, _) => UpCommand.RunAsync(
            result.GetValue(nodes), result.GetValue(data), result.GetValue(detach), result.GetValue(profile)!,
            result.GetValue(port)));
        return command;
    }

    private static Command Node()
    {
        var file = new Argument<string>("FILE") { Description = "The node's settings." };
        var withParent = new Option<bool>("--with-parent") { Description = "End when standard input ends." };
        var command = new Command("node", "Run one node in this process.") { file, withParent };
        command.Hidden = true;
        command.SetAction((result, _) => NodeCommand.RunAsync(result.GetValue(file)!, result.GetValue(withParent)));
        return command;
    }
}
