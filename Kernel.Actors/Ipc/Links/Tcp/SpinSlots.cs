namespace K42.Kernel.Ipc.Links.Tcp;

/// <summary>How many of a node's readers may look for bytes at the same time: one processor is always left
/// for those who work.</summary>
/// <param name="max">At most so many; 0 on a machine with one processor.</param>
internal sealed class SpinSlots(int max)
{
    private int _taken;

    /// <summary>One for each processor but one.</summary>
    public static SpinSlots ForThisMachine() => new(Environment.ProcessorCount - 1);

    /// <summary>Takes a slot; whoever gets one gives it back with <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        if (Volatile.Read(ref _taken) >= max) return false;
        if (Interlocked.Increment(ref _taken) <= max) return true;
        Leave();
        return false;
    }

    /// <summary>Gives a slot back.</summary>
    public void Leave() => Interlocked.Decrement(ref _taken);
}
