namespace K42.Kernel.Ipc;

/// <summary>What a node's actor system must be configured with for its objects to be callable.</summary>
public static class IpcHocon
{
    /// <summary>The settings of <c>hocon/reference/ipc.conf</c>.</summary>
    public const string Text = """
        akka.actor.default-dispatcher.type = "K42.Kernel.Ipc.PpcDispatcherConfigurator, K42.Kernel"
        akka.actor.default-mailbox.mailbox-type = "K42.Kernel.Ipc.PpcMailbox, K42.Kernel"
        akka.actor.guardian-supervisor-strategy = "Akka.Actor.StoppingSupervisorStrategy"
        """;
}
