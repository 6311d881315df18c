using CsCheck;

using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Servers;
using K42.Tests;

namespace K42.Generator.Tests.Wire;

/// <summary>The codec of every real call: what is written is read, and nothing else can do harm.</summary>
public sealed class CodecSpec
{
    private const int CasesPerCall = 60;

    public static TheoryData<string> Calls => [.. CallUnderTest.All.Select(call => call.Name)];

    [Theory]
    [MemberData(nameof(Calls))]
    public void What_is_written_is_read(string name)
    {
        var call = Named(name);
        call.AnyArguments.Check(
            request =>
            {
                Assert.Equal(Errno.None, request.CheckArguments());
                var read = call.ReadArguments(CallUnderTest.WriteArguments(request));
                Assert.Equal(call.ArgumentLines(request), call.ArgumentLines(read));
            },
            CasesPerCall);
        call.AnyResult.Check(
            request =>
            {
                var read = call.ReadResult(CallUnderTest.WriteResult(request));
                Assert.Equal(call.ResultLines(request), call.ResultLines(read));
            },
            CasesPerCall);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Input_that_is_cut_at_any_length_is_read_or_refused(string name)
    {
        var call = Named(name);
        var arguments = CallUnderTest.WriteArguments(call.FixedArguments());
        var result = CallUnderTest.WriteResult(call.FixedResult());
        for (var length = 0; length <= arguments.Length; length++)
        {
            ReadOrRefuse(call, arguments.AsSpan(0, length), isResult: false);
        }
        for (var length = 0; length <= result.Length; length++)
        {
            ReadOrRefuse(call, result.AsSpan(0, length), isResult: true);
        }
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Any_bytes_at_all_are_read_or_refused(string name)
    {
        var call = Named(name);
        Gen.Byte.Array[0, 200].Check(
            bytes =>
            {
                ReadOrRefuse(call, bytes, isResult: false);
                ReadOrRefuse(call, bytes, isResult: true);
            },
            CasesPerCall);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void What_a_newer_peer_appends_is_ignored(string name)
    {
        var call = Named(name);
        var (arguments, result) = (call.FixedArguments(), call.FixedResult());
        byte[] appended = [7, 7, 7, 7];
        var read = call.ReadArguments([.. CallUnderTest.WriteArguments(arguments), .. appended]);
        Assert.Equal(call.ArgumentLines(arguments), call.ArgumentLines(read));
        read = call.ReadResult([.. CallUnderTest.WriteResult(result), .. appended]);
        Assert.Equal(call.ResultLines(result), call.ResultLines(read));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void What_an_older_peer_leaves_out_is_empty_and_never_null(string name)
    {
        var call = Named(name);
        Assert.DoesNotContain(call.ArgumentLines(call.ReadArguments([])), line =>
            line.EndsWith("= null", StringComparison.Ordinal));
        Assert.DoesNotContain(
            call.ResultLines(call.ReadResult([])), line => line.EndsWith("= null", StringComparison.Ordinal));
    }

    [Fact]
    public void Fields_that_a_newer_peer_appends_to_a_struct_are_ignored()
    {
        var writer = new WireWriter(64);
        var begun = writer.Begin();
        writer.Int32(5);
        writer.Handle(new ObjectHandle(new NodeRef(1, 2), 3, 4));
        writer.UInt64(ulong.MaxValue);
        writer.End(begun);
        writer.Byte(9);
        var reader = new WireReader(writer.Written);
        Assert.Equal(
            new ForkResult(5, new ObjectHandle(new NodeRef(1, 2), 3, 4)), ForkResult.ReadFrom(ref reader));
        Assert.Equal(9, reader.Byte());
        writer.Dispose();
    }

    private delegate void Writing(ref WireWriter writer);

    private static byte[] Written(bool borrows, Writing write, out int borrowed)
    {
        var writer = new WireWriter(16, borrows);
        write(ref writer);
        borrowed = writer.Borrowed.Length;
        byte[] all = [.. writer.Written, .. writer.Borrowed];
        Assert.Equal(all.Length, writer.Length);
        writer.Clear();
        Assert.Equal(0, writer.Length);
        writer.Dispose();
        return all;
    }

    [Fact]
    public void Long_bytes_that_are_left_where_they_lie_are_written_as_if_copied()
    {
        var data = new byte[5_000];
        new Random(1).NextBytes(data);
        (Writing Write, int Borrowed)[] cases =
        [
            ((ref w) => w.Bytes(data), 5_000),
            ((ref w) => { w.Int32(7); w.Bytes(data); }, 5_000),
            ((ref w) => { w.Bytes(data); w.Byte(9); }, 0),
            ((ref w) => { w.Bytes(data); w.Bytes(data); }, 5_000),
            ((ref w) => { w.Bytes(data); w.String("after"); }, 0),
            ((ref w) => { var begun = w.Begin(); w.Int32(7); w.Bytes(data); w.End(begun); }, 5_000),
            ((ref w) => { var begun = w.Begin(); w.Bytes(data); w.End(begun); w.Int32(7); }, 0),
            ((ref w) => w.Bytes(data.AsSpan(0, 100)), 0),
        ];
        foreach (var (write, expected) in cases)
        {
            var copied = Written(borrows: false, write, out var none);
            Assert.Equal(copied, Written(borrows: true, write, out var borrowed));
            Assert.Equal((0, expected), (none, borrowed));
        }
    }

    [Fact]
    public void A_default_struct_is_written_and_read_as_empty()
    {
        var writer = new WireWriter(64);
        default(MountTable).WriteTo(ref writer);
        default(WalkRequest).WriteTo(ref writer);
        var reader = new WireReader(writer.Written);
        Assert.Empty(MountTable.ReadFrom(ref reader).Mounts);
        Assert.Equal("", WalkRequest.ReadFrom(ref reader).Path);
        writer.Dispose();
    }

    [Theory]
    [InlineData(1_024, 0)]
    [InlineData(1_024, 3)]
    [InlineData(1_024, 8)]
    [InlineData(1_024, 4_095)]
    [InlineData(1_025, 5_000)]
    [InlineData(-1, 5_000)]
    public void A_count_of_elements_that_are_not_there_is_refused_before_they_are_made(int count, int bytes)
    {
        var call = Named("10.11 ProcessTableContract.SignalMembers");
        byte[] announced = [.. BitConverter.GetBytes(count), .. new byte[bytes]];
        Assert.Throws<WireException>(() => call.ReadArguments(announced));
        byte[] there = [.. BitConverter.GetBytes(1_024), .. new byte[4_096]];
        Assert.Contains("Members.Length = 1024", call.ArgumentLines(call.ReadArguments(there)));
    }

    [Fact]
    public void What_is_longer_than_its_maximum_is_refused_by_the_reader()
    {
        var call = Named("11.12 ProcessContract.SetName");
        byte[] fits = [.. BitConverter.GetBytes(64), .. new byte[64]];
        Assert.NotNull(call.ReadArguments(fits));
        byte[] tooLong = [.. BitConverter.GetBytes(65), .. new byte[65]];
        Assert.Throws<WireException>(() => call.ReadArguments(tooLong));
    }

    [Fact]
    public void Unknown_numbers_have_no_request()
    {
        Assert.Null(K42.Contracts.ContractCatalogue.NewRequest(9_999, 1));
        Assert.Null(K42.Contracts.ContractCatalogue.NewRequest(20, 9_999));
        Assert.Null(K42.Contracts.ContractCatalogue.NewRequest(20, 65_300));
        Assert.Equal(
            BuiltInCall.Release, K42.Contracts.ContractCatalogue.NewRequest(20, BuiltInCall.Release)!.Method);
        Assert.Equal(BuiltInCall.GiveAccess,
            K42.Contracts.ContractCatalogue.NewRequest(0, BuiltInCall.GiveAccess)!.Method);
    }

    [Fact]
    public void A_request_has_the_numbers_it_was_asked_by() =>
        Assert.All(CallUnderTest.All, call =>
            Assert.StartsWith(
                $"{call.New().Contract}.{call.New().Method} ", call.Name, StringComparison.Ordinal));

    [Fact]
    public void The_type_list_holds_every_type_that_calls_carry()
    {
        var fields = CallUnderTest.All.SelectMany(call => call.New().GetType().GetFields(
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public));
        Assert.All(fields, field => Assert.Contains(field.FieldType, K42.Contracts.WireTypes.All));
        Assert.Contains(typeof(SignalInfo), K42.Contracts.WireTypes.All);
        Assert.DoesNotContain(typeof(object), K42.Contracts.WireTypes.All);
    }

    private static CallUnderTest Named(string name) => CallUnderTest.All.Single(call => call.Name == name);

    private static void ReadOrRefuse(CallUnderTest call, ReadOnlySpan<byte> bytes, bool isResult)
    {
        try
        {
            _ = isResult ? call.ReadResult(bytes) : call.ReadArguments(bytes);
        }
        catch (WireException)
        {
            // Refused: that is the one way to fail.
        }
    }
}
