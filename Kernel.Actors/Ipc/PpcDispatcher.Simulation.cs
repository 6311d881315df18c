using System.Runtime.CompilerServices;

using Akka.Dispatch;

namespace K42.Kernel.Ipc;

/// <summary>The rules of inline calls, for a simulation's dispatcher, which lets its seed choose.</summary>
public sealed partial class PpcDispatcher
{
    /// <summary>True, once, for the message that this thread's generated call sends.</summary>
    internal static bool TakeWish(object message)
    {
        if (!ReferenceEquals(t_wanted, message)) return false;
        t_wanted = null;
        return true;
    }

    /// <summary>True when neither nesting nor the stack stands against another inline run.</summary>
    internal static bool MayNest => t_depth < DepthMax && RuntimeHelpers.TryEnsureSufficientExecutionStack();

    /// <summary>Runs a mailbox here, out of sight of the caller's contexts, and counts the depth.</summary>
    internal static void RunNested(IRunnable run) => RunInline(run);
}
