using Xunit;

namespace K42.Conformance;

/// <summary>Every case on the host's kernel and on K42: results, errors and fields must be the
/// same.</summary>
/// <remarks>But for <see cref="KnownDifferenceTable"/>.</remarks>
public sealed class DifferentialSpec
{
    public static TheoryData<string> CaseFiles =>
        [.. CaseLibrary.Files.Select(path => Path.GetFileName(path)!)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(CaseFiles))]
    public async Task K42_answers_every_call_of_a_file_as_the_host_kernel_does(string file)
    {
        var native = await NativeRunner.Create(Cancellation);
        var k42 = new GatewayRunner();
        var problems = new List<string>();
        foreach (var script in CaseLibrary.Of(file))
        {
            var reference = await native.Run(script, Cancellation);
            try
            {
                var other = await k42.Run(script, Cancellation);
                var differences = Comparison.Compare(script, reference, other);
                var isKnown = KnownDifferenceTable.Rows.ContainsKey(script.FullName);
                if (isKnown && differences.Count == 0)
                    problems.Add($"{script.FullName} agrees now: take its row out of KnownDifferenceTable");
                if (!isKnown && differences.Count > 0)
                    problems.Add(Comparison.Report(differences, native.Name, k42.Name));
            }
            catch (ScriptRunException e)
            {
                problems.Add(e.Message);
            }
        }
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }
}
