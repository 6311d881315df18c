using K42.Personality.Linux;

using Xunit;

namespace K42.Conformance;

/// <summary>What the syscall table claims is what the comparison with the host kernel has shown.</summary>
public sealed class CoverageSpec
{
    [Fact]
    public void A_row_says_full_only_when_a_case_compares_the_call_with_the_host_kernel()
    {
        var full = SyscallTable.Rows.Where(row => row.Support == Support.Full).Select(row => row.Name);
        Assert.Empty(full.Except(CaseLibrary.CoveredCalls()));
    }
}
