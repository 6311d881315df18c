namespace K42.Benchmarks;

/// <summary>Says on standard error what is being done: on a terminal in one changing line.</summary>
internal sealed class ProgressLine : IDisposable
{
    private const string EraseLine = "\r\e[K";
    private readonly bool _isTerminal = !Console.IsErrorRedirected;

    public void Show(string text)
    {
        if (_isTerminal) Console.Error.Write(EraseLine + text);
        else Console.Error.WriteLine(text);
    }

    public void Clear()
    {
        if (_isTerminal) Console.Error.Write(EraseLine);
    }

    public void Dispose() => Clear();
}
