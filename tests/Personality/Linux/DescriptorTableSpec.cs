using CsCheck;

using K42.Contracts;
using K42.Personality.Linux;
using K42.Tests;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>Descriptors against a model: a sorted map of numbers.</summary>
public sealed class DescriptorTableSpec
{
    private const int Limit = 12;

    [Fact]
    public void Any_history_of_descriptors_is_that_of_a_sorted_map()
    {
        var step = Gen.Select(Gen.Int[0, 4], Gen.Int[-1, Limit + 1], Gen.Bool);
        step.List[0, 60].Check(static steps =>
        {
            var table = new DescriptorTable { Limit = Limit };
            var model = new SortedDictionary<int, (OpenFile File, bool CloseOnExec)>();
            foreach (var (kind, fd, flag) in steps) Step(table, model, kind, fd, flag);
            Assert.Equal(
                model.Select(pair => (pair.Key, pair.Value.File, pair.Value.CloseOnExec)), table.HoldAll());
        });
    }

    [Fact]
    public void A_closed_table_takes_nothing_in()
    {
        var table = new DescriptorTable();
        table.Add(NewFile(), closeOnExec: false);
        Assert.Single(table.TakeAll());
        Assert.Null(table.Hold(0));
        Assert.Equal(-1, table.Add(NewFile(), closeOnExec: false));
        Assert.Empty(table.HoldAll());
    }

    private static void Step(
        DescriptorTable table, SortedDictionary<int, (OpenFile File, bool CloseOnExec)> model, int kind,
        int fd, bool flag)
    {
        switch (kind)
        {
            case 0:
                var file = NewFile();
                var numbers = Enumerable.Range(Math.Max(fd, 0), 2 * Limit);
                var lowest = numbers.First(number => !model.ContainsKey(number));
                var expected = lowest < Limit ? lowest : -1;
                Assert.Equal(expected, table.Add(file, flag, Math.Max(fd, 0)));
                if (expected >= 0) model[expected] = (file, flag);
                break;
            case 1:
                model.Remove(fd, out var gone);
                Assert.Same(gone.File, table.Take(fd));
                break;
            case 2 when fd is >= 0 and < Limit:
                var other = NewFile();
                model.TryGetValue(fd, out var before);
                Assert.Same(before.File, table.Replace(fd, other, flag));
                model[fd] = (other, flag);
                break;
            case 3:
                Assert.Equal(model.ContainsKey(fd), table.SetCloseOnExec(fd, flag));
                if (model.TryGetValue(fd, out var entry)) model[fd] = (entry.File, flag);
                break;
            default:
                using (var held = table.Hold(fd))
                {
                    Assert.Equal(model.TryGetValue(fd, out var known) ? known.File : null, held);
                }
                Assert.Equal(model.Count < Limit, table.HasFree);
                break;
        }
    }

    // Never given back to a server: each spec's table is dropped with a use left.
    private static OpenFile NewFile()
    {
        var file = new OpenFile(null!, default, 0, 0);
        file.Hold();
        return file;
    }
}
