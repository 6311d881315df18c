using System.Runtime.CompilerServices;

using Akka.Configuration;

using K42.Kernel.Processes;

using Xunit;

namespace K42.Kernel.Tests.Processes;

public sealed class SettingsSpec
{
    [Fact]
    public void The_reference_says_what_the_defaults_are()
    {
        var reference = File.ReadAllText(ReferencePath());
        var read = ProcessSettings.From(ConfigurationFactory.ParseString(reference));
        Assert.Equal(new ProcessSettings(), read);
        Assert.Equal(new ProcessSettings(), ProcessSettings.From(Config.Empty));
        const string Text = "k42.processes { per-user-max = 7, claim-within = 5s }";
        var changed = ConfigurationFactory.ParseString(Text);
        Assert.Equal(
            new ProcessSettings { PerUserMax = 7, ClaimWithin = TimeSpan.FromSeconds(5) },
            ProcessSettings.From(changed));
    }

    private static string ReferencePath([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "../../../hocon/reference/processes.conf");
}
