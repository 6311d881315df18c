using Xunit;

namespace K42.Conformance;

public sealed class ScriptParserSpec
{
    [Fact]
    public void A_case_compiles_to_one_numeric_line_per_script_line()
    {
        var script = One("""
            $fd = open "/a" O_CREAT|O_RDWR 0644 -> 3
            write $fd "ab"+repeat:"x"*4 -> 6
            $r,$w = pipe
            $c = fork
            c: async rd read $r 5
            await rd -> 5
            kill -$c SIGTERM
            """);

        Assert.Equal(
            """
            S 1 0 0 0 0 -
            C 2 0 1 -1 -1 2 d2f61*1 i66 i420
            C 3 0 -1 -1 -1 1 v1 d6162*1+78*4 i6
            C 4 0 2 3 -1 22 op,8
            C 5 0 4 -1 1 57
            B 6 1 -1 -1 -1 0 v2 ob,5 i5
            W 7 1 -1
            C 8 0 -1 -1 -1 62 w4 i15

            """,
            ScriptCompiler.Compile(script));
    }

    [Fact]
    public void A_task_has_the_credentials_its_script_says()
    {
        const string text = "case c as 1000:100 groups 5,6\nstart u as 7:8\ngetpid\nend";
        var script = Assert.Single(ScriptParser.Parse("t", text));
        Assert.Equal((1000u, 100u), (script.Lines[0].Identity.Uid, script.Lines[0].Identity.Gid));
        Assert.Equal([5u, 6u], script.Lines[0].Identity.Groups);
        Assert.Equal(("u", 7u), (script.Lines[1].Task, script.Lines[1].Identity.Uid));
    }

    [Fact]
    public void Lines_of_a_child_block_belong_to_the_child()
    {
        var script = One("$c = fork\nchild $c {\ngetpid\n}\ngetppid");
        Assert.Equal(["main", "main", "c", "main"], script.Lines.Select(line => line.Task));
    }

    [Theory]
    [InlineData("opne \"/a\" 0", "unknown call opne")]
    [InlineData("open \"/a\" O_CREATE", "no known constant")]
    [InlineData("open \"/a\"", "no argument for flags")]
    [InlineData("getpid 1", "too many arguments")]
    [InlineData("close $fd", "unknown variable fd")]
    [InlineData("c: getpid", "unknown task c")]
    [InlineData("fork", "a fork names its child")]
    [InlineData("$a,$b = getpid", "a pipe binds")]
    [InlineData("await rd", "nothing to await")]
    [InlineData("async rd pause\ngetpid", "main is in a blocked call")]
    [InlineData("getpid ->", "no result")]
    [InlineData("getpid -> 0 size", "no field=value")]
    [InlineData("write 1 'x'", "are no bytes")]
    [InlineData("child c {", "unknown task c")]
    public void A_mistake_is_named_with_its_line(string lines, string problem)
    {
        var error = Assert.Throws<ScriptSyntaxException>(() => One(lines));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.StartsWith($"t:{1 + lines.Split('\n').Length}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_case_file_parses_and_no_name_is_used_twice()
    {
        Assert.NotEmpty(CaseLibrary.All);
        Assert.Equal(CaseLibrary.All.Count,
            CaseLibrary.All.Select(script => script.FullName).Distinct().Count());
    }

    [Fact]
    public void Every_call_that_scripts_can_make_has_a_case_where_it_succeeds()
    {
        var wanted = CallTable.Rows.Select(call => call.Covers).OfType<string>().Distinct();
        Assert.Empty(wanted.Except(CaseLibrary.CoveredCalls()));
    }

    private static ScriptCase One(string lines) =>
        Assert.Single(ScriptParser.Parse("t", $"case c\n{lines}\nend"));
}
