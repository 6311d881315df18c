using K42.Contracts.Ports;

namespace K42.Kernel.Processes;

/// <summary>The processes of this node by number, in order: one array of 1,024 per block.</summary>
internal sealed class ProcessMap
{
    private readonly SortedList<int, Process?[]> _blocks = [];

    public int Count { get; private set; }

    public Process? this[int pid] =>
        _blocks.TryGetValue(pid / IBlockMap.BlockSize, out var block)
            ? block[pid % IBlockMap.BlockSize]
            : null;

    public void Add(Process process)
    {
        var number = process.Pid / IBlockMap.BlockSize;
        if (!_blocks.TryGetValue(number, out var block))
            _blocks[number] = block = new Process?[IBlockMap.BlockSize];
        ref var place = ref block[process.Pid % IBlockMap.BlockSize];
        if (place is not null) throw new InvalidOperationException($"process {process.Pid} is there already");
        place = process;
        Count++;
    }

    public void Remove(int pid)
    {
        _blocks[pid / IBlockMap.BlockSize][pid % IBlockMap.BlockSize] = null;
        Count--;
    }

    /// <summary>Those that the filter selects, by number, as they are now.</summary>
    /// <param name="after">Only numbers above this one.</param>
    /// <param name="countMax">At most so many.</param>
    public List<Process> Select(Func<Process, bool> filter, int after = 0, int countMax = int.MaxValue)
    {
        var selected = new List<Process>();
        foreach (var (number, block) in _blocks)
        {
            if ((number + 1) * IBlockMap.BlockSize <= after) continue;
            foreach (var process in block)
            {
                if (selected.Count >= countMax) return selected;
                if (process is not null && process.Pid > after && filter(process)) selected.Add(process);
            }
        }
        return selected;
    }
}
