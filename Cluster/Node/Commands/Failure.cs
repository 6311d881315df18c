using Grpc.Core;

using K42.Client;
using K42.Cluster.Security;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary>What a command that fails says, and its exit code.</summary>
internal static class Failure
{
    /// <summary>The failures that are expected; null for a fault of the program itself.</summary>
    public static (int ExitCode, string Message)? Of(Exception e) => e switch
    {
        UserException user => (user.ExitCode, user.Message),
        OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled } =>
            (130, "Interrupted."),
        RpcException rpc => (69,
            $"The cluster did not answer: {rpc.Status.Detail} Is it running? 'k42 status' tells, "
            + "'k42 up' starts one."),
        K42Exception or CredentialException => (1, e.Message),
        IOException or UnauthorizedAccessException => (74, e.Message),
        _ => null,
    };
}
