using System.Globalization;

using Grpc.Core;

using K42.Client;
using K42.Cluster.Security;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary>What a command that fails says, and its exit code.</summary>
internal static class Failure
{
    /// <summary>Whoever read standard output is gone: what a shell shows for the end by SIGPIPE.</summary>
    private const int ReaderGone = 128 + 13;

    /// <summary>The failures that are expected; null for a fault of the program itself. The message, if
    /// any, has no control characters.</summary>
    public static (int ExitCode, string Message)? Of(Exception e) => e switch
    {
        UserException user => (user.ExitCode, Plain(user.Message)),
        ReaderGoneException => (ReaderGone, ""),
        OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled } =>
            (130, "Interrupted."),
        RpcException rpc => Of(rpc),
        K42SessionEndedException => (69,
            "The session ended before the command was done, since its node stopped or its process was "
            + "killed: 'k42 status' tells which nodes serve; then run the command again."),
        K42Exception or CredentialException => (1, Plain(e.Message)),
        IOException or UnauthorizedAccessException => (74, Plain(e.Message)),
        _ => null,
    };

    /// <summary>Text of others on one line of a terminal: control characters, except the tabulator, as
    /// their numbers.</summary>
    public static string Plain(string text) => !text.Any(IsUnsafe) ? text : string.Concat(text.Select(
        one => IsUnsafe(one) ? string.Create(CultureInfo.InvariantCulture, $"\\x{(int)one:x2}") : $"{one}"));

    private static bool IsUnsafe(char one) => char.IsControl(one) && one != '\t';

    private static (int ExitCode, string Message) Of(RpcException e)
    {
        var reason = Plain(K42Connection.Reason(e)).TrimEnd('.', ' ');
        return e.StatusCode switch
        {
            StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Unknown => (69,
                $"The cluster did not answer: {reason}. Is it running? 'k42 status' tells, "
                + "'k42 up' starts one."),
            StatusCode.ResourceExhausted => (1,
                $"The cluster refused: {reason}. End some first, or name another node with --cluster."),
            _ => (1, $"The cluster refused: {reason}."),
        };
    }
}
