using Xunit;

namespace K42.Conformance;

public sealed class NativeOracleSpec
{
    public static TheoryData<string> CaseFiles =>
        [.. CaseLibrary.Files.Select(path => Path.GetFileName(path)!)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(CaseFiles))]
    public async Task The_host_kernel_gives_what_the_authors_of_a_file_expect_and_twice_the_same(string file)
    {
        var native = await NativeRunner.Create(Cancellation);
        var problems = new List<string>();
        foreach (var script in CaseLibrary.Of(file))
        {
            var first = await native.Run(script, Cancellation);
            problems.AddRange(ExpectationCheck.Check(script, first));
            var second = await native.Run(script, Cancellation);
            var differences = Comparison.Compare(script, first, second);
            if (differences.Count > 0)
                problems.Add(Comparison.Report(differences, "first run", "second run"));
        }
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    [Fact]
    public async Task A_call_that_never_returns_ends_the_run_with_its_line()
    {
        var native = await NativeRunner.Create(TimeSpan.FromMilliseconds(50), Cancellation);
        var script = ScriptParser.Parse("t", "case c\n$r,$w = pipe\nread $r 1\nend").Single();
        var error = await Assert.ThrowsAsync<ScriptRunException>(() => native.Run(script, Cancellation));
        Assert.Contains("t:c, line 3: read $r 1: the call did not return in time", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_async_call_that_does_not_block_is_a_problem()
    {
        var native = await NativeRunner.Create(Cancellation);
        var script = ScriptParser.Parse("t", "case c\nasync g getpid\nawait g\nend").Single();
        var error = await Assert.ThrowsAsync<ScriptRunException>(() => native.Run(script, Cancellation));
        Assert.Contains("the call to wait for did not block", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_case_leaves_no_trace_on_the_host()
    {
        var native = await NativeRunner.Create(Cancellation);
        var mounts = await File.ReadAllTextAsync("/proc/self/mounts", Cancellation);
        const string text = """
            case c
              mkdir "/k42-conformance-trace" 0755
              mount "none" "/k42-conformance-trace" "ramfs" 0 null
              kill -1 SIGKILL
            end
            """;
        CallResult[] results = [.. await native.Run(ScriptParser.Parse("t", text).Single(), Cancellation)];
        Assert.All(results[..^1], result => Assert.True(result.Return >= 0));
        // Process 1 and the caller are spared: there is nobody else to see, let alone to kill.
        Assert.Equal(-ConstantTable.Errors["ESRCH"], results[^1].Return);
        Assert.False(Directory.Exists("/k42-conformance-trace"));
        Assert.Equal(mounts, await File.ReadAllTextAsync("/proc/self/mounts", Cancellation));
    }

    [Fact]
    public async Task A_missing_compiler_is_named_with_what_to_install()
    {
        var error = await Assert.ThrowsAsync<ScriptRunException>(
            () => HostTools.Run("no-such-gcc", [], "", TimeSpan.FromSeconds(1), Cancellation));
        Assert.Contains("no-such-gcc can't be started", error.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install gcc", error.Message, StringComparison.Ordinal);
    }
}
