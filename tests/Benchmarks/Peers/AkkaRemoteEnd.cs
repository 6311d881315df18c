using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;
using K42.Benchmarks.Harness;

namespace K42.Benchmarks.Peers;

/// <summary>The two ends of Akka.Remote over mutual TLS, with the binary serializer.</summary>
internal static class AkkaRemoteEnd
{
    /// <summary>The name of the serving system and of its callee, for the path.</summary>
    public const string ServerName = "akka-remote";

    private const string CalleeName = "callee";

    /// <summary>No log output: a log line in the middle of a pass is a disturbance.</summary>
    public static readonly Config Quiet = ConfigurationFactory.ParseString("""
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        akka.log-dead-letters = off
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        """);

    private static readonly Config Remote = ConfigurationFactory.ParseString($$"""
        akka.actor.provider = remote
        akka.actor.serializers.bench = "{{typeof(AkkaBinarySerializer).AssemblyQualifiedName}}"
        akka.actor.serialization-bindings {
          "{{typeof(AkkaRequest).AssemblyQualifiedName}}" = bench
          "{{typeof(AkkaReply).AssemblyQualifiedName}}" = bench
        }
        akka.remote.dot-netty.tcp {
          hostname = "127.0.0.1"
          port = 0
          enable-ssl = true
        }
        """);

    /// <summary>Starts one end.</summary>
    public static ActorSystem Start(string name, BenchCertificates certificates, bool isServer)
    {
        var tls = new DotNettySslSetup(
            isServer ? certificates.Server : certificates.Client,
            suppressValidation: false,
            requireMutualAuthentication: true,
            customValidator: (certificate, _, _, _, _) => certificates.IsTrusted(certificate));
        var setup = BootstrapSetup.Create().WithConfig(Remote.WithFallback(Quiet));
        return ActorSystem.Create(name, ActorSystemSetup.Create(setup, tls));
    }

    /// <summary>The child's side: serves the callee until the parent ends.</summary>
    public static Task<int> ServeAsync(BenchCertificates certificates)
    {
        var system = Start(ServerName, certificates, isServer: true);
        system.ActorOf(Props.Create<AkkaCallee>(), CalleeName);
        return Task.FromResult(((ExtendedActorSystem)system).Provider.DefaultAddress.Port!.Value);
    }

    /// <summary>Finds the child's callee.</summary>
    public static Task<IActorRef> FindAsync(ActorSystem system, int port) =>
        system.ActorSelection($"akka.ssl.tcp://{ServerName}@127.0.0.1:{port}/user/{CalleeName}")
            .ResolveOne(TimeSpan.FromSeconds(20));
}
