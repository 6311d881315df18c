using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using K42.Contracts;
using K42.Contracts.Ports;
using K42.Kernel.Ipc.Links;
using K42.Kernel.Ipc.Links.Tcp;
using K42.Kernel.Runtime;
using Xunit;

namespace K42.Kernel.Tests.Links;

/// <summary>Figures, by hand: links against a bare SslStream in one run, passes alternating. Asserts no time.
/// </summary>
/// <remarks>dotnet run -c Release --project tests/Kernel -- -explicit only -class '*LinkBench'</remarks>
public sealed class LinkBench(ITestOutputHelper output)
{
    private const int Passes = 5;
    private const int CallBytes = 98;
    private const int ReplyBytes = 24;
    private const int Rounds = 20_000;
    private const int BulkPieces = 16_000;
    private const int PieceBytes = 65_536;

    [Fact(Explicit = true)]
    public void Ping_pong_and_bulk_against_a_bare_SslStream()
    {
        var authority = new TestAuthority();
        using var links = new BenchLinks(authority);
        using var bare = new BareTls(authority);
        links.PingPong(2_000, callers: 1);
        bare.PingPong(2_000);
        for (var pass = 0; pass < Passes; pass++)
        {
            Report("sslstream-pingpong", bare.PingPong(Rounds));
            Report("link-pingpong", links.PingPong(Rounds, callers: 1));
        }
        for (var pass = 0; pass < 3; pass++)
            Report("link-calls-64", links.PingPong(20 * Rounds, callers: 64));
        for (var pass = 0; pass < 3; pass++)
            Say($"link-calls-64-pool   {links.Pooled(20 * Rounds, callers: 64):F0}/s");
        for (var pass = 0; pass < Passes; pass++)
        {
            var bareMb = bare.Bulk(BulkPieces);
            var linkMb = links.Bulk(BulkPieces);
            Say($"bulk: sslstream {bareMb:F0} MB/s, link {linkMb:F0} MB/s, ratio {linkMb / bareMb:F2}");
        }
        for (var pass = 0; pass < 3; pass++)
        {
            using var stop = new ManualResetEventSlim();
            var flood = new Thread(() => links.Flood(stop));
            flood.Start();
            Report("link-pingpong+bulk", links.PingPong(2_000, callers: 1));
            stop.Set();
            flood.Join();
        }
        Say($"writer handovers {links.Handovers}");
    }

    private void Report(string name, (long[] Ns, double Seconds, long Bytes) run)
    {
        Array.Sort(run.Ns);
        var (p50, p99) = (run.Ns[run.Ns.Length / 2] / 1e3, run.Ns[run.Ns.Length * 99 / 100] / 1e3);
        var (rate, bytes) = (run.Ns.Length / run.Seconds, (double)run.Bytes / run.Ns.Length);
        Say($"{name,-20} p50 {p50,7:F1} us  p99 {p99,7:F1} us  {rate,9:F0}/s  {bytes:F2} B/op");
    }

