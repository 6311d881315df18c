using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace K42.Node.Commands;

/// <summary>The commands of <c>k42</c>, one row each; <c>k42 --help</c> is printed from here.</summary>
internal static class CommandTable
{
    private const string Text = """
        K42.Actors: one operating system that spans machines.

        Start with 'k42 demo' or 'k42 up'. K42 paths are written k42:/path. Client commands use the cluster last started
        on this account, or the one that --cluster and --credential (or K42_CLUSTER and K42_CREDENTIAL) name.

        Exit codes: 0 done, 1 refused or failed (the message says why), 2 wrong usage, 69 something needed is not there
        (no cluster, no SDK; a node that stopped meanwhile), 74 a local file could not be read or written,
        130 interrupted, 141 whoever read standard output reads no further.
        """;

    /// <summary>The root command.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand(Text)
        {
            Demo(), Up(), Down(), Status(), Processes(), Pipes(), List(), Cat(), Copy(), Remove(),
                MakeDirectory(), Move(), Stat(), Kill(),
            Logs(), Syscalls(), Contracts(), Credential(), Shell(), Node(),
        };
        root.Add(ClusterAddress.ClusterOption);
        root.Add(ClusterAddress.CredentialOption);
        return root;
    }

    private static Command Up()
    {
        var nodes = new Option<int>(
            "--nodes") { Description = "How many nodes, 1 to 9; it takes 3 to survive a death.",
            DefaultValueFactory = _ => 1, CustomParser = result => Number(result, "--nodes", 1, 9) };
        var data = new Option<string?>(
            "--data") { Description = "The data directory (default ~/.k42/data)." };
        var detach = new Option<bool>(
            "--detach") { Description = "Return at once and leave the cluster running." };
        var port = new Option<int>(
            "--port") { Description = "The first gateway's TCP port; 0 takes free ones.",
            DefaultValueFactory = _ => Hosting.Ports.GatewayFirst,
            CustomParser = result => Number(result, "--port", 0, ushort.MaxValue) };
        var profile = new Option<string?>(
            "--profile") { Description = "The timings: default, or demo (deaths within seconds)." };
        profile.AcceptOnlyFromAmong("default", "demo");
        var command = new Command(
            "up", "Start a cluster on this machine.") { nodes, data, detach, port, profile };
        command.SetAction((result, _) => UpCommand.RunAsync(
            result.GetValue(nodes), result.GetValue(data), result.GetValue(detach),
            result.GetValue(profile) ?? "", result.GetValue(port)));
        return command;
    }

    private static Command Demo()
    {
        var fast = new Option<bool>("--fast") { Description = "Skip the big copy." };
        var keep = new Option<bool>("--keep") { Description = "Leave the cluster up." };
        var command = new Command(
            "demo", "Start three nodes, show them, kill one, copy much, compare.") { fast, keep };
        command.SetAction(
            (result, _) => K42.Node.Demo.DemoCommand.RunAsync(result.GetValue(fast), result.GetValue(keep)));
        return command;
    }

    private static Command Down()
    {
        var yes = new Option<bool>(
            "--yes", "-y") { Description = "Don't ask, even when files would be lost." };
        var command = new Command("down", "End the cluster last started on this account.") { yes };
        command.SetAction((result, cancel) => ClusterCommands.DownAsync(result.GetValue(yes), cancel));
        return command;
    }

    private static Command Status()
    {
        var json = Json();
        var command = new Command("status", "The nodes, and whether they serve.") { json };
        command.SetAction((result, cancel) =>
            ClusterCommands.StatusAsync(ClusterAddress.Of(result), result.GetValue(json), cancel));
        return command;
    }

    private static Command Processes()
    {
        var json = Json();
        var command = new Command("ps", "The processes of all nodes.") { json };
        command.SetAction((result, cancel) =>
            ClusterCommands.ProcessesAsync(
                ClusterAddress.Of(result), result.GetValue(json), Console.Out, cancel));
        return command;
    }

    private static Command Pipes()
    {
        var command = new Command(
            "pipes", "The pipes of all nodes: bytes moved and held, readers and writers.");
        command.SetAction((result, cancel) => ClusterCommands.PipesAsync(ClusterAddress.Of(result), cancel));
        return command;
    }

    private static Command List()
    {
        var path = RemotePath("Directory or file.", () => "/");
        var details = new Option<bool>("-l") { Description = "Mode, links, owner, size and time." };
        var json = Json();
        var command = new Command("ls", "List a directory.") { path, details, json };
        command.SetAction((result, cancel) => ClusterAddress.Of(result).InSessionAsync(
            "ls",
            (session, _) => FileCommands.ListAsync(
                session, K42Path.Remote(result.GetValue(path)!), result.GetValue(details), result.GetValue(
                    json), Console.Out),
            cancel));
        return command;
    }

    private static Command Cat()
    {
        var path = RemotePath("File.");
        var command = new Command("cat", "Write a file to standard output.") { path };
        command.SetAction((result, cancel) => ClusterAddress.Of(result).InSessionAsync(
            "cat",
            (session, _) => FileCommands.CatAsync(
                session, K42Path.Remote(result.GetValue(path)!), new StandardOutput()),
            cancel));
        return command;
    }

    private static Command Copy()
    {
        var from = new Argument<string>(
            "SRC") { Description = "k42:/path, a local path, or - for standard input." };
        var to = new Argument<string>(
            "DST") { Description = "k42:/path, a local path, or - for standard output." };
        var recursive = new Option<bool>("-r") { Description = "Directories with what is in them." };
        var command = new Command(
            "cp", "Copy files into, out of or within the cluster.") { from, to, recursive };
        command.SetAction((result, cancel) => ClusterAddress.Of(result).InSessionAsync(
            "cp",
            async (session, stop) =>
            {
                var progress = new CopyProgress();
                var copy = new CopyCommand(session, Console.IsErrorRedirected ? null : progress.Report);
                var code = await copy.RunAsync(
                    K42Path.Parse(result.GetValue(from)!), K42Path.Parse(
                        result.GetValue(to)!), result.GetValue(recursive), stop);
                progress.End();
                return code;
            },
            cancel));
        return command;
    }

    private static Command Remove()
    {
        var path = RemotePath("What to remove.");
        var recursive = new Option<bool>("-r") { Description = "Directories with what is in them." };
        var force = new Option<bool>("-f") { Description = "What is not there is no error." };
        var command = new Command("rm", "Remove a file, or a directory with -r.") { path, recursive, force };
        command.SetAction((result, cancel) => ClusterAddress.Of(result).InSessionAsync(
            "rm",
            (session, _) => FileCommands.RemoveAsync(
                session, K42Path.Remote(result.GetValue(path)!), result.GetValue(recursive), result.GetValue(
                    force)),
            cancel));
        return command;
    }

    private static Command MakeDirectory()
    {
        var path = RemotePath("The new directory.");
        var parents = new Option<bool>(
            "-p") { Description = "Those above it too; one that is there is no error." };
        var command = new Command("mkdir", "Make a directory.") { path, parents };
        command.SetAction((result, cancel) => ClusterAddress.Of(result).InSessionAsync(
            "mkdir",
            (session, _) => FileCommands.MakeDirectoryAsync(
                session, K42Path.Remote(result.GetValue(path)!), result.GetValue(parents)),
            cancel));
        return command;
    }

    private static Command Move()
    {
        var from = new Argument<string>("FROM") { Description = "k42:/path" };
        var to = new Argument<string>(
            "TO") { Description = "k42:/path: a new name, or a directory to move into." };
        var command = new Command("mv", "Rename or move.") { from, to };
        command.SetAction((result, cancel) => ClusterAddress.Of(result).InSessionAsync(
            "mv",
            (session, _) => FileCommands.MoveAsync(
                session, K42Path.Remote(result.GetValue(from)!), K42Path.Remote(result.GetValue(to)!)),
            cancel));
        return command;
    }

    private static Command Stat()
    {
        var path = RemotePath("File or directory.");
        var json = Json();
        var command = new Command("stat", "What is known of a file.") { path, json };
        command.SetAction((result, cancel) => ClusterAddress.Of(result).InSessionAsync(
            "stat",
            (session, _) => FileCommands.StatAsync(
                session, K42Path.Remote(result.GetValue(path)!), result.GetValue(json), Console.Out),
            cancel));
        return command;
    }

    private static Command Kill()
    {
        var pid = new Argument<int>("PID") { Description = "The process: PID as ps shows it.",
            CustomParser = result => Number(result, "PID", 1, int.MaxValue) };
        var signal = new Option<int>("--signal", "-s") { Description = "The signal's number, 0 to 64.",
            DefaultValueFactory = _ => 15,
            CustomParser = result => Number(result, "--signal", 0, ClusterCommands.SignalMax) };
        var command = new Command("kill", "Send a signal.") { pid, signal };
        command.SetAction((result, cancel) => ClusterAddress.Of(result).InSessionAsync(
            "kill",
            (session, _) => ClusterCommands.KillAsync(session, result.GetValue(pid), result.GetValue(signal)),
            cancel));
        return command;
    }

    private static Command Logs()
    {
        var node = new Argument<string?>(
            "NODE") { Description = "Only this node's.", Arity = ArgumentArity.ZeroOrOne };
        var lines = new Option<int>("--lines", "-n") { Description = "The last so many of each node.",
            DefaultValueFactory = _ => 50,
            CustomParser = result => Number(result, "--lines", 0, int.MaxValue) };
        var command = new Command(
            "logs", "What the nodes of the cluster last started wrote to their logs.") { node, lines };
        command.SetAction(result => ClusterCommands.Logs(result.GetValue(node), result.GetValue(lines)));
        return command;
    }

    private static Command Syscalls()
    {
        var json = Json();
        var command = new Command("syscalls",
            "Every Linux system call: full, partial with a note, or refused with an errno and why.") { json };
        command.SetAction(result => Console.Out.WriteLine(
            result.GetValue(json)
                ? Personality.Linux.SyscallTable.ToJson() : Personality.Linux.SyscallTable.ToText()));
        return command;
    }

    private static Command Contracts()
    {
        var command = new Command(
            "contracts", "Every IPC contract with its calls, rights, limits and errors.");
        command.SetAction(_ => ClusterCommands.Contracts());
        return command;
    }

    private static Command Credential()
    {
        var user = new Argument<string>(
            "USER") { Description = "An account of this machine: name or number." };
        var file = new Option<string?>(
            "--out") { Description = "The file (default: credentials/USER.pem in the data directory)." };
        var add = new Command("add", "Issue a client credential for a user.") { user, file };
        add.SetAction(result => ClusterCommands.AddCredential(result.GetValue(user)!, result.GetValue(file)));
        return new Command("credential", "Client credentials of the cluster last started.") { add };
    }

    private static Command Shell()
    {
        var command = new Command("sh", "A prompt over these commands, with completion of K42 paths.");
        command.SetAction((result, cancel) => ShellCommand.RunAsync(ClusterAddress.Of(result), cancel));
        return command;
    }

    // Says one sentence, whether it is no number or one that is not taken.
    private static int Number(ArgumentResult result, string name, int min, int max)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max) return number;
        result.AddError($"{name} takes a number from {min} to {max}.");
        return min;
    }

    private static Option<bool> Json() => new("--json") { Description = "For machines." };

    private static Argument<string> RemotePath(string description, Func<string>? otherwise = null)
    {
        var argument = new Argument<string>(
            "PATH") { Description = $"{description} k42:/path; the prefix may be left out." };
        if (otherwise is not null) argument.DefaultValueFactory = _ => otherwise();
        return argument;
    }

    private static Command Node()
    {
        var file = new Argument<string>("FILE") { Description = "The node's settings." };
        var withParent = new Option<bool>(
            "--with-parent") { Description = "End when standard input ends with nothing in it." };
        var command = new Command("node", "Run one node in this process.") { file, withParent };
        command.Hidden = true;
        command.SetAction(
            (result, _) => NodeCommand.RunAsync(result.GetValue(file)!, result.GetValue(withParent)));
        return command;
    }
}
