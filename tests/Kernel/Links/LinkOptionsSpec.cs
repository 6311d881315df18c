using System.Globalization;
using System.Text.RegularExpressions;
using Akka.Configuration;
using K42.Kernel.Ipc.Links;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>The reference file and the code say the same.</summary>
public sealed class LinkOptionsSpec
{
    [Fact]
    public void The_reference_file_holds_every_setting_with_its_default()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "hocon", "reference", "links.conf"));
        Assert.Equal(new LinkOptions(), LinkOptions.From(ConfigurationFactory.ParseString(text)));
        foreach (var property in typeof(LinkOptions).GetProperties().Where(property => property.CanWrite))
        {
            var key =
                Regex.Replace(property.Name, "(?<!^)([A-Z])", "-$1").ToLower(CultureInfo.InvariantCulture);
            Assert.True(ConfigurationFactory.ParseString(text).HasPath($"k42.link.{key}"), key);
        }
    }

    [Fact]
    public void Every_setting_is_read()
    {
        var from = LinkOptions.From(ConfigurationFactory.ParseString("""
            k42.link { call-credit-bytes = 200KiB, bulk-credit-bytes = 201KiB, reserved-credit-bytes = 202KiB
              replay-bytes-max = 203KiB, call-queue-bytes-max = 204KiB, bulk-queue-bytes-max = 205KiB
              reserved-queue-bytes-max = 206KiB, ack-bytes = 7KiB, ack-delay = 8ms, cork-bytes = 9KiB
              read-buffer-bytes = 210KiB, spin-budget = 0.02ms, resume-max = 11s
              keepalive-interval = 12s, keepalive-timeout = 31s
              handshake-timeout = 14s, backoff-min = 15ms, backoff-max = 16s
              handshakes-max = 17, rekey-bytes = 18MiB }
            """));
        var defaults = new LinkOptions();
        foreach (var property in typeof(LinkOptions).GetProperties().Where(property => property.CanWrite))
            Assert.NotEqual(property.GetValue(defaults), property.GetValue(from));
        Assert.Equal(200 * 1_024, from.CallCreditBytes);
        Assert.Equal(TimeSpan.FromMilliseconds(8), from.AckDelay);
    }

    [Theory]
    [InlineData("ack-bytes = 0")]
    [InlineData("keepalive-timeout = 2s")]
    [InlineData("read-buffer-bytes = 1KiB")]
    [InlineData("backoff-max = 1ms")]
    [InlineData("spin-budget = 2ms")]
    public void A_value_out_of_range_is_refused_with_a_sentence(string line)
    {
        var config = ConfigurationFactory.ParseString($"k42.link {{ {line} }}");
        Assert.Contains("k42.link: ",
            Assert.Throws<ArgumentException>(() => LinkOptions.From(config)).Message);
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "K42.Actors.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
