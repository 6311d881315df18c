using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Processes;

/// <summary>The numbers that this node may give to processes: leased blocks, and freed numbers that
/// rest.</summary>
/// <remarks>The next block is leased before the present one is used up. A freed number is used again only
/// when the node holds enough blocks, and then the one that rested longest. Only turns of the table touch
/// it.</remarks>
/// <param name="later">Runs an action as a turn of the table.</param>
internal sealed class NumberPool(INumberGrantor grantor, ProcessSettings settings, Action<Action> later)
{
    private readonly Queue<Action<Outcome<int>>> _waiting = new();
    private readonly Queue<int> _fresh = new();
    private readonly Queue<int> _rested = new();
    private readonly HashSet<int> _blocks = [];
    private bool _leasing;

    private bool MayReuse => BlockCount >= settings.BlocksBeforeReuse;

    /// <summary>Blocks leased so far.</summary>
    public int BlockCount => _blocks.Count;

    /// <summary>True for numbers of this node's blocks.</summary>
    public bool Owns(int number) => _blocks.Contains(number / IBlockMap.BlockSize);

    /// <summary>Gives a number, now or in a later turn; EAGAIN when none can be had.</summary>
    public void Take(Action<Outcome<int>> then)
    {
        LeaseAhead();
        if (TryTake(MayReuse || !_leasing, out var number)) then(number);
        else if (_waiting.Count >= settings.WaitingForNumbersMax || !_leasing) then(Errno.EAGAIN);
        else _waiting.Enqueue(then);
    }

    /// <summary>Takes a number back that nothing names any more.</summary>
    public void Free(int number)
    {
        if (Owns(number)) _rested.Enqueue(number);
    }

    /// <summary>Leases a block if one will soon be needed.</summary>
    public void LeaseAhead()
    {
        var enough = _fresh.Count + (MayReuse ? _rested.Count : 0) > settings.LeaseAhead;
        if (_leasing || enough) return;
        _leasing = true;
        grantor.LeaseBlock(outcome => later(() => Leased(outcome)));
    }

    private void Leased(Outcome<int> outcome)
    {
        _leasing = false;
        if (!outcome.Failed && _blocks.Add(outcome.Value))
        {
            var first = outcome.Value * IBlockMap.BlockSize;
            for (var number = first; number < first + IBlockMap.BlockSize; number++) _fresh.Enqueue(number);
        }
        // Without a block the forks that wait are refused; those to come try to lease again.
        for (var count = _waiting.Count; count > 0; count--)
        {
            var then = _waiting.Dequeue();
            if (TryTake(true, out var number)) then(number);
            else then(Errno.EAGAIN);
        }
    }

    // A cluster that has no more blocks lives on what was freed; while one is coming its numbers are waited
    // for, so that a burst does not use at once again what has just been freed.
    private bool TryTake(bool rested, out int number) =>
        _fresh.TryDequeue(out number) || (rested && _rested.TryDequeue(out number));
}
