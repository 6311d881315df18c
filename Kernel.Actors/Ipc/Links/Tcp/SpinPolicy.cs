namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>Decides whether a reader looks for bytes for a while before it blocks: only while that pays.
/// </summary>
/// <remarks>
/// <para>Pure: it is told how long each wait took, and knows no clock and no thread. A wait that bytes ended
/// within the budget is a hit, a longer one a miss. Hits save up, misses cost double, and with nothing left
/// the reader blocks at once. Then a wait that was short enough to become a hit without the cost of waking
/// (four budgets) turns looking on again; but each time that this was wrong, twice as many such waits in a
/// row are asked for, until a run of hits has filled the savings. So a link whose waits are just too long
/// wastes almost nothing.</para>
/// <para>An idle link's waits are all long: it looks for nothing and costs nothing.</para>
/// </remarks>
/// <param name="budgetNs">How long one wait may look, nanoseconds; 0 for never.</param>
internal sealed class SpinPolicy(long budgetNs)
{
    private const int SavedAtStart = 4;
    private const int SavedMax = 8;
    private const int MissCost = 2;
    private const int AskedMax = 1_024;

    // Waking a blocked thread on an idle virtual processor takes about as long as the budget, at both ends.
    private const int WakeFactor = 4;

    private int _saved;
    private int _shortWaits;
    private int _asked = 1;

    /// <summary>True when the next wait should look before it blocks.</summary>
    public bool IsOn => _saved > 0;

    /// <summary>How long one wait may look, nanoseconds.</summary>
    public long BudgetNs => budgetNs;

    /// <summary>A wait is over.</summary>
    /// <param name="ns">From its begin to the bytes, whether it looked or blocked; nanoseconds.</param>
    public void Waited(long ns)
    {
        if (budgetNs <= 0) return;
        if (IsOn) Judge(isHit: ns <= budgetNs);
        else if (ns > WakeFactor * budgetNs) _shortWaits = 0;
        else if (++_shortWaits >= _asked) (_saved, _shortWaits) = (SavedAtStart, 0);
    }

    private void Judge(bool isHit)
    {
        if (isHit)
        {
            _saved = Math.Min(SavedMax, _saved + 1);
            if (_saved == SavedMax) _asked = 1;
            return;
        }
        _saved -= MissCost;
        if (!IsOn) _asked = Math.Min(AskedMax, 2 * _asked);
    }
}
