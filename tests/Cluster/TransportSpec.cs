using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Serialization;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Event;
using Hyperion;
using K42.Cluster.Membership;
using K42.Cluster.Security;
using Xunit;
using AkkaCluster = Akka.Cluster.Cluster;

namespace K42.Cluster.Tests;

/// <summary>Who gets through a node's port, and which types.</summary>
public sealed class TransportSpec
{
    public sealed record Unlisted(string Text);

    public sealed record Listed(string Text);

    [Fact]
    public async Task Only_a_node_of_this_cluster_gets_through_the_port()
    {
        await using var cluster = new TestCluster();
        cluster.Authority.EnsureNode(Path.Combine(cluster.DirectoryOf("node-1"), "node.pem"), "node-1");
        const string quiet = "akka.loglevel = WARNING\nakka.stdout-loglevel = OFF\nakka.loggers = []";
        var node = await cluster.Start(cluster.Options("node-1") with { Hocon = quiet });

        using var other = ClusterAuthority.OpenOrCreate(Path.Combine(cluster.Root, "other"));
        other.EnsureNode(Path.Combine(cluster.Root, "stranger.pem"), "node-2");
        cluster.Authority.IssueClient(
            Path.Combine(cluster.Root, "client.pem"), new ClientIdentity("root", 0, 0, []));
        using var stranger = Credential.Load(Path.Combine(cluster.Root, "stranger.pem"), PeerRole.Node);
        using var client = Credential.Load(Path.Combine(cluster.Root, "client.pem"), PeerRole.Client);

        await IsClosed(node, certificate: null, isTls: false);
        await IsClosed(node, certificate: null);
        Assert.Contains("not from this cluster's authority", await Refusal(node, stranger.Certificate),
            StringComparison.Ordinal);
        Assert.Contains("not a node's", await Refusal(node, client.Certificate), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_listed_types_cross_between_nodes()
    {
        await using var cluster = new TestCluster();
        cluster.Authority.EnsureNode(Path.Combine(cluster.DirectoryOf("node-1"), "node.pem"), "node-1");
        var node = await cluster.Start(cluster.Options("node-1") with { WireTypes = [typeof(Listed)] });
        var serialization = ((ExtendedActorSystem)node.System).Serialization;

        var serializer = serialization.FindSerializerFor(new Listed("x"));
        Assert.IsType<ClusterSerializer>(serializer);
        Assert.Equal(
            new Listed("x"), serializer.FromBinary(serializer.ToBinary(new Listed("x")), typeof(Listed)));
        Assert.Throws<SerializationException>(() => serializer.ToBinary(new Unlisted("x")));

        // A peer that lists nothing sends whatever it likes.
        var careless = new Hyperion.Serializer(SerializerOptions.Default.WithKnownTypes(Array.Empty<Type>()));
        using var bytes = new MemoryStream();
        careless.Serialize(new Unlisted("x"), bytes);
        Assert.Throws<SerializationException>(() => serializer.FromBinary(bytes.ToArray(), typeof(object)));
        Assert.Throws<SerializationException>(() => serializer.FromBinary([255, 255, 0, 1], typeof(object)));

        // Akka's Newtonsoft serializer, number 1, would make any type.
        Assert.Throws<SerializationException>(
            () => serialization.Deserialize("{}"u8.ToArray(), 1, typeof(Unlisted).AssemblyQualifiedName!));
    }

    [Fact]
    public async Task A_node_speaks_for_itself_only_and_only_to_the_actors_that_speak_between_nodes()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.Start("node-1");
        var second = await cluster.Start("node-2", first.Address);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        first.System.ActorOf(Props.Create(() => new Private(stopped)), "private");
        var (asked, self) = (AkkaCluster.Get(first.System).SelfAddress, AkkaCluster.Get(second.System));
        var membership = second.System.ActorSelection(
            new RootActorPath(asked) / "user" / ClusterRoot.Name / MembershipActor.Name);
        var other = second.System.ActorSelection(new RootActorPath(asked) / "user" / "private");
        using var inbox = Inbox.Create(second.System);

        other.Tell(new Ping(1, 1), inbox.Receiver);
        other.Tell(PoisonPill.Instance, inbox.Receiver);
        other.Tell(new Identify(1), inbox.Receiver);
        var forged = new Hello(
            first.ClusterId, $"{asked}", 77, 77, "node-7", "", "127.0.0.1", 1, "", Asks: true);
        membership.Tell(forged, inbox.Receiver);
        membership.Tell(forged with { Address = $"{self.SelfAddress}", Uid = self.SelfUniqueAddress.Uid },
            inbox.Receiver);
        membership.Tell(new Ping(2, self.SelfUniqueAddress.Uid), inbox.Receiver);

        // In the order in which they were sent, what was refused left out.
        Assert.IsType<Hello>(await inbox.ReceiveAsync(TestCluster.Patience));
        Assert.Equal(2, Assert.IsType<Pong>(await inbox.ReceiveAsync(TestCluster.Patience)).SentAt);
        Assert.False(stopped.Task.IsCompleted);
    }

    /// <summary>Answers everybody, and tells when it was stopped.</summary>
    private sealed class Private(TaskCompletionSource stopped) : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);

        protected override void PostStop() => stopped.TrySetResult();
    }

    /// <summary>Dials with a certificate and gives the reason that the node logs.</summary>
    private static async Task<string> Refusal(ClusterNode node, X509Certificate2 certificate)
    {
        var warning = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var watcher = node.System.ActorOf(Props.Create(() => new WarningWatcher("refused", warning)));
        Assert.True(node.System.EventStream.Subscribe(watcher, typeof(Warning)));
        await IsClosed(node, certificate);
        return await warning.Task.WaitAsync(TestCluster.Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>Passes when the node ends the connection.</summary>
    private static async Task IsClosed(ClusterNode node, X509Certificate2? certificate, bool isTls = true)
    {
        var stop = TestContext.Current.CancellationToken;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(TestCluster.Patience);
        using var connection = new TcpClient();
        await connection.ConnectAsync("127.0.0.1", int.Parse(node.Address.Split(':')[1]), stop);
        Stream stream = connection.GetStream();
        try
        {
            if (isTls)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = "k42-node",
                    ClientCertificateContext = certificate == null
                        ? null : SslStreamCertificateContext.Create(certificate, null),
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
                }, patience.Token);
                stream = tls;
            }
            await stream.WriteAsync(new byte[] { 0, 0, 0, 4, 1, 2, 3, 4 }, patience.Token);
            Assert.Equal(0, await stream.ReadAsync(new byte[1], patience.Token));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Reset, or refused during the handshake.
        }
    }

    private sealed class WarningWatcher : ReceiveActor
    {
        public WarningWatcher(string word, TaskCompletionSource<string> seen) => Receive<Warning>(warning =>
        {
            var text = $"{warning.Message}";
            if (text.StartsWith(word, StringComparison.Ordinal)) seen.TrySetResult(text);
        });
    }
}