    private void Say(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>Two nodes whose readers answer and go on by themselves: no mailbox, no pool.</summary>
    private sealed class BenchLinks : IDisposable
    {
        private sealed class Silent : ILinkLog
        {
            public void Info(string message)
            {
            }

            public void Warning(string message)
            {
            }
        }

        private sealed class Receiver : ILinkReceiver, ILinkRoomListener
        {
            public ManualResetEventSlim Room { get; } = new();

            public Action<ILink, FrameClass, ReadOnlySpan<byte>> OnFrame { get; set; } = (_, _, _) => { };

            public void BatchBegins(ILink link)
            {
            }

            public void Frame(ILink link, FrameClass frameClass, ReadOnlySpan<byte> frame) =>
                OnFrame(link, frameClass, frame);

            public void BatchEnds(ILink link)
            {
            }

            public void Ended(ILink link, LinkEnd reason)
            {
            }

            public void RoomAgain(ILink link) => Room.Set();
        }

        private static readonly LinkOptions Options = LinkOptions.From(Akka.Configuration.ConfigurationFactory
            .ParseString(Environment.GetEnvironmentVariable("K42_LINK_BENCH") ?? ""));

        private readonly Receiver _one = new();
        private readonly Receiver _two = new();
        private readonly LinkTable _tableOne;
        private readonly LinkTable _tableTwo;
        private readonly ILink _link;
        private readonly byte[] _reply = new byte[ReplyBytes];
        private readonly byte[] _call = new byte[CallBytes];

        public BenchLinks(TestAuthority authority)
        {
            var executor = new PoolExecutor();
            var clock = new SystemClock(executor);
            (LinkTable, Member) Make(ushort id, Receiver receiver)
            {
                var credentials = authority.Credentials(authority.Issue($"node-{id}"));
                var transport = new TcpLinkTransport(new IPEndPoint(IPAddress.Loopback, 0), credentials);
                var member = LinkNode.Describe(id, port: transport.LocalEndPoint.Port);
                var context = new LinkContext(Options, new LinkIdentity("bench", 0, default), clock,
                    executor, new SystemRandomness(), receiver, new Silent());
                return (new LinkTable(context, transport, member), member);
            }
            (_tableOne, var one) = Make(1, _one);
            (_tableTwo, var two) = Make(2, _two);
            var (seenByOne, seenByTwo) = (new HandMembership(one), new HandMembership(two));
            seenByTwo.Up(one);
            seenByOne.Up(two);
            _tableTwo.Start(seenByTwo);
            _tableOne.Start(seenByOne);
            _link = _tableOne.To(two.Node)!;
            _two.OnFrame = (link, frameClass, _) =>
            {
                if (frameClass == FrameClass.Call) link.Send(FrameClass.Reserved, _reply);
            };
        }

        public long Handovers => _tableOne.Context.Counters.WriterHandovers;

        public (long[] Ns, double Seconds, long Bytes) PingPong(int rounds, int callers)
        {
            var ns = new long[rounds];
            var begun = new Queue<long>(callers + 1);
            var (sent, answered) = (0, 0);
            using var done = new ManualResetEventSlim();
            void SendOne(ILink link)
            {
                if (sent == rounds) return;
                sent++;
                begun.Enqueue(Stopwatch.GetTimestamp());
                if (link.Send(FrameClass.Call, _call) == 0) throw new InvalidOperationException("queue full");
            }
            // Replies come in the order of the calls here, so that a queue of times is enough.
            _one.OnFrame = (link, _, _) =>
            {
                lock (begun)
                {
                    ns[answered++] = (long)Stopwatch.GetElapsedTime(begun.Dequeue()).TotalNanoseconds;
                    SendOne(link);
                    if (answered == rounds) done.Set();
                }
            };
            var bytes = GC.GetTotalAllocatedBytes(precise: true);
            var start = Stopwatch.GetTimestamp();
            lock (begun)
            {
                for (var i = 0; i < callers; i++) SendOne(_link);
            }
            done.Wait();
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return (ns, seconds, GC.GetTotalAllocatedBytes(precise: true) - bytes);
        }

        /// <summary>Callers on the thread pool, whose replies are posted back to it.</summary>
        public double Pooled(int rounds, int callers)
        {
            var waiting = new TaskCompletionSource[callers];
            var answer = _two.OnFrame;
            _two.OnFrame = (link, _, frame) => link.Send(FrameClass.Reserved, frame[..ReplyBytes]);
            _one.OnFrame = (_, _, frame) => waiting[frame[0]].SetResult();
            async Task Caller(int caller)
            {
                var call = new byte[CallBytes];
                call[0] = (byte)caller;
                for (var i = 0; i < rounds / callers; i++)
                {
                    waiting[caller] =
                        new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _link.Send(FrameClass.Call, call);
                    await waiting[caller].Task;
                }
            }
            var start = Stopwatch.GetTimestamp();
            Task.WaitAll([.. Enumerable.Range(0, callers).Select(caller => Task.Run(() => Caller(caller)))]);
            _two.OnFrame = answer;
            return rounds / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        /// <summary>Bulk from this side until told to stop.</summary>
        public void Flood(ManualResetEventSlim stop)
        {
            var piece = new byte[PieceBytes];
            while (!stop.IsSet)
            {
                if (_link.Send(FrameClass.Bulk, piece) != 0) continue;
                _one.Room.Wait();
                _one.Room.Reset();
            }
        }

        public double Bulk(int pieces)
        {
            var taken = 0;
            using var done = new ManualResetEventSlim();
            var old = _two.OnFrame;
            _two.OnFrame = (_, _, _) =>
            {
                if (++taken == pieces) done.Set();
            };
            var piece = new byte[PieceBytes];
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < pieces; i++)
            {
                while (_link.Send(FrameClass.Bulk, piece) == 0)
                {
                    _one.Room.Wait();
                    _one.Room.Reset();
                }
            }
            done.Wait();
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            _two.OnFrame = old;
            return (double)pieces * PieceBytes / 1e6 / seconds;
        }

        public void Dispose()
        {
            _tableOne.Dispose();
            _tableTwo.Dispose();
        }
    }

    /// <summary>Two SslStreams over one connection, blocking, no framing at all.</summary>
    private sealed class BareTls : IDisposable
    {
        private readonly SslStream _near;
        private readonly SslStream _far;

        public BareTls(TestAuthority authority)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            client.Connect(listener.LocalEndpoint);
            var server = listener.AcceptSocket();
            server.NoDelay = true;
            _near = new SslStream(new NetworkStream(client, ownsSocket: true));
            _far = new SslStream(new NetworkStream(server, ownsSocket: true));
            var accepting = Task.Run(() => _far.AuthenticateAsServer(
                authority.Credentials(authority.Issue("node-2")).ForServer((_, _, _, _) => true)));
            _near.AuthenticateAsClient(
                authority.Credentials(authority.Issue("node-1")).ForClient((_, _, _, _) => true));
            accepting.Wait();
        }

        public (long[] Ns, double Seconds, long Bytes) PingPong(int rounds)
        {
            var server = new Thread(() =>
            {
                var (call, reply) = (new byte[CallBytes], new byte[ReplyBytes]);
                for (var i = 0; i < rounds; i++)
                {
                    _far.ReadExactly(call);
                    _far.Write(reply);
                }
            });
            server.Start();
            var ns = new long[rounds];
            var (mine, answer) = (new byte[CallBytes], new byte[ReplyBytes]);
            var bytes = GC.GetTotalAllocatedBytes(precise: true);
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < rounds; i++)
            {
                var began = Stopwatch.GetTimestamp();
                _near.Write(mine);
                _near.ReadExactly(answer);
                ns[i] = (long)Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            }
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            server.Join();
            return (ns, seconds, GC.GetTotalAllocatedBytes(precise: true) - bytes);
        }

        public double Bulk(int pieces)
        {
            var server = new Thread(() =>
            {
                var buffer = new byte[1_048_576];
                for (long left = (long)pieces * PieceBytes; left > 0;)
                    left -= _far.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            });
            server.Start();
            var piece = new byte[PieceBytes];
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < pieces; i++) _near.Write(piece);
            server.Join();
            return (double)pieces * PieceBytes / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        public void Dispose()
        {
            _near.Dispose();
            _far.Dispose();
        }
    }
}
