namespace K42.Contracts;

/// <summary>The unanswered requests of one actor, in the order they were taken. Only its turns touch it, and
/// its end, which comes after the last turn.</summary>
internal sealed class Parking
{
    private Request? _first;
    private Request? _last;

    public int Count { get; private set; }

    /// <summary>Whether one more call may be held for its caller.</summary>
    /// <remarks>An object that is half full gives a process room only as long as that holds fewer calls than
    /// there is room left: however greedy some are, newcomers find a place.</remarks>
    public static bool HasRoom(Request request, ServerObject target, int perProcessMax)
    {
        var (held, heldMax, caller) = (target.ParkedCount, request.ParkedMax, request.Caller!);
        if (held >= heldMax) return false;
        if (caller.IsKernel) return true;
        var own = caller.ParkedCount;
        return own < perProcessMax && (held < heldMax / 2 || own < heldMax - held);
    }

    public void Add(Request request, ServerObject target)
    {
        request.Caller!.Parked(+1);
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
        request.Caller!.Parked(-1);
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
