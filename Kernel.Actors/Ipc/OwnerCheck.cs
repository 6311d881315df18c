using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Ipc;

/// <summary>Whom no handle is made for: processes that are dead, and numbers that nobody has.</summary>
/// <remarks>A death is told once, and what calls that are under way make for the dead after it would stay for
/// ever. So a death is remembered for longer than such a call takes; not for long, because a busy node may
/// give the number to another. Used by any thread.</remarks>
internal sealed class OwnerCheck(NodeRef node, IBlockMap? blocks, IClock clock, IdentityTable identities)
{
    private const int DeadMax = 65_536;
    private const int UnheardMax = 1_024;
    private const long KeptNs = 5_000_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, long> _dead = [];
    private readonly Queue<(int Process, long DiedNs)> _deaths = new();
    private readonly Dictionary<int, long> _unheard = [];

    /// <summary>A process is dead.</summary>
    public void Died(int process)
    {
        lock (_lock)
        {
            var now = clock.MonotonicNs;
            while (_deaths.TryPeek(out var oldest)
                && (_deaths.Count >= DeadMax || now - oldest.DiedNs > KeptNs))
            {
                _deaths.Dequeue();
                if (_dead.GetValueOrDefault(oldest.Process) == oldest.DiedNs) _dead.Remove(oldest.Process);
            }
            _dead[process] = now;
            _deaths.Enqueue((process, now));
        }
    }

    /// <summary>A process lives that has this number, perhaps after another.</summary>
    public void Lives(int process)
    {
        lock (_lock) _dead.Remove(process);
    }

    /// <summary>True for some seconds after a process has died.</summary>
    public bool IsDead(int process)
    {
        lock (_lock)
        {
            return _dead.TryGetValue(process, out var diedNs) && clock.MonotonicNs - diedNs <= KeptNs;
        }
    }

    /// <summary>Whether a process may be given access: ESRCH when it is dead, or nobody has its number;
    /// Overloaded while its number may be so new that this node has not heard of its home.</summary>
    public Errno Check(int process)
    {
        if (blocks is null || identities.Has(process)) return Errno.None;
        if (process < IBlockMap.BlockSize) return Errno.ESRCH;
        var block = process / IBlockMap.BlockSize;
        var home = blocks.HomeOf(block);
        if (home == node) return Errno.ESRCH;
        if (home.IsNone) return Unheard(block);
        return IsDead(process) ? Errno.ESRCH : Errno.None;
    }

    private Errno Unheard(int block)
    {
        lock (_lock)
        {
            var now = clock.MonotonicNs;
            if (!_unheard.TryGetValue(block, out var firstNs))
            {
                if (_unheard.Count >= UnheardMax) _unheard.Clear();
                _unheard[block] = firstNs = now;
            }
            return now - firstNs <= KeptNs ? Errno.Overloaded : Errno.ESRCH;
        }
    }
}
