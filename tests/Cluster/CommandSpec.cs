using Grpc.Core;
using K42.Client;
using K42.Cluster.Security;
using K42.Node.Commands;
using K42.Node.Hosting;
using Xunit;

namespace K42.Cluster.Tests;

/// <summary>The command line, as far as no cluster is needed.</summary>
public sealed class CommandSpec : IDisposable
{
    private const string HomeVariable = "K42_HOME";

    private readonly string? _home = Environment.GetEnvironmentVariable(HomeVariable);
    private readonly string _root = Directory.CreateTempSubdirectory("k42-command-").FullName;

    public CommandSpec() => Environment.SetEnvironmentVariable(HomeVariable, _root);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(HomeVariable, _home);
        Directory.Delete(_root, recursive: true);
    }

    public static TheoryData<Exception, int?> Failures => new()
    {
        { new UserException("no", 2), 2 },
        { new K42Exception(Errno.ENOENT, "open", "/x"), 1 },
        { new CredentialException("no"), 1 },
        { new RpcException(new Status(StatusCode.Unavailable, "gone")), 69 },
        { new RpcException(new Status(StatusCode.Cancelled, "stopped")), 130 },
        { new TaskCanceledException(), 130 },
        { new FileNotFoundException("no"), 74 },
        { new UnauthorizedAccessException("no"), 74 },
        { new InvalidOperationException("a fault"), null },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void Expected_failures_have_the_exit_codes_of_the_help_text(Exception e, int? code) =>
        Assert.Equal(code, Failure.Of(e)?.ExitCode);

    [Fact]
    public void A_process_with_a_nodes_number_is_the_node_only_when_it_started_with_it()
    {
        var node = Own("one");
        Assert.True(node.IsRunning());
        Assert.False((node with { StartTime = node.StartTime + 1 }).IsRunning());
        Assert.False((node with { StartTime = 0 }).IsRunning());
        Assert.False((node with { ProcessId = int.MaxValue }).IsRunning());
    }

    [Fact]
    public void A_cluster_is_forgotten_only_by_itself_and_refuses_a_second_while_it_runs()
    {
        ClusterState.RefuseSecond();
        var (one, other) = (StateOf(Own("one")), StateOf(Own("other")));
        one.Save();
        Assert.Throws<UserException>(ClusterState.RefuseSecond);
        other.Save();
        one.Forget();
        Assert.Equal("other", Assert.Single(ClusterState.Load()!.Nodes).Name);
        other.Forget();
        Assert.Null(ClusterState.Load());
    }

    [Fact]
    public async Task A_data_directory_whose_sockets_would_have_too_long_names_is_refused_untouched()
    {
        var data = Path.Combine(_root, new string('d', 100));
        var refused = await Assert.ThrowsAsync<UserException>(() => LocalCluster.StartAsync(
            data, 1, false, "demo", 0, _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("too long a name", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ls", "a", "b")]
    [InlineData("up", "--nodes", "10")]
    [InlineData("up", "--profile", "quick")]
    [InlineData("up", "--port", "70000")]
    [InlineData("up", "--port", "-1")]
    [InlineData("up", "--port", "65534", "--nodes", "3")]
    [InlineData("up", "--nodes", "x")]
    [InlineData("up", "--nodes", "-1")]
    [InlineData("up", "--nodes", "99999999999")]
    [InlineData("up", "--nodes", "")]
    [InlineData("up", "--nodes")]
    [InlineData("up", "--port", "x")]
    [InlineData("up", "--port", "99999999999")]
    [InlineData("kill", "x")]
    [InlineData("kill", "0")]
    [InlineData("kill", "-1")]
    [InlineData("kill", "99999999999")]
    [InlineData("kill", "7", "--signal", "x")]
    [InlineData("kill", "7", "-s", "-9")]
    [InlineData("kill", "7", "-s", "65")]
    [InlineData("kill", "7", "-s", "99999999999")]
    [InlineData("logs", "--lines", "x")]
    [InlineData("logs", "-n", "-1")]
    [InlineData("logs", "-n", "99999999999")]
    [InlineData("ls", "--cluster", "my host:1")]
    [InlineData("ls", "--cluster", "nonsense")]
    [InlineData("ls", "--cluster", "host:x")]
    [InlineData("ls", "--cluster", "host:0")]
    [InlineData("ls", "--cluster", "host:70000")]
    [InlineData("ls", "--cluster", "host:1/x")]
    [InlineData("status", "--cluster", ":1")]
    [InlineData("sh", "--cluster", "")]
    public async Task Wrong_usage_is_said_without_a_stack_trace_and_exits_with_2(params string[] words)
    {
        using var run = Run(words);
        var (code, output, said) = await run.EndAsync();
        Assert.DoesNotContain("   at ", said + output, StringComparison.Ordinal);
        Assert.Equal((2, true), (code, said.Length > 0));
    }

    [Theory]
    [InlineData("ls", "--cluster", "127.0.0.1:1")]
    [InlineData("status", "--cluster", "nosuch.invalid:1")]
    public async Task A_cluster_that_is_not_there_is_said_in_words_that_a_user_knows(params string[] words)
    {
        using var run = Run(words);
        var (code, _, said) = await run.EndAsync();
        Assert.Equal(69, code);
        Assert.DoesNotContain("subchannel", said, StringComparison.Ordinal);
        Assert.Contains("'k42 up' starts one", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_is_no_silence_and_what_is_said_has_whole_sentences()
    {
        var status = new Status(StatusCode.ResourceExhausted, "this node has as many sessions as it may");
        var (code, said) = Failure.Of(new RpcException(status))!.Value;
        Assert.Equal(1, code);
        Assert.DoesNotContain("did not answer", said, StringComparison.Ordinal);
        Assert.StartsWith(
            "The cluster refused: this node has as many sessions as it may. ", said,
            StringComparison.Ordinal);
        status = new Status(StatusCode.Unavailable, "Error connecting to subchannel.");
        Assert.StartsWith("The cluster did not answer: nobody listens there. ",
            Failure.Of(new RpcException(status))!.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_message_of_a_failure_has_control_characters() => Assert.All<Exception>(
        [
            new IOException("no\u001b[2J\n"), new RpcException(new Status(StatusCode.Internal, "\u009b2J")),
            new UserException("\a"), new UnauthorizedAccessException("\r"),
        ],
        e => Assert.DoesNotContain(Failure.Of(e)!.Value.Message, char.IsControl));

    [Fact]
    public void Logs_of_a_node_that_is_not_known_are_refused_with_those_that_are()
    {
        StateOf(Own("one")).Save();
        var refused = Assert.Throws<UserException>(() => ClusterCommands.Logs("nosuch", 1));
        Assert.Equal(2, refused.ExitCode);
        Assert.EndsWith("it has one.", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, ClusterCommands.Logs("one", 1));
    }

    [Fact]
    public void A_credential_that_has_no_place_leaves_nothing_behind()
    {
        ClusterAuthority.OpenOrCreate(_root).Dispose();
        StateOf(Own("one")).Save();
        var taken = Directory.CreateDirectory(Path.Combine(_root, "taken")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(_root, "null"), "/dev/null");
        var before = Directory.GetFileSystemEntries(_root);
        foreach (var place in new[] { "taken", "taken/", "nosuch/x", "nosuch/", "ca.pem/x", "null" })
        {
            var refused = Assert.Throws<UserException>(
                () => ClusterCommands.AddCredential("root", Path.Combine(_root, place)));
            Assert.Equal(74, refused.ExitCode);
        }
        Assert.Equal(2, Assert.Throws<UserException>(
            () => ClusterCommands.AddCredential("root", "")).ExitCode);
        Assert.ThrowsAny<Exception>(() => SecureFiles.Replace(taken, "text"));
        Assert.Equal(before, Directory.GetFileSystemEntries(_root));
        Assert.Empty(Directory.GetFileSystemEntries(taken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"data":"x","credential":"y"}""")]
    [InlineData("""{"data":"x","credential":"y","nodes":[]}""")]
    [InlineData("""{"data":"x","credential":"y","nodes":[null]}""")]
    public void Damaged_files_of_this_account_are_no_cluster_and_no_settings(string text)
    {
        File.WriteAllText(Path.Combine(_root, "cluster.json"), text);
        Assert.Null(ClusterState.Load());
        Assert.Throws<UserException>(() => NodeSettings.Load(Path.Combine(_root, "cluster.json")));
    }

    [Fact]
    public void A_new_credential_never_replaces_one_of_the_cluster_itself()
    {
        using (var authority = ClusterAuthority.OpenOrCreate(_root))
        {
            authority.EnsureNode(Path.Combine(_root, "node-1", "node.pem"), "node-1");
            authority.IssueClient(Path.Combine(_root, "client.pem"), Users.Current());
        }
        new ClusterState(_root, Path.Combine(_root, "client.pem"), [Own("one")]).Save();
        Directory.CreateSymbolicLink(Path.Combine(_root, "elsewhere"), _root);
        foreach (var file in new[] { "ca.pem", "client.pem", "node-1/node.pem", "elsewhere/ca.pem" })
        {
            var (path, before) = (Path.Combine(_root, file), File.ReadAllText(Path.Combine(_root, file)));
            Assert.Throws<UserException>(() => ClusterCommands.AddCredential("root", path));
            Assert.Equal(before, File.ReadAllText(path));
        }
        Assert.Equal(0, ClusterCommands.AddCredential("root", null));
        using var made = Credential.Load(Path.Combine(_root, "credentials", "root.pem"), PeerRole.Client);
        Assert.Equal("root", made.Name);
    }

    private static StartedNode Own(string name) => new(
        name, Environment.ProcessId, "", "", StartedNode.StartTimeOf(Environment.ProcessId));

    private CommandRun Run(params string[] words)
    {
        using (var authority = ClusterAuthority.OpenOrCreate(_root))
            authority.IssueClient(Path.Combine(_root, "client.pem"), Users.Current());
        return new CommandRun(
            new Dictionary<string, string> { ["K42_CREDENTIAL"] = Path.Combine(_root, "client.pem") }, words);
    }

    private ClusterState StateOf(StartedNode node) => new(_root, "", [node]);
}
