using K42.Contracts;
using K42.Contracts.Servers;
using K42.Servers.Volumes;
using K42.Servers.Volumes.Ramfs;

using Xunit;

namespace K42.Servers.Tests.Volumes;

/// <summary>Which call moves which time (inode(7)), with a clock that stands still unless told.</summary>
public sealed class FileTimesSpec
{
    private const long Second = 1_000_000_000;

    private readonly RamFiles _ram = new("1", ServerNodes.Root);
    private readonly Principal _alice = ServerNodes.Alice;

    [Fact]
    public void Reading_moves_the_access_time_only_when_it_is_not_newer_than_the_others()
    {
        var file = Create("f");
        var made = file.AccessedNs;
        Tick();
        Read(file);
        Assert.Equal((made + Second, made, made), Times(file));
        Tick();
        Read(file);
        Assert.Equal(made + Second, file.AccessedNs);
        Write(file);
        Tick();
        Read(file);
        Assert.Equal(made + (3 * Second), file.AccessedNs);
    }

    [Fact]
    public void An_access_time_is_at_most_a_day_old_after_a_read()
    {
        var file = Create("f");
        Tick();
        Read(file);
        _ram.Clock.RealtimeNs += (24 * 60 * 60 * Second) - 1;
        var before = file.AccessedNs;
        Read(file);
        Assert.Equal(before, file.AccessedNs);
        _ram.Clock.RealtimeNs += 1;
        Read(file);
        Assert.Equal(_ram.Clock.RealtimeNs, file.AccessedNs);
    }

    [Fact]
    public void Writing_moves_modification_and_change_but_writing_nothing_moves_neither()
    {
        var file = Create("f");
        var made = file.ModifiedNs;
        Tick();
        _ram.Files.Write(file, 0, [], _ram.By(_alice));
        Assert.Equal((made, made, made), Times(file));
        Write(file);
        Assert.Equal((made, made + Second, made + Second), Times(file));
    }

    [Fact]
    public void Truncating_to_the_same_size_counts_by_descriptor_and_not_by_path()
    {
        var file = Create("f");
        var made = file.ModifiedNs;
        Tick();
        Walk("f", WalkIntent.Truncate);
        Assert.Equal((made, made, made), Times(file));
        _ram.Files.Resize(file, 0, byDescriptor: true, _ram.By(_alice));
        Assert.Equal((made, made + Second, made + Second), Times(file));
        Tick();
        Walk("f", WalkIntent.Truncate, first: 10);
        Assert.Equal((made, made + (2 * Second), made + (2 * Second)), Times(file));
    }

    [Fact]
    public void Changing_mode_owner_or_names_moves_the_change_time_alone()
    {
        var file = Create("f");
        var made = file.ModifiedNs;
        Tick();
        Walk("f", WalkIntent.SetMode, mode: 0x180);
        Assert.Equal((made, made, made + Second), Times(file));
        Tick();
        Walk("f", WalkIntent.SetOwner, first: -1, second: 50);
        Assert.Equal((made, made, made + (2 * Second)), Times(file));
        Tick();
        Assert.Equal("None", _ram.Run(new FileOperation(FileCall.Link, 0, "f", "g", 0, 0), _alice));
        Assert.Equal((made, made, made + (3 * Second)), Times(file));
        Tick();
        Assert.Equal("None", _ram.Run(new FileOperation(FileCall.Rename, 0, "g", "h", 0, 0), _alice));
        Assert.Equal((made, made, made + (4 * Second)), Times(file));
        Tick();
        Walk("h", WalkIntent.Unlink);
        Assert.Equal((made, made, made + (5 * Second)), Times(file));
    }

    [Fact]
    public void Making_and_removing_names_moves_the_directorys_times()
    {
        var directory = _ram.Start;
        foreach (var (intent, path) in new[]
        {
            (WalkIntent.MakeDirectory, "d"), (WalkIntent.MakeLink, "l"), (WalkIntent.Unlink, "l"),
            (WalkIntent.RemoveDirectory, "d"),
        })
        {
            Tick();
            Walk(path, intent, mode: 0x1ED, text: "target");
            var now = _ram.Clock.RealtimeNs;
            Assert.Equal((now, now), (directory.ModifiedNs, directory.ChangedNs));
        }
    }

    [Fact]
    public void Times_are_set_by_the_owner_and_touched_by_whoever_may_write()
    {
        var file = Create("f");
        Walk("f", WalkIntent.SetMode, mode: 0x1B6);
        Tick();
        Assert.Equal(Errno.None, Walk("f", WalkIntent.SetTimes, first: 5, second: SetTime.Omit).Errno);
        Assert.Equal((5, file.ModifiedNs, _ram.Clock.RealtimeNs), Times(file));
        Tick();
        var bob = ServerNodes.Bob;
        Assert.Equal(Errno.EPERM, _ram.Walk("f", WalkIntent.SetTimes, bob, first: 5, second: 6).Errno);
        var touched = _ram.Walk("f", WalkIntent.SetTimes, bob, first: SetTime.Now, second: SetTime.Omit);
        Assert.Equal(Errno.EPERM, touched.Errno);
        touched = _ram.Walk("f", WalkIntent.SetTimes, bob, first: SetTime.Now, second: SetTime.Now);
        Assert.Equal(Errno.None, touched.Errno);
        var now = _ram.Clock.RealtimeNs;
        Assert.Equal((now, now, now), Times(file));
        Walk("f", WalkIntent.SetMode, mode: 0x1A4);
        touched = _ram.Walk("f", WalkIntent.SetTimes, bob, first: SetTime.Now, second: SetTime.Now);
        Assert.Equal(Errno.EACCES, touched.Errno);
    }

    [Fact]
    public void A_writer_who_is_not_root_takes_the_set_id_bits_away()
    {
        var file = Create("f");
        foreach (var (before, after) in new[] { (0xDEDu, 0x1EDu), (0x5E4u, 0x5E4u), (0x9EDu, 0x1EDu) })
        {
            Walk("f", WalkIntent.SetMode, mode: before);
            _ram.Files.Write(file, 0, [1], _ram.By(ServerNodes.Root));
            Assert.Equal(before, file.Mode & ModeBits.AllPermissions);
            Write(file);
            Assert.Equal(after, file.Mode & ModeBits.AllPermissions);
        }
    }

    private static (long Accessed, long Modified, long Changed) Times(RamNode node) =>
        (node.AccessedNs, node.ModifiedNs, node.ChangedNs);

    private void Tick() => _ram.Clock.RealtimeNs += Second;

    private RamFile Create(string path)
    {
        Walk(path, WalkIntent.Open, flags: OpenFlags.O_CREAT | OpenFlags.O_RDWR, mode: 0x1A4);
        return (RamFile)Walk(path, WalkIntent.Status).Value.Node!;
    }

    private void Read(RamFile file) => _ram.Files.Read(file, 0, 1, touch: true, _ram.By(_alice).View);

    private void Write(RamFile file) => _ram.Files.Write(file, 0, [1, 2], _ram.By(_alice));

    private Outcome<WalkFinding> Walk(
        string path, WalkIntent intent, int flags = 0, uint mode = 0, long first = 0, long second = 0,
        string text = "") =>
        _ram.Walk(path, intent, _alice, flags, mode, follow: true, first, second, text);
}
