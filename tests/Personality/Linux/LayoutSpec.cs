using System.Buffers.Binary;
using System.Text;

using K42.Contracts.Kernel;
using K42.Contracts.Servers;
using K42.Personality.Linux.Abi;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>Structures against what sizeof and offsetof give in a C program on x86-64 Linux.</summary>
public sealed class LayoutSpec
{
    private static readonly FileStatus Status = new(
        Device: 0xA1, Inode: 0xA2, Mode: 0x81A4, Links: 0xA4, Uid: 0xA5, Gid: 0xA6, RDevice: 0x107,
        Size: 0xA8, BlockSize: 4_096, Blocks: 0xAA, AccessedNs: 1_000_000_002,
        ModifiedNs: 3_000_000_004, ChangedNs: -1);

    [Fact]
    public void Stat_is_the_kernels()
    {
        var bytes = Filled(Layout.StatBytes);
        Layout.Stat(bytes, Status);
        Assert.Equal(144, bytes.Length);
        Assert.Equal(
            [0xA1, 0xA2, 0xA4], new[] { 0, 8, 16 }.Select(at => Long(bytes, at)));
        Assert.Equal(
            [0x81A4, 0xA5, 0xA6, 0], new[] { 24, 28, 32, 36 }.Select(at => Int(bytes, at)));
        Assert.Equal(
            [0x107, 0xA8, 4_096, 0xAA, 1, 2, 3, 4, -1, 999_999_999, 0, 0, 0],
            Enumerable.Range(0, 13).Select(index => Long(bytes, 40 + (index * 8))));
    }

    [Fact]
    public void Statx_is_the_kernels()
    {
        var bytes = Filled(Layout.StatxBytes);
        Layout.Statx(bytes, Status);
        Assert.Equal(256, bytes.Length);
        Assert.Equal((0xA4, 0x81A4), (Int(bytes, 16), BitConverter.ToUInt16(bytes, 28)));
        Assert.Equal((0xA2, 0xA8, 0xAA), (Long(bytes, 32), Long(bytes, 40), Long(bytes, 48)));
        Assert.Equal((1, 2, -1, 3), (Long(bytes, 64), Int(bytes, 72), Long(bytes, 96), Long(bytes, 112)));
        Assert.Equal((1, 7, 0, 0xA1), (Int(bytes, 128), Int(bytes, 132), Int(bytes, 136), Int(bytes, 140)));
    }

    [Fact]
    public void Statfs_is_the_kernels()
    {
        var bytes = Filled(Layout.StatfsBytes);
        Layout.Statfs(bytes, new VolumeStatus(1, 2, 3, 4, 5, 6, 7, 8, 9));
        Assert.Equal(120, bytes.Length);
        Assert.Equal([1, 2, 3, 4, 4, 5, 6, 7, 8, 2, 9, 0, 0, 0, 0],
            Enumerable.Range(0, 15).Select(index => Long(bytes, index * 8)));
    }

    [Fact]
    public void Utsname_cuts_long_names_and_ends_each_with_zero()
    {
        var bytes = Filled(Layout.UtsnameBytes);
        Layout.Utsname(bytes, "Linux", new string('n', 100), "r", "v", "x86_64", "(none)");
        Assert.Equal(390, bytes.Length);
        string At(int field) => Encoding.UTF8.GetString(bytes.AsSpan(field * 65, 65)).TrimEnd('\0');
        string[] expected = ["Linux", new string('n', 64), "r", "v", "x86_64", "(none)"];
        Assert.Equal(expected, Enumerable.Range(0, 6).Select(At));
    }

    [Theory]
    [InlineData(0x0300, 1, 3)]
    [InlineData(0x0009, 2, 9)]
    [InlineData(0x008B, 3, 11)]
    [InlineData(0x137F, 5, 19)]
    [InlineData(0xFFFF, 6, 18)]
    public void Siginfo_of_a_child_says_how_it_changed(int word, int code, int status)
    {
        var bytes = Filled(Layout.SiginfoBytes);
        Layout.ChildSiginfo(bytes, new WaitResult(77, word, 1_000, code));
        Assert.Equal((128, 17, 0), (bytes.Length, Int(bytes, 0), Int(bytes, 4)));
        Assert.Equal([code, 77, 1_000, status], new[] { 8, 16, 20, 24 }.Select(at => Int(bytes, at)));
        Assert.All(bytes[28..], static one => Assert.Equal(0, one));
    }

    [Fact]
    public void An_action_survives_the_way_out_and_in()
    {
        var action = new SignalAction(0x1234, 0x1000_0004, 0x5678, 0xFFFF_0000_0000_0001);
        var bytes = new byte[SignalAction.Bytes];
        Layout.SignalAction(bytes, action);
        Assert.Equal(action, Layout.SignalAction(bytes.AsSpan()));
        Assert.Equal(32, bytes.Length);
    }

    private static byte[] Filled(int count)
    {
        var bytes = new byte[count];
        bytes.AsSpan().Fill(0xEE);
        return bytes;
    }

    private static long Long(byte[] bytes, int at) =>
        BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));

    private static int Int(byte[] bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
}
