using CsCheck;

using K42.Servers.Volumes.Ramfs;
using K42.Tests;

using Xunit;

namespace K42.Servers.Tests.Volumes;

public sealed class FilePagesSpec
{
    private const int SizeMax = 400_000;

    [Fact]
    public void A_file_holds_what_an_array_would_hold()
    {
        var step = Gen.Select(Gen.Int[0, 5], Gen.Int[0, SizeMax], Gen.Int[0, 70_000]);
        step.Array[1, 40].Check(steps =>
        {
            var space = new RamSpace(1_000_000, 10);
            var file = new RamFile(1, 0x81A4, space);
            var model = Array.Empty<byte>();
            var lent = new List<(ReadOnlyMemory<byte> Given, byte[] Then)>();
            foreach (var (kind, offset, length) in steps)
            {
                if (kind < 2) model = Written(file, model, offset, length);
                else if (kind == 2) model = Resized(file, model, offset);
                else Read(file, model, offset, length, lent);
            }
            Assert.Equal(model.Length, file.Size);
            Assert.Equal(model, WholeOf(file));
            // What was given to a reader never changes, whatever was written later.
            foreach (var (given, then) in lent) Assert.Equal(then, given.ToArray());
            file.Resize(0);
            Assert.Equal((0L, 0L), (space.PagesUsed, space.BytesHeld));
        }, 400);
    }

    [Fact]
    public void Holes_and_data_are_where_pages_are()
    {
        var pages = Gen.Int[0, 200].Array[1, 30];
        pages.Check(written =>
        {
            var file = new RamFile(1, 0x81A4, new RamSpace(1_000_000, 10));
            foreach (var page in written) file.Write(page * 4_096L, [1]);
            var last = written.Max() + 1;
            file.Resize((last * 4_096L) + 10_000);
            for (var page = 0; page <= last; page++)
            {
                var isData = written.Contains(page);
                var data = written.Where(one => one >= page).DefaultIfEmpty(-1).Min();
                var from = (page * 4_096L) + 7;
                Assert.Equal(data < 0 ? -1 : Math.Max(from, data * 4_096L), file.Pages.NextData(from));
                Assert.Equal(isData, file.Pages.NextHole(from) != from);
            }
            Assert.Equal(written.Distinct().Count() * 8, file.Blocks);
        }, 300);
    }

    [Fact]
    public void A_write_takes_what_the_volume_has_room_for()
    {
        var space = new RamSpace(pagesMax: 10, inodesMax: 10);
        var file = new RamFile(1, 0x81A4, space);
        Assert.Equal(5 * 4_096, file.Write(0, new byte[5 * 4_096]));
        Assert.Equal((5 * 4_096) - 100, file.Write((5 * 4_096) + 100, new byte[60_000]));
        Assert.Equal(10 * 4_096, file.Size);
        Assert.Equal(0, file.Write(11 * 4_096, new byte[1]));
        Assert.Equal(10 * 4_096, file.Size);
        file.Resize(4_096);
        Assert.Equal(4_096, file.Write(4_096, new byte[4_096]));
    }

    [Fact]
    public void A_file_of_almost_nothing_but_hole_costs_almost_nothing()
    {
        var space = new RamSpace(1_000_000, 10);
        var file = new RamFile(1, 0x81A4, space);
        file.Write(1L << 60, [1]);
        file.Write(1L << 40, [2]);
        Assert.Equal((1L << 60) + 1, file.Size);
        Assert.Equal(2, space.PagesUsed);
        Assert.True(space.BytesHeld <= 2 * 65_536);
        Assert.Equal(2, file.Read(1L << 40, 1).Span[0]);
        Assert.Equal(0, file.Read(1L << 50, 1).Span[0]);
    }

    private static byte[] Written(RamFile file, byte[] model, int offset, int length)
    {
        var bytes = SampleBytes.Make(length);
        Assert.Equal(length, file.Write(offset, bytes));
        if (length > 0 && model.Length < offset + length) Array.Resize(ref model, offset + length);
        bytes.CopyTo(model.AsSpan(Math.Min(offset, model.Length)));
        return model;
    }

    private static byte[] Resized(RamFile file, byte[] model, int size)
    {
        file.Resize(size);
        Array.Resize(ref model, size);
        return model;
    }

    private static void Read(
        RamFile file, byte[] model, int offset, int length, List<(ReadOnlyMemory<byte>, byte[])> lent)
    {
        var count = Math.Min(length, 65_536);
        var given = file.Read(offset, count);
        var expected = offset >= model.Length ? [] : model[offset..Math.Min(model.Length, offset + count)];
        Assert.Equal(expected, given.ToArray());
        lent.Add((given, expected));
    }

    private static byte[] WholeOf(RamFile file)
    {
        var whole = new List<byte>();
        while (file.Read(whole.Count, 65_536) is { Length: > 0 } piece) whole.AddRange(piece.Span);
        return [.. whole];
    }
}
