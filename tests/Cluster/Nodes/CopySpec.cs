using System.Diagnostics;
using K42.Client;
using K42.Node.Commands;
using K42.Node.Demo;
using K42.Node.Hosting;
using Xunit;

namespace K42.Cluster.Tests.Nodes;

/// <summary><c>k42 cp</c> against a node of its own.</summary>
public sealed class CopySpec : IAsyncLifetime
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute;
    private const UnixFileMode Script = Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private readonly string _root = Directory.CreateTempSubdirectory("k42-copy-").FullName;
    private LocalCluster _cluster = null!;
    private DemoProcess _process = null!;

    private K42Task Main => _process.Task;
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        K42.Node.Hosting.NodeProcess.Program = Path.Combine(AppContext.BaseDirectory, "k42");
        _cluster = await LocalCluster.StartAsync(
            Path.Combine(_root, "data"), 1, detached: false, "demo", 0, _ => { }, Cancel);
        _process = await DemoProcess.BeginAsync(
            _cluster.Nodes[0].Started.Gateway, _cluster.Credential, "copy", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _cluster.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task A_file_copied_onto_itself_is_refused_and_keeps_its_bytes()
    {
        await Files.WriteAsync(Main, "/one", [1, 2, 3]);
        await Main.LinkAsync("/one", "/two", Cancel);
        await Main.SymlinkAsync("one", "/three", Cancel);
        foreach (var name in new[] { "k42:/one", "k42:/two", "k42:/three", "k42:/" })
            await Assert.ThrowsAsync<UserException>(() => CopyAsync("k42:/one", name));
        Assert.Equal([1, 2, 3], await Files.ReadAsync(Main, "/one"));

        var local = PathOf("local");
        await File.WriteAllTextAsync(local, "text", Cancel);
        await Assert.ThrowsAsync<UserException>(() => CopyAsync(local, local));
        Assert.Equal("text", File.ReadAllText(local));
    }

    [Fact]
    public async Task A_tree_is_not_copied_into_itself_but_beside_itself()
    {
        await Main.MakeDirectoryAsync("/a", cancellation: Cancel);
        await Files.WriteAsync(Main, "/a/file", [1]);
        await Main.SymlinkAsync("/a", "/into", Cancel);
        foreach (var target in new[] { "k42:/a", "k42:/a/b", "k42:/a/b/c", "k42:/into/b", "k42:/a/../a/b" })
            await Assert.ThrowsAsync<UserException>(() => CopyAsync("k42:/a", target));
        await Assert.ThrowsAsync<UserException>(() => CopyAsync("k42:/", "k42:/backup"));
        await Assert.ThrowsAsync<UserException>(() => CopyAsync(_root, PathOf("b")));
        Assert.Equal(0, await CopyAsync("k42:/a", "k42:/ab"));
        Assert.Equal([1], await Files.ReadAsync(Main, "/ab/file"));
    }

    [Fact]
    public async Task Modes_and_links_go_along_there_and_back_and_again()
    {
        Directory.CreateDirectory(PathOf("tree/private"), Private);
        File.SetUnixFileMode(PathOf("tree/private"), Private);
        File.WriteAllText(PathOf("tree/private/script"), "#!/bin/sh\n");
        File.SetUnixFileMode(PathOf("tree/private/script"), Script);
        File.CreateSymbolicLink(PathOf("tree/link"), "private/script");
        foreach (var _ in new[] { "once", "again" })
        {
            Assert.Equal(0, await CopyAsync(PathOf("tree") + "/.", "k42:/tree"));
            Assert.Equal(0, await CopyAsync("k42:/tree/.", "k42:/tree2"));
            Assert.Equal(0, await CopyAsync("k42:/tree2/.", PathOf("back")));
        }
        Assert.Equal((uint)Script, (await Main.StatAsync("/tree2/link", Cancel)).Mode & 0x1FF);
        Assert.Equal(Private, File.GetUnixFileMode(PathOf("back/private")));
        Assert.Equal(Script, File.GetUnixFileMode(PathOf("back/private/script")));
        Assert.Equal("private/script", File.ResolveLinkTarget(PathOf("back/link"), false)!.FullName[
            (PathOf("back").Length + 1)..]);
    }

    [Fact]
    public async Task What_can_not_be_copied_is_left_out_and_the_rest_is_copied()
    {
        Directory.CreateDirectory(PathOf("tree"));
        MakeFifo(PathOf("tree/a-fifo"));
        foreach (var name in new[] { "b-blocked", "c-file" }) File.WriteAllText(PathOf($"tree/{name}"), "x");
        await Main.MakeDirectoryAsync("/tree", cancellation: Cancel);
        await Main.MakeDirectoryAsync("/tree/b-blocked", cancellation: Cancel);
        Assert.Equal(1, await CopyAsync(PathOf("tree") + "/.", "k42:/tree"));
        Assert.Equal("x"u8.ToArray(), await Files.ReadAsync(Main, "/tree/c-file"));
        Assert.Equal(["b-blocked", "c-file"], await NamesAsync("/tree"));
        Assert.Equal(1, await CopyAsync("k42:/dev", PathOf("dev")));
    }

    [Fact]
    public async Task Bytes_of_files_that_tell_no_size_are_copied()
    {
        await CopyAsync("/proc/version", "k42:/version");
        Assert.Equal(File.ReadAllBytes("/proc/version"), await Files.ReadAsync(Main, "/version"));

        MakeFifo(PathOf("fifo"));
        var content = new byte[Files.BytesMax];
        Array.Fill(content, (byte)7);
        var writing = Task.Run(() => File.WriteAllBytes(PathOf("fifo"), content),
            Cancel);
        await CopyAsync(PathOf("fifo"), "k42:/fifo");
        await writing;
        Assert.Equal(content, await Files.ReadAsync(Main, "/fifo"));

        File.WriteAllText(PathOf("empty"), "");
        await CopyAsync(PathOf("empty"), "k42:/empty");
        Assert.Empty(await Files.ReadAsync(Main, "/empty"));
    }

    [Fact]
    public async Task A_hole_of_a_local_file_takes_no_memory()
    {
        const int size = 64_000_001, inside = 30_000_000;
        using (var file = File.Create(PathOf("holes")))
        {
            file.Position = inside;
            file.Write([1, 2, 3]);
            file.SetLength(size);
        }
        Assert.Equal(0, await CopyAsync(PathOf("holes"), "k42:/holes"));
        var status = await Main.StatAsync("/holes", Cancel);
        Assert.Equal(size, status.Size);
        Assert.InRange(status.Blocks * 512, 1, 4_000_000);
        Assert.Equal(0, await CopyAsync("k42:/holes", PathOf("back")));
        Assert.Equal(File.ReadAllBytes(PathOf("holes")), File.ReadAllBytes(PathOf("back")));
    }

    private Task<int> CopyAsync(string from, string to) => new CopyCommand(_process.Session, null).RunAsync(
        K42Path.Parse(from), K42Path.Parse(to), recursive: true, Cancel);

    private async Task<List<string>> NamesAsync(string path)
    {
        var names = new List<string>();
        await foreach (var entry in K42File.EnumerateAsync(Main, path, Cancel)) names.Add(entry.Text);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static void MakeFifo(string path)
    {
        using var made = Process.Start("mkfifo", path);
        made.WaitForExit();
    }

    private string PathOf(string name) => Path.Combine(_root, name);
}
