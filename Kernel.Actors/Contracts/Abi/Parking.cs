namespace K42.Contracts;

/// <summary>The unanswered requests of one actor, in the order they were taken. Only its turns touch it, and
/// its end, which comes after the last turn.</summary>
internal sealed class Parking
{
    private Request? _first;
    private Request? _last;

    public int Count { get; private set; }

    public void Add(Request request, ServerObject target)
    {
        (request.PreviousParked, request.NextParked, request.ParkedAt) = (_last, null, this);
        request.ParkedFor = target;
        target.ParkedCount++;
        if (_last is null) _first = request;
        else _last.NextParked = request;
        _last = request;
        Count++;
    }

    public void Remove(Request request)
    {
        if (request.PreviousParked is null) _first = request.NextParked;
        else request.PreviousParked.NextParked = request.NextParked;
        if (request.NextParked is null) _last = request.PreviousParked;
        else request.NextParked.PreviousParked = request.PreviousParked;
        request.ParkedFor!.ParkedCount--;
        (request.PreviousParked, request.NextParked, request.ParkedAt, request.ParkedFor) = (
            null, null, null, null);
        Count--;
    }

    /// <summary>Answers every request that the filter selects with an error.</summary>
    public void FailAll(Errno errno, Func<Request, bool>? filter = null)
    {
        var next = _first;
        while (next is not null)
        {
            var request = next;
            next = request.NextParked;
            if (filter is null || filter(request)) request.Fail(request.Generation, errno);
        }
    }
}
