using System.Runtime.CompilerServices;
using K42.Client;
using Xunit;

namespace K42.Personality.Tests.Gateway;

/// <summary>The examples of the client's README, compiled and run.</summary>
public sealed class ReadmeExamples
{
    [Fact]
    public async Task The_examples_of_the_readme_work()
    {
        await using var node = await GatewayNode.StartAsync();
        var (address, credentialFile) = (node.Address, node.CredentialOf("root", 0));
#pragma warning disable xUnit1051 // As a reader of the README writes it.
        await using var connection = await K42Connection.ConnectAsync(address, credentialFile);
        await using var session = await connection.BeginSessionAsync("example");
        var me = session.Main;

        await K42File.MakeDirectoriesAsync(me, "/examples/first");
        await K42File.WriteAllBytesAsync(me, "/examples/first/hello", "Hello, K42!\n"u8.ToArray());
        var text = await K42File.ReadAllBytesAsync(me, "/examples/first/hello");

        await using var file = await K42File.OpenAsync(me, "/examples/first/hello");
        using var reader = new StreamReader(file);
        var line = await reader.ReadLineAsync();
        Assert.Equal("Hello, K42!\n"u8.ToArray(), text);
        Assert.Equal("Hello, K42!", line);

        try
        {
            await me.StatAsync("/examples/missing");
            Assert.Fail("a missing file has no status");
        }
        catch (K42Exception e) when (e.Errno == Errno.ENOENT)
        {
            Console.WriteLine(e.Message);
        }

        var batch = session.NewBatch();
        var open = batch.Add(SystemCalls.Open("/examples/first/hello", OpenFlags.ReadOnly));
        var read = batch.Then(SystemCalls.Read(0, 4096)).Using(open);
        var close = batch.Then(SystemCalls.Close(0)).Using(open);
        await batch.SendAsync();
        var greeting = (await read).Data.ToStringUtf8();
        Assert.Equal(("Hello, K42!\n", 0), (greeting, (await close).Errno));

        var (readEnd, writeEnd) = await me.PipeAsync();
        var child = await me.ForkAsync();
        await child.WriteAsync(writeEnd, "from the child"u8.ToArray());
        var message = await me.ReadAsync(readEnd, 100);
        await child.ExitAsync(3);
        var (pid, status) = await me.WaitAsync();
        Assert.Equal("from the child"u8.ToArray(), message.ToArray());
        Assert.Equal((child.Pid, 3 << 8), (pid, status));
#pragma warning restore xUnit1051
    }

    [Fact]
    public void Every_line_of_the_readmes_examples_is_in_the_test_above()
    {
        var (source, readme) = (File.ReadAllText(ThisFile()), File.ReadAllText(Readme()));
        var ours = source.Split('\n').Select(line => line.Trim()).ToHashSet();
        var inExample = false;
        var examples = 0;
        foreach (var line in readme.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inExample = line == "```csharp";
                examples += inExample ? 1 : 0;
            }
            else if (inExample)
            {
                Assert.Contains(line.Trim(), ours);
            }
        }
        Assert.Equal(4, examples);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;

    private static string Readme() => Path.GetFullPath(
        Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../Personality/Client/README.md"));
}
