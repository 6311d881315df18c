using System.Diagnostics;
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
    [InlineData("ls", "--cluster", "my host:1")]
    public async Task Wrong_usage_is_said_without_a_stack_trace_and_exits_with_2(params string[] words)
    {
        using var authority = ClusterAuthority.OpenOrCreate(_root);
        authority.IssueClient(Path.Combine(_root, "client.pem"), Users.Current());
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "k42"), words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["K42_CREDENTIAL"] = Path.Combine(_root, "client.pem");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("   at ", said + await output, StringComparison.Ordinal);
        Assert.Equal((2, true), (process.ExitCode, said.Length > 0));
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

    private ClusterState StateOf(StartedNode node) => new(_root, "", [node]);
}
