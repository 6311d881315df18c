using System.Collections.Concurrent;
using Grpc.Core;
using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Linux.V1;
using K42.Personality.Linux;

namespace K42.Gateway.Sessions;

/// <summary>The sessions of this node, by the secret that opens each.</summary>
internal sealed class SessionRegistry(GatewayOptions options, LinuxSystem linux)
{
    private const int SecretBytes = 24;

    private readonly ConcurrentDictionary<string, GatewaySession> _sessions = new();
    private readonly UserShares _places = new(options.SessionsMax);
    private readonly UserShares _bytes = new(options.BytesMax);
    private volatile bool _stopped;

    /// <summary>Makes the session that a program asks for, or finds the one that it goes on with.</summary>
    /// <exception cref="RpcException">It can't be had; the status says why.</exception>
    public async Task<GatewaySession> Open(Principal principal, Hello hello)
    {
        if (hello.StartCase == Hello.StartOneofCase.Resume)
        {
            var found = Find(principal, hello.Resume.Session);
            return found.IsResumable ? found
                : throw Refusal(StatusCode.FailedPrecondition, "the session was not begun as resumable");
        }
        if (!_places.TryTake(principal, 1))
            throw Refusal(StatusCode.ResourceExhausted, "you have as many sessions on this node as you may");
        GatewaySession session;
        var bytes = new SessionBytes(_bytes, principal);
        try
        {
            var main = await BeginTask(principal, hello).ConfigureAwait(false);
            session = new GatewaySession(options, NewKey(), principal, hello.Resumable, main, bytes);
        }
        catch
        {
            _places.Give(principal, 1);
            throw;
        }
        _sessions[session.Key] = session;
        _ = session.Over.ContinueWith(
            _ =>
            {
                _sessions.TryRemove(session.Key, out GatewaySession? _);
                _places.Give(principal, 1);
                bytes.Close();
            },
            TaskScheduler.Default);
        return session;
    }

    /// <summary>A process of its own for one call.</summary>
    /// <exception cref="RpcException">It can't be had; the status says why.</exception>
    public Task<LinuxTask> BeginSingle(Principal principal) =>
        BeginTask(principal, new Hello { Name = "grpc" });

    /// <summary>The session with this key.</summary>
    /// <exception cref="RpcException">There is none here, or it is another user's.</exception>
    public GatewaySession Find(Principal principal, string key)
    {
        if (!_sessions.TryGetValue(key, out var session))
        {
            var home = key.Split('-')[0];
            var here = $"{options.Host.Node}";
            throw Refusal(StatusCode.NotFound, home == here || !key.Contains('-')
                ? "there is no such session: it ended, or was not resumed in time"
                : $"the session is not of this node ({here})");
        }
        if (session.Principal.LoginUid != principal.LoginUid)
            throw Refusal(StatusCode.PermissionDenied, "the session is another user's");
        return session;
    }

    /// <summary>Takes no more sessions and hangs up those that there are.</summary>
    public void Stop()
    {
        _stopped = true;
        foreach (var session in _sessions.Values) session.HangUp();
    }

    // TASK_COMM_LEN without its NUL; more would not be kept.
    private const int NameMax = 15;

    private async Task<LinuxTask> BeginTask(Principal principal, Hello hello)
    {
        if (_stopped || !options.Host.Membership.MayServe)
            throw Refusal(StatusCode.Unavailable,
                "the node serves nobody now: it is stopping or has no majority");
        var process = hello.StartCase == Hello.StartOneofCase.Claim
            ? await options.Host.Claim(principal, hello.Claim.Pid, hello.Claim.Token.Memory)
                .ConfigureAwait(false)
            : await options.Host.Begin(principal, hello.Name).ConfigureAwait(false);
        if (process.Errno == Errno.EKEYEXPIRED) throw Services.Channel.Expired(principal.ExpiresNs);
        if (process.Failed) throw Refusal(process.Errno);
        // A claimed child was made under its parent's name.
        if (hello.StartCase == Hello.StartOneofCase.Claim && hello.Name.Length > 0)
            await new ProcessClient(process.Value.Context, process.Value.Process)
                .SetName(hello.Name.Length > NameMax ? hello.Name[..NameMax] : hello.Name)
                    .ConfigureAwait(false);
        var task = await linux.Begin(process.Value).ConfigureAwait(false);
        if (!task.Failed) return task.Value;
        options.Host.Abandon(process.Value);
        throw Refusal(StatusCode.Unavailable, $"the root directory can't be reached ({task.Errno})");
    }

    private string NewKey()
    {
        Span<byte> secret = stackalloc byte[SecretBytes];
        options.Host.Kernel.Ipc.Randomness.Fill(secret);
        return $"{options.Host.Node}-{Convert.ToHexStringLower(secret)}";
    }

    private static RpcException Refusal(Errno errno) => errno switch
    {
        Errno.EPERM => Refusal(
            StatusCode.PermissionDenied, "the child is another user's, or the token is wrong"),
        Errno.ESRCH => Refusal(StatusCode.NotFound, "there is no such child on this node"),
        Errno.EAGAIN => Refusal(StatusCode.Unavailable, "no process number can be had now"),
        _ => Refusal(StatusCode.Internal, $"the process could not be made ({errno})"),
    };

    private static RpcException Refusal(StatusCode code, string why) => new(new Status(code, why));
}
