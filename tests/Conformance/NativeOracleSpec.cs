using Xunit;

namespace K42.Conformance;

public sealed class NativeOracleSpec
{
    public static TheoryData<string> CaseFiles => [.. CaseLibrary.Files.Select(path => Path.GetFileName(path)!)];

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
            if (differences.Count > 0) problems.Add(Comparison.Report(differences, "first run", "second run"));
        }
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }
}
