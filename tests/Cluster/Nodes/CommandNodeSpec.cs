using System.Diagnostics;
using K42.Client;
using K42.Node.Commands;
using K42.Node.Demo;
using K42.Node.Hosting;
using Xunit;

namespace K42.Cluster.Tests.Nodes;

/// <summary>Commands against a node of their own.</summary>
public sealed class CommandNodeSpec : IAsyncLifetime
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigCont = 18;
    private const int SigStop = 19;
    private const int ManyFiles = 3_000;

    private readonly string _root = Directory.CreateTempSubdirectory("k42-commands-").FullName;
    private LocalCluster _cluster = null!;
    private DemoProcess _process = null!;

    private K42Task Main => _process.Task;
    private string Gateway => _cluster.Nodes[0].Started.Gateway;
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        K42.Node.Hosting.NodeProcess.Program = Path.Combine(AppContext.BaseDirectory, "k42");
        _cluster = await LocalCluster.StartAsync(
            Path.Combine(_root, "data"), 1, detached: false, "demo", 0, _ => { }, Cancel);
        _process = await DemoProcess.BeginAsync(Gateway, _cluster.Credential, "commands", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _cluster.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task The_root_is_never_removed_whatever_it_is_called()
    {
        await Files.WriteAsync(Main, "/tmp/kept", [1]);
        await Main.SymlinkAsync("/", "/tmp/root", Cancel);
        foreach (var path in new[] { "/", "/.", "//", "/tmp/..", "/tmp/root/" })
        {
            var refused = await Assert.ThrowsAsync<UserException>(() => FileCommands.RemoveAsync(
                _process.Session, path, recursive: true, force: true));
            Assert.Equal(2, refused.ExitCode);
        }
        Assert.Equal([1], await Files.ReadAsync(Main, "/tmp/kept"));
        Assert.Equal(0, await FileCommands.RemoveAsync(_process.Session, "/tmp/root", true, false));
        await Main.MakeDirectoryAsync("/below", cancellation: Cancel);
        Assert.Equal(0, await FileCommands.RemoveAsync(_process.Session, "/below/.././below", true, false));
    }

    [Fact]
    public async Task The_names_of_others_reach_no_terminal_as_they_are()
    {
        await using var other = await DemoProcess.BeginAsync(
            Gateway, _cluster.Credential, "evil\u001b[2J\nroot", Cancel);
        var said = new StringWriter();
        var address = new ClusterAddress(Gateway, _cluster.Credential);
        Assert.Equal(0, await ClusterCommands.ProcessesAsync(address, json: false, said, Cancel));
        Assert.DoesNotContain('\u001b', said.ToString());
        Assert.Contains(@"'evil'$'\033''[2J'$'\012''root'", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_kills_only_processes_that_have_a_number()
    {
        using var prompt = Run("sh");
        await prompt.Input.WriteLineAsync("kill -1\nkill 0\nkill 7 -3");
        var (_, _, said) = await prompt.EndAsync();
        Assert.Equal(3, said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain("ended", said, StringComparison.Ordinal);
        await Main.StatAsync("/", Cancel);
    }

    [Theory]
    [InlineData("", "cat", "k42:/dev/zero")]
    [InlineData("", "cp", "k42:/dev/zero", "-")]
    [InlineData("cat /dev/zero\n", "sh")]
    public async Task Who_reads_no_further_ends_the_program_without_a_word(
        string input, params string[] words)
    {
        using var run = Run(words);
        await run.Input.WriteAsync(input);
        await run.Input.FlushAsync(Cancel);
        Assert.Equal(0, run.Output.Read());
        run.Output.Close();
        Assert.Equal((141, ""), await run.ExitAsync());
    }

    [Fact]
    public async Task What_is_written_to_a_file_goes_behind_what_is_there()
    {
        await Files.WriteAsync(Main, "/tmp/one", "one\n"u8.ToArray());
        await Files.WriteAsync(Main, "/tmp/two", "two\n"u8.ToArray());
        var program = Path.Combine(AppContext.BaseDirectory, "k42");
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", [
            "-c", "(\"$0\" cat /tmp/one; \"$0\" cp k42:/tmp/two -) > \"$1\"", program, PathOf("both")])
        {
            Environment = { ["K42_CLUSTER"] = Gateway, ["K42_CREDENTIAL"] = _cluster.Credential },
        })!;
        await shell.WaitForExitAsync(Cancel).WaitAsync(TestCluster.Patience, Cancel);
        Assert.Equal("one\ntwo\n", File.ReadAllText(PathOf("both")));
    }

    [Fact]
    public async Task A_copy_of_a_tree_ends_with_its_session()
    {
        MakeTree(200);
        await using var doomed = await DemoProcess.BeginAsync(
            Gateway, _cluster.Credential, "doomed", Cancel);
        var killing = 0;
        var copy = new CopyCommand(doomed.Session, (_, _) =>
        {
            if (Interlocked.Exchange(ref killing, 1) == 0) Main.KillAsync(doomed.Pid, SigKill, Cancel).Wait();
        });
        var (error, said) = (Console.Error, new StringWriter());
        Console.SetError(said);
        var ended = await Assert.ThrowsAsync<K42SessionEndedException>(() => copy.RunAsync(
            K42Path.Parse(PathOf("tree")), K42Path.Parse("k42:/tree"), recursive: true, Cancel));
        Console.SetError(error);
        Assert.Equal("", said.ToString());
        var (code, message) = Failure.Of(ended)!.Value;
        Assert.Equal(69, code);
        Assert.Contains("'k42 status'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_copy_says_so_even_when_its_node_does_not_answer()
    {
        MakeTree(ManyFiles);
        using var run = Run("cp", "-r", PathOf("tree"), "k42:/tree");
        while (!await K42File.ExistsAsync(Main, "/tree/0", Cancel)) await Task.Yield();
        var node = _cluster.Nodes[0].Started.ProcessId;
        Signals.Send(node, SigStop);
        Signals.Send(run.Id, SigInt);
        var (code, said) = await run.ExitAsync();
        Signals.Send(node, SigCont);
        Assert.Equal((130, "Interrupted.\n"), (code, said));
    }

    [Theory]
    [InlineData("cp", "/dev/zero", "k42:/dev/null")]
    [InlineData("cat", "k42:/dev/zero")]
    public async Task Interrupted_programs_say_so(params string[] words)
    {
        using var run = Run(words);
        // It is known by its name once it has a session.
        var address = new ClusterAddress(Gateway, _cluster.Credential);
        for (var said = ""; !said.Contains($"R {words[0]}\n", StringComparison.Ordinal)
            && !said.Contains($"S {words[0]}\n", StringComparison.Ordinal);)
        {
            var output = new StringWriter();
            await ClusterCommands.ProcessesAsync(address, json: false, output, Cancel);
            said = output.ToString();
        }
        Signals.Send(run.Id, SigInt);
        var (code, _, error) = await run.EndAsync();
        Assert.Equal((130, "Interrupted.\n"), (code, error));
    }

    [Fact]
    public async Task A_local_name_that_is_no_UTF8_is_said_to_be_that()
    {
        await ShellAsync("mkdir \"$0\"; : > \"$0/$(printf 'caf\\351')\"");
        using var run = Run("cp", "-r", PathOf("tree"), "k42:/tree");
        var (code, _, said) = await run.EndAsync();
        // .NET could not.
        await ShellAsync("rm -r \"$0\"");
        Assert.Equal(1, code);
        Assert.Contains("is not UTF-8", said, StringComparison.Ordinal);
    }

    private CommandRun Run(params string[] words) => new(
        new Dictionary<string, string>
        {
            ["K42_CLUSTER"] = Gateway,
            ["K42_CREDENTIAL"] = _cluster.Credential,
        }, words);

    private async Task ShellAsync(string script)
    {
        using var shell = Process.Start("/bin/sh", ["-c", script, PathOf("tree")]);
        await shell.WaitForExitAsync(Cancel);
    }

    private void MakeTree(int files)
    {
        Directory.CreateDirectory(PathOf("tree"));
        for (var i = 0; i < files; i++)
            File.WriteAllBytes(PathOf($"tree/{i}"), "some bytes"u8.ToArray());
    }

    private string PathOf(string name) => Path.Combine(_root, name);
}
