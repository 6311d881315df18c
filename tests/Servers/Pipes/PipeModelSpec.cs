using CsCheck;

using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Pipes;
using K42.Servers.Volumes;
using K42.Tests;

using Xunit;

namespace K42.Servers.Tests.Pipes;

/// <summary>Pipes against the simplest model of one: a queue of bytes.</summary>
public sealed class PipeModelSpec
{
    [Fact]
    public void A_buffer_gives_back_the_bytes_that_it_took_in_their_order()
    {
        var step = Gen.Select(Gen.Bool, Gen.Frequency((3, Gen.Int[1, 4_096]), (1, Gen.Int[4_097, 70_000])));
        step.Array[1, 80].Check(steps =>
        {
            var buffer = new PipeBuffer(new PagePool());
            var model = new Queue<byte>();
            byte next = 0;
            foreach (var (writes, count) in steps)
            {
                if (writes)
                {
                    var bytes = new byte[count];
                    for (var i = 0; i < count; i++) bytes[i] = next++;
                    var fits = buffer.Fits(count);
                    var taken = buffer.Append(bytes, asPackets: false);
                    Assert.Equal(fits, taken == count);
                    next -= (byte)(count - taken);
                    foreach (var one in bytes.AsSpan(0, taken)) model.Enqueue(one);
                }
                else
                {
                    var bytes = new byte[Math.Min(count, buffer.Count)];
                    buffer.Peek(bytes);
                    buffer.Drop(bytes.Length);
                    foreach (var one in bytes) Assert.Equal(model.Dequeue(), one);
                }
                Assert.Equal(model.Count, buffer.Count);
                Assert.True(buffer.Count <= (PipeBuffer.SlotsDefault * PipeBuffer.PageBytes));
                if (buffer.Count == 0)
                    Assert.True(buffer.Fits((PipeBuffer.SlotsDefault * PipeBuffer.PageBytes)));
            }
        }, 500);
    }

    [Fact]
    public void Bytes_arrive_once_and_in_order_whoever_is_interrupted()
    {
        var step = Gen.Select(Gen.Int[0, 9], Gen.Frequency((3, Gen.Int[1, 5_000]), (1, Gen.Int[1, 65_536])));
        Gen.Select(step.Array[1, 30], Gen.ULong).Check(static drawn =>
        {
            var (steps, seed) = drawn;
            using var nodes = new ServerNodes(seed);
            nodes.Run(_ => Exchange(nodes, steps));
        });
    }

    private static async Task Exchange(ServerNodes nodes, (int Kind, int Count)[] steps)
    {
        var (reader, writer) = await nodes.NewPipe(nodes.Process(ServerNodes.Alice));
        var (sent, received) = (new List<byte>(), new List<byte>());
        var writing = Task.CompletedTask;
        var reading = Task.CompletedTask;
        using var ending = new CancellationTokenSource();
        foreach (var (kind, count) in steps)
        {
            using var signal = new CancellationTokenSource();
            switch (kind)
            {
                case < 4 when writing.IsCompleted:
                    writing = Write(writer, count, sent, ending.Token);
                    break;
                case < 8 when reading.IsCompleted:
                    reading = Read(reader, count, received, ending.Token);
                    break;
                case 8 when writing.IsCompleted:
                    writing = Write(writer, count, sent, signal.Token);
                    break;
                case 9 when reading.IsCompleted:
                    reading = Read(reader, count, received, signal.Token);
                    break;
            }
            if (kind % 2 == 0) await reader.Status();
            signal.Cancel();
        }
        ending.Cancel();
        await writing;
        await reading;
        await reader.SetFlags(OpenFlags.O_NONBLOCK, 0);
        while ((await reader.Read(65_536, -1)) is { Failed: false } rest) received.AddRange(rest.Value.Span);
        Assert.Equal(sent, received);
    }

    private static async Task Write(FileClient writer, int count, List<byte> sent, CancellationToken signal)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++) bytes[i] = (byte)(sent.Count + (i * 7));
        var taken = await writer.Write(bytes, -1, signal);
        if (taken.Failed) Assert.Equal(Errno.EINTR, taken.Errno);
        else if (count <= 4_096) Assert.Equal(count, taken.Value);
        if (!taken.Failed) sent.AddRange(bytes.AsSpan(0, taken.Value));
    }

    private static async Task Read(
        FileClient reader, int count, List<byte> received, CancellationToken signal)
    {
        var bytes = await reader.Read(count, -1, signal);
        if (bytes.Failed) Assert.Equal(Errno.EINTR, bytes.Errno);
        else received.AddRange(bytes.Value.Span);
    }
}
