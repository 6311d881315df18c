using K42.Kernel.Ipc.Links.Tcp;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>When a reader looks for bytes instead of blocking: no threads, time only as numbers.</summary>
public sealed class SpinPolicySpec
{
    private const long Budget = 50_000;
    private const long Hit = 20_000;
    private const long Miss = 60_000;
    private const long Idle = 2_000_000_000;

    [Fact]
    public void A_fresh_link_blocks_until_a_wait_was_short()
    {
        var policy = new SpinPolicy(Budget);
        Assert.False(policy.IsOn);
        policy.Waited(Idle);
        Assert.False(policy.IsOn);
        policy.Waited(Hit);
        Assert.True(policy.IsOn);
    }

    [Fact]
    public void A_wait_that_was_long_only_for_being_woken_counts_as_short()
    {
        var policy = new SpinPolicy(Budget);
        policy.Waited(4 * Budget + 1);
        Assert.False(policy.IsOn);
        policy.Waited(4 * Budget);
        Assert.True(policy.IsOn);
    }

    [Fact]
    public void One_long_wait_between_short_ones_changes_nothing()
    {
        var policy = On();
        for (var burst = 0; burst < 100; burst++)
        {
            policy.Waited(Idle);
            Assert.True(policy.IsOn);
            policy.Waited(Hit);
            policy.Waited(Hit);
        }
    }

    [Fact]
    public void Several_long_waits_turn_it_off_and_it_stays_off_while_idle()
    {
        var policy = On();
        for (var i = 0; i < 20; i++) policy.Waited(Hit);
        var looked = 0;
        for (var i = 0; i < 1_000; i++)
        {
            if (policy.IsOn) looked++;
            policy.Waited(Idle);
        }
        Assert.Equal(4, looked);
        Assert.False(policy.IsOn);
    }

    [Fact]
    public void A_link_whose_waits_are_just_too_long_looks_in_vain_ever_more_rarely()
    {
        var policy = new SpinPolicy(Budget);
        var looked = 0;
        for (var i = 0; i < 100_000; i++)
        {
            if (policy.IsOn) looked++;
            policy.Waited(Miss);
        }
        // Twice each time it is tried, and tried every 1,024 waits in the end.
        Assert.InRange(looked, 2, 2 * (10 + 100_000 / 1_024 + 1));
    }

    [Fact]
    public void A_link_that_became_fast_again_is_trusted_at_once_after_it_proved_it()
    {
        var policy = new SpinPolicy(Budget);
        for (var i = 0; i < 10_000; i++) policy.Waited(Miss);
        for (var i = 0; i < 1_024 + 8; i++) policy.Waited(Hit);
        Assert.True(policy.IsOn);
        while (policy.IsOn) policy.Waited(Idle);
        policy.Waited(Hit);
        policy.Waited(Hit);
        Assert.True(policy.IsOn);
    }

    [Fact]
    public void A_link_that_is_right_in_one_wait_of_three_soon_gives_it_up()
    {
        var policy = new SpinPolicy(Budget);
        var looked = 0;
        for (var i = 0; i < 30_000; i++)
        {
            if (policy.IsOn) looked++;
            policy.Waited(i % 3 == 0 ? Hit : Miss);
        }
        Assert.InRange(looked, 1, 3_000);
    }

    [Fact]
    public void A_budget_of_zero_never_looks()
    {
        var policy = new SpinPolicy(0);
        for (var i = 0; i < 100; i++) policy.Waited(0);
        Assert.False(policy.IsOn);
    }

    [Fact]
    public void Slots_are_given_to_as_many_as_there_are_and_no_more()
    {
        var slots = new SpinSlots(2);
        Assert.True(slots.TryEnter());
        Assert.True(slots.TryEnter());
        Assert.False(slots.TryEnter());
        slots.Leave();
        Assert.True(slots.TryEnter());
        Assert.False(slots.TryEnter());
    }

    [Fact]
    public void One_processor_has_no_slot() => Assert.False(new SpinSlots(0).TryEnter());

    private static SpinPolicy On()
    {
        var policy = new SpinPolicy(Budget);
        policy.Waited(Hit);
        return policy;
    }
}
