using K42.Client;
using K42.Node.Commands;

using Xunit;

namespace K42.Cluster.Tests;

public sealed class CommandTextSpec
{
    [Theory]
    [InlineData("ls", "ls")]
    [InlineData("  cp  a   b ", "cp|a|b")]
    [InlineData("rm 'a b' \"c 'd\"", "rm|a b|c 'd")]
    [InlineData("cat a\\ b", "cat|a b")]
    [InlineData("cat ''", "cat|")]
    [InlineData("stat $'\\303\\251'", "stat|é")]
    [InlineData("stat $'it\\'s'", "stat|it's")]
    public void A_line_is_taken_apart_as_a_shell_does(string line, string words) =>
        Assert.Equal(words, string.Join('|', ShellWords.Split(line)));

    // Attributes can't hold half a surrogate pair.
    [Fact]
    public void What_ls_shows_is_read_back_as_the_name() =>
        Assert.All(["caf\uDCE9 x", "it's \uDC80'\n", "\U0001F427\uDCF0", "\uDCFF\uDCC3a"], name =>
            Assert.Equal(name, Assert.Single(ShellWords.Split(K42Text.Show(name)))));

    [Fact]
    public void Words_that_are_whole_are_left_alone()
    {
        string[] words = ["ls", "k42:/é"];
        Assert.Same(words, RawArguments.Of(words));
    }
}
