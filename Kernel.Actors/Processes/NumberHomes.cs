using System.Collections.Concurrent;

using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Kernel.Processes;

/// <summary>Which node is home to a number. Read by any thread.</summary>
/// <remarks>The replicated map may be behind: what this node has learnt from a child's node counts
/// too.</remarks>
public sealed class NumberHomes(IBlockMap map)
{
    private readonly ConcurrentDictionary<int, NodeRef> _learnt = new();

    /// <summary>The home of a number; none when there is no such node, or no more.</summary>
    public NodeRef HomeOf(int number)
    {
        if (number < IBlockMap.BlockSize) return default;
        var block = number / IBlockMap.BlockSize;
        var home = map.HomeOf(block);
        return home.IsNone ? _learnt.GetValueOrDefault(block) : home;
    }

    /// <summary>A node is home to a number that it gave a process.</summary>
    public void Learn(int number, NodeRef home) => _learnt[number / IBlockMap.BlockSize] = home;

    /// <summary>A node is home to nothing any more.</summary>
    public void Forget(NodeRef home)
    {
        foreach (var (block, node) in _learnt.ToArray())
        {
            if (node == home) _learnt.TryRemove(block, out _);
        }
    }
}
