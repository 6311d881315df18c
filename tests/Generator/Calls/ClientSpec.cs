using K42.Contracts;

namespace K42.Generator.Tests.Calls;

/// <summary>Generated clients and requests at work.</summary>
public sealed class ClientSpec
{
    private readonly NoteServer _server = new();

    [Fact]
    public async Task A_call_gives_the_methods_answer()
    {
        var (_, client) = Open(Rights.All);
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal(5, (await client.Add(2, 3, cancel)).Value);
        Assert.Equal("title", (await client.Keep(new Note("title", [1, 2], default), cancel)).Value);
        Assert.Equal(Errno.EOPNOTSUPP, (await client.Extra(cancel)).Errno);
    }

    [Fact]
    public async Task A_caller_without_the_right_is_refused_and_counted_before_the_method()
    {
        var (ipc, client) = Open(Rights.Read);
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal(Errno.EPERM, (await client.Keep(default, cancel)).Errno);
        Assert.Single(ipc.Refusals);
        Assert.Empty(_server.Seen);
        Assert.Equal(5, (await client.Add(2, 3, cancel)).Value);
    }

    [Fact]
    public async Task All_of_the_rights_are_needed()
    {
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal(Errno.EPERM, (await Open(Rights.Read).Client.Both(cancel)).Errno);
        Assert.Equal(Errno.EPERM, (await Open(Rights.Write).Client.Both(cancel)).Errno);
        Assert.Equal(Errno.None, (await Open(Rights.Read | Rights.Write).Client.Both(cancel)).Errno);
    }

    [Fact]
    public async Task Rights_that_the_owner_holds_are_not_everyones()
    {
        var ipc = new DirectIpc(_server, Rights.All, caller: 8);
        var client = new NoteClient(ipc.Context, ipc.Handle);
        Assert.Equal(Errno.EPERM, (await client.Add(1, 1, TestContext.Current.CancellationToken)).Errno);
    }

    [Fact]
    public async Task The_kernel_fills_in_caller_and_handle()
    {
        var (_, client) = Open(Rights.ProcessOnly);
        var told = await client.Who(TestContext.Current.CancellationToken);
        Assert.Equal((70_000ul << 32) | 7, told.Value);
    }

    [Fact]
    public async Task A_call_that_reaches_another_contracts_object_is_unknown_there()
    {
        var ipc = new DirectIpc(new OtherServer(), Rights.All);
        var client = new NoteClient(ipc.Context, ipc.Handle);
        Assert.Equal(Errno.ENOSYS, (await client.Add(1, 1, TestContext.Current.CancellationToken)).Errno);
    }

    [Theory]
    [InlineData("123456789", 0, 0)]
    [InlineData("ééééé", 0, 0)]
    [InlineData("ok", 4, 0)]
    [InlineData("ok", 0, 5)]
    public async Task What_is_over_its_maximum_is_not_sent(string title, int numbers, int bytes)
    {
        var (ipc, client) = Open(Rights.All);
        var note = new Note(title, new int[numbers], new byte[bytes]);
        Assert.Equal(Errno.E2BIG, (await client.Keep(note, TestContext.Current.CancellationToken)).Errno);
        Assert.Equal(0, ipc.Sent);
    }

    [Fact]
    public async Task What_is_just_within_its_maximum_is_sent()
    {
        var (_, client) = Open(Rights.All);
        var note = new Note("éééé", new int[3], new byte[4]);
        Assert.Equal("éééé", (await client.Keep(note, TestContext.Current.CancellationToken)).Value);
    }

    [Fact]
    public async Task A_peer_that_does_not_check_is_checked_by_the_server()
    {
        var (ipc, client) = Open(Rights.All);
        ipc.OnTheWay = request => ((NoteContract.KeepCall)request).Note = new Note("123456789", [], default);
        Assert.Equal(Errno.E2BIG, (await client.Keep(default, TestContext.Current.CancellationToken)).Errno);
        Assert.Empty(_server.Seen);
    }

    [Fact]
    public async Task Nulls_reach_no_method()
    {
        var (_, client) = Open(Rights.All);
        Assert.Equal("", (await client.Keep(default, TestContext.Current.CancellationToken)).Value);
        client.Poke(3, null!);
        Assert.Equal(["/0", "3"], _server.Seen);
    }

    [Theory]
    [InlineData(0, Errno.None, 0)]
    [InlineData(1, Errno.None, 1)]
    [InlineData(2, Errno.E2BIG, 0)]
    [InlineData(3, Errno.E2BIG, 0)]
    public async Task Answers_keep_their_limits_and_hold_no_nulls(int kind, Errno errno, int notes)
    {
        var (_, client) = Open(Rights.All);
        var opened = await client.Open(kind, TestContext.Current.CancellationToken);
        Assert.Equal(errno, opened.Errno);
        if (opened.Failed) return;
        Assert.Equal(notes, opened.Value.Notes.Length);
        Assert.All(opened.Value.Notes, note => Assert.Equal("", note.Title));
    }

    [Fact]
    public void A_one_way_call_runs_and_its_request_is_free_again()
    {
        var (ipc, client) = Open(Rights.All);
        client.Poke(1, "a");
        var first = ipc.Last;
        client.Poke(2, "b");
        Assert.Same(first, ipc.Last);
        Assert.Equal(["a1", "b2"], _server.Seen);
        client.Poke(3, "tooBig");
        Assert.Equal(2, ipc.Sent);
    }

    [Fact]
    public async Task A_request_that_was_put_away_holds_nothing_of_its_last_call()
    {
        var (ipc, client) = Open(Rights.All);
        await client.Keep(new Note("title", [1], new byte[4]), TestContext.Current.CancellationToken);
        var request = (NoteContract.KeepCall)ipc.Last!;
        Assert.Equal(default, request.Note);
        Assert.Null(request.Caller);
    }

    [Fact]
    public void A_factorys_client_knows_its_slot()
    {
        var (ipc, _) = Open(Rights.All);
        var client = NoteClient.On(ipc.Context, new NodeRef(3, 4));
        Assert.Equal(ObjectHandle.WellKnown(new NodeRef(3, 4), NoteContract.ContractId), client.Handle);
        Assert.Equal(60_000, NoteContract.ContractId);
    }

    [Fact]
    public void A_call_allocates_nothing()
    {
        var (_, client) = Open(Rights.All);
        long Sum(int calls)
        {
            long sum = 0;
            for (var call = 0; call < calls; call++)
                sum += client.Add(call, 1).GetAwaiter().GetResult().Value;
            return sum;
        }
        Sum(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Sum(1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void This_assembly_has_a_catalogue_of_its_own()
    {
        Assert.Equal(["NoteContract", "OtherContract"], ContractCatalogue.Contracts.Select(row => row.Name));
        var keep = ContractCatalogue.Contracts[0].Calls[1];
        Assert.Equal(
            ("Keep", Rights.Write, "string", 8), (keep.Name, keep.Rights, keep.Result, keep.ReplyMax));
        Assert.Equal("Takes a note and gives its title.", keep.Summary);
        Assert.True(ContractCatalogue.Contracts[0].Calls[3].OneWay);
        Assert.IsType<NoteContract.KeepCall>(ContractCatalogue.NewRequest(60_000, 2));
        Assert.Contains(typeof(Notebook), WireTypes.All);
    }

    private (DirectIpc Ipc, NoteClient Client) Open(Rights rights)
    {
        var ipc = new DirectIpc(_server, rights);
        return (ipc, new NoteClient(ipc.Context, ipc.Handle));
    }
}
