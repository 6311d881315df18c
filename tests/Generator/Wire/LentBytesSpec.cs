using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Generator.Tests.Wire;

/// <summary>Where the bytes of a parameter lie that came by a link.</summary>
public sealed class LentBytesSpec
{
    private const int Length = FileContract.CallBytesMax;

    private static byte[] Frame(byte value)
    {
        var writer = new WireWriter(16);
        writer.Bytes(Enumerable.Repeat(value, Length).ToArray());
        writer.Int64(0);
        var frame = writer.Written.ToArray();
        writer.Dispose();
        return frame;
    }

    private static FileContract.WriteCall Read(byte[] frame)
    {
        var request = FileContract.WriteCall.Rent();
        var reader = new WireReader(frame);
        request.ReadArguments(ref reader);
        request.Begin();
        return request;
    }

    private static void Answer(Request request)
    {
        Assert.True(request.Fail(request.Generation, Errno.EIO));
        request.Discard();
    }

    [Fact]
    public void Long_bytes_take_no_new_memory_call_after_call()
    {
        var frame = Frame(1);
        for (var i = 0; i < 10; i++) Answer(Read(frame));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Answer(Read(frame));
        // Each one's own would be 6,553,600 bytes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5 * Length);
    }

    [Fact]
    public void Bytes_stay_as_they_came_until_their_call_is_answered()
    {
        var calls = new List<FileContract.WriteCall>();
        for (byte i = 1; i <= 20; i++)
        {
            calls.Add(Read(Frame(i)));
            Answer(Read(Frame(99)));
        }
        for (byte i = 1; i <= 20; i++)
        {
            Assert.Equal(-1, calls[i - 1].Data.Span.IndexOfAnyExcept(i));
            Assert.Equal(Length, calls[i - 1].Data.Length);
            Answer(calls[i - 1]);
        }
    }

    [Fact]
    public void Bytes_of_a_call_that_was_given_up_by_its_caller_alone_are_never_used_again()
    {
        var abandoned = Read(Frame(5));
        var data = abandoned.Data;
        Assert.True(abandoned.Abandon(abandoned.Generation, Errno.ETIMEDOUT));
        abandoned.Discard();
        for (var i = 0; i < 20; i++) Answer(Read(Frame(6)));
        // The object may look at them still.
        Assert.Equal(-1, data.Span.IndexOfAnyExcept((byte)5));
    }
}
