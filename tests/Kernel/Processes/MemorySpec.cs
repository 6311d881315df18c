using K42.Contracts.Kernel;

using Xunit;

namespace K42.Kernel.Tests.Processes;

[Collection("alone")]
public sealed class MemorySpec
{
    private const int Count = 10_000;
    private const int BytesMax = 2_560;

    [Fact]
    public void An_idle_process_takes_little_memory()
    {
        using var nodes = new ProcessNodes();
        nodes.Run(async () =>
        {
            var parent = await nodes.Begin();
            await parent.Fork();
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var made = new ForkResult[Count];
            for (var at = 0; at < Count; at++) made[at] = (await parent.Self.Fork()).Value;
            var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
            TestContext.Current.TestOutputHelper?.WriteLine($"{bytes} bytes per idle process");
            Assert.InRange(bytes, 1, BytesMax);
            GC.KeepAlive(made);
        });
    }
}

/// <summary>What runs while no other spec does: the memory of all is counted.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;
