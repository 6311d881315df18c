using Xunit;

namespace K42.Conformance.Generated;

/// <summary>Scripts from seeds, on the host's kernel and on K42: everything that both show must be the
/// same.</summary>
public sealed class GeneratedSpec
{
    private const string SeedVariable = "K42_RANDOM_SEED";
    private const string CountVariable = "K42_RANDOM_COUNT";
    private const int SeedDefault = 1;
    private const int CountDefault = 300;
    private const int MountsCountDefault = 120;
    private const int FailuresShownMax = 12;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scripts_from_seeds_are_answered_as_by_the_host_kernel()
    {
        await using var k42 = await SharedGatewayRunner.StartAsync();
        await AreAnsweredAlike(ScriptGenerator.Make, CountDefault, k42);
    }

    [Fact]
    public Task Scripts_of_mounts_from_seeds_are_answered_as_by_the_host_kernel() =>
        AreAnsweredAlike(MountScriptGenerator.Make, MountsCountDefault, new GatewayRunner());

    [Fact]
    public async Task A_failing_script_is_shrunk_to_the_lines_that_it_fails_with()
    {
        string[] lines = ["case c", "  getpid", "  mkdir \"/a\" 0", "  getuid", "  rmdir \"/a\"", "end"];
        var shrunk = await ScriptShrinker.Shrink(
            string.Join('\n', lines),
            less => Task.FromResult(less.Contains("mkdir") && less.Contains("rmdir")));
        Assert.Equal("case c\n  mkdir \"/a\" 0\n  rmdir \"/a\"\nend\n", shrunk);
    }

    [Fact]
    public void A_seed_always_makes_the_same_script_and_another_seed_another_one()
    {
        Assert.Equal(ScriptGenerator.Make(7), ScriptGenerator.Make(7));
        Assert.NotEqual(ScriptGenerator.Make(7), ScriptGenerator.Make(8));
    }

    private static async Task AreAnsweredAlike(
        Func<int, string> make, int countDefault, IScriptRunner k42)
    {
        var (first, count) = (Number(SeedVariable, SeedDefault), Number(CountVariable, countDefault));
        var native = await NativeRunner.Create(Cancellation);
        var failures = new List<string>();
        for (var seed = first; seed < first + count && failures.Count < FailuresShownMax; seed++)
        {
            var text = make(seed);
            if (await Differences(text, native, k42) is null) continue;
            // On nodes that have seen nothing else.
            var shrunk = await ScriptShrinker.Shrink(
                text, async less => await Differences(less, native, new GatewayRunner()) is not null);
            var report = await Differences(shrunk, native, new GatewayRunner());
            failures.Add($"seed {seed}:\n{shrunk}{report ?? "does not differ on a new node"}\n");
        }
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text
            ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static async Task<string?> Differences(string text, NativeRunner native, IScriptRunner k42)
    {
        ScriptCase script;
        try
        {
            script = ScriptParser.Parse("generated", text).Single();
        }
        catch (ScriptSyntaxException)
        {
            return null;
        }
        // A generated script in which the host's own task waits or ends is none.
        var reference = await native.Run(script, Cancellation);
        try
        {
            var answers = await k42.Run(script, Cancellation);
            // Whether a second read moves atime hangs on whether the first fell into the tick of the clock
            // in which the file changed, and ticks differ; cases/stat.k42t has what is certain.
            Difference[] differences = [.. Comparison.Compare(script, reference, answers)
                .Where(difference => difference.What != "atime")];
            return differences.Length == 0 ? null : Comparison.Report(differences, native.Name, k42.Name);
        }
        catch (ScriptRunException e)
        {
            return e.Message;
        }
    }
}
