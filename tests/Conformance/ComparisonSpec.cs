using Xunit;

namespace K42.Conformance;

public sealed class ComparisonSpec
{
    private const string Text = """
        case c
          stat "/a" -> 0 mode=S_IFREG|0644
          stat "/a"
          tick
          stat "/a" -> 0 atime=*
          $p = getpid
        end
        """;

    private static readonly ScriptCase Script = ScriptParser.Parse("t", Text).Single();

    [Fact]
    public void Numbers_that_each_system_chooses_for_itself_do_not_differ()
    {
        var left = Run(dev: 40, ino: 9, pid: 2, second: 1_700_000_000);
        var right = Run(dev: 7, ino: 1000, pid: 77, second: 1_800_000_000);
        Assert.Empty(Comparison.Compare(Script, left, right));
        Assert.Empty(ExpectationCheck.Check(Script, left));
    }

    [Fact]
    public void A_file_that_changes_its_inode_number_differs()
    {
        var changed = Run();
        changed[2] = changed[2] with { Fields = Stat(dev: 40, ino: 10, second: 1_700_000_000) };
        var difference = Assert.Single(Comparison.Compare(Script, Run(), changed));
        Assert.Equal(("ino", 3), (difference.What, difference.Line));
        Assert.Equal(("#1", "#2"), (difference.Reference, difference.Other));
    }

    [Fact]
    public void A_time_before_a_tick_differs_from_one_after_it_unless_the_author_left_it_out()
    {
        var late = Run();
        late[4] = late[4] with { Fields = Stat(dev: 40, ino: 9, second: 1_700_000_002) };
        var differences = Comparison.Compare(Script, Run(), late);
        Assert.Equal(["ctime", "mtime"], differences.Select(difference => difference.What));
    }

    [Fact]
    public void A_report_names_case_line_call_and_both_answers()
    {
        var refused = Run();
        refused[1] = new CallResult(2, Outcome.Returned, -13, new Dictionary<string, string>());
        var report = Comparison.Report(Comparison.Compare(Script, Run(), refused), "native", "K42");
        Assert.Contains("t:c, line 2: stat \"/a\"", report, StringComparison.Ordinal);
        Assert.Contains("native  0\n        K42     EACCES", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_result_differs()
    {
        var difference = Assert.Single(Comparison.Compare(Script, Run(), Run()[..^1]));
        Assert.Equal(("nothing", 6), (difference.Other, difference.Line));
    }

    [Fact]
    public void A_result_that_its_author_did_not_expect_is_a_problem()
    {
        var wrong = Run();
        var fields = Stat(dev: 40, ino: 9, second: 1_700_000_000);
        fields["mode"] = "33152";
        wrong[1] = wrong[1] with { Fields = fields };
        wrong[2] = new CallResult(3, Outcome.Returned, -2, new Dictionary<string, string>());
        var problems = ExpectationCheck.Check(Script, wrong);
        Assert.Equal(2, problems.Count);
        Assert.Contains("mode: expected S_IFREG|0644, got 0100600", problems[0], StringComparison.Ordinal);
        Assert.Contains("result: expected any, got ENOENT", problems[1], StringComparison.Ordinal);
    }

    private static List<CallResult> Run(
        long dev = 40, long ino = 9, long pid = 2, long second = 1_700_000_000) =>
    [
        new(1, Outcome.Returned, pid, new Dictionary<string, string>()),
        new(2, Outcome.Returned, 0, Stat(dev, ino, second)),
        new(3, Outcome.Returned, 0, Stat(dev, ino, second)),
        new(4, Outcome.Returned, 0, new Dictionary<string, string> { ["time"] = $"{second + 1}:0" }),
        new(5, Outcome.Returned, 0, Stat(dev, ino, second)),
        new(6, Outcome.Returned, pid, new Dictionary<string, string>()),
    ];

    private static Dictionary<string, string> Stat(long dev, long ino, long second) => new()
    {
        ["dev"] = $"{dev}", ["ino"] = $"{ino}", ["mode"] = "33188", ["nlink"] = "1",
        ["uid"] = "0", ["gid"] = "0", ["rdev"] = "0", ["size"] = "5",
        ["atime"] = $"{second}:5", ["mtime"] = $"{second}:5", ["ctime"] = $"{second}:5",
    };
}
