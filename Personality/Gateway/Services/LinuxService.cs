using Grpc.Core;
using K42.Contracts;
using K42.Gateway.Sessions;
using K42.Linux.V1;
using K42.Personality.Linux;

namespace K42.Gateway.Services;

/// <summary>The service k42.linux.v1.Linux: sessions, and single calls.</summary>
internal sealed partial class LinuxService(SessionRegistry sessions, GatewayOptions options)
    : Linux.V1.Linux.LinuxBase
{
    /// <summary>Metadata that names the session in which a single call is made.</summary>
    public const string SessionHeader = "k42-session";

    public override async Task Session(IAsyncStreamReader<SessionRequest> requestStream,
        IServerStreamWriter<SessionReply> responseStream, ServerCallContext context)
    {
        var principal = Channel.PrincipalOf(context, options);
        if (!await requestStream.MoveNext(context.CancellationToken).ConfigureAwait(false))
            throw new RpcException(new Status(StatusCode.InvalidArgument, "the stream ended before hello"));
        var first = requestStream.Current;
        var hello = first.Hello
            ?? throw new RpcException(new Status(StatusCode.InvalidArgument,
                "the first message must say hello"));
        if (first.Calls.Count > 0)
            throw new RpcException(new Status(StatusCode.InvalidArgument,
                "calls start with the second message"));
        var session = await sessions.Open(principal, hello).ConfigureAwait(false);
        var last = hello.Resume?.LastNumber ?? 0;
        await session.Serve(requestStream, responseStream, last, context.CancellationToken)
            .ConfigureAwait(false);
    }

    private async Task<Completion> One(Call call, ServerCallContext context)
    {
        var principal = Channel.PrincipalOf(context, options);
        var key = context.RequestHeaders.GetValue(SessionHeader);
        if (key != null)
        {
            return await sessions.Find(principal, key).RunBeside(call, context.CancellationToken)
                .ConfigureAwait(false);
        }
        var task = await sessions.BeginSingle(principal).ConfigureAwait(false);
        try
        {
            var done = await CallRunner.Run(task, call, context.CancellationToken).ConfigureAwait(false);
            Channel.CheckExpiry(principal, options);
            return done;
        }
        finally
        {
            if (!task.HasEnded) await task.Leave().ConfigureAwait(false);
        }
    }
}

/// <summary>What the channel says about its other end.</summary>
internal static class Channel
{
    /// <summary>Who is there.</summary>
    /// <exception cref="RpcException">UNAUTHENTICATED: nobody that is known, or no more.</exception>
    public static Principal PrincipalOf(ServerCallContext context, GatewayOptions options)
    {
        var principal = options.Authenticator.Authenticate(context.GetHttpContext())
            ?? throw new RpcException(new Status(StatusCode.Unauthenticated,
                "no client certificate of this cluster, and not a local socket: see k42 credential add"));
        CheckExpiry(principal, options);
        return principal;
    }

    /// <summary>A connection outlives the certificate that opened it; what it proved does not.</summary>
    /// <exception cref="RpcException">UNAUTHENTICATED: the credential has expired.</exception>
    public static void CheckExpiry(Principal principal, GatewayOptions options)
    {
        if (principal.ExpiresNs == 0) return;
        if (principal.HasExpired(options.Host.Kernel.Ipc.Clock.RealtimeNs))
            throw Expired(principal.ExpiresNs);
    }

    /// <summary>A node that was paused past its right to serve must not act on what waited for it
    /// meanwhile.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: this node may not serve now.</exception>
    public static void CheckServing(GatewayOptions options)
    {
        if (!options.Host.Membership.MayServe)
            throw new RpcException(new Status(StatusCode.Unavailable,
                "the node serves nobody now: it has no majority"));
    }

    /// <summary>UNAUTHENTICATED, with the moment of the end.</summary>
    public static RpcException Expired(long expiresNs)
    {
        const long msNs = 1_000_000;
        var at = DateTimeOffset.FromUnixTimeMilliseconds(expiresNs / msNs);
        return new RpcException(new Status(StatusCode.Unauthenticated,
            $"the credential expired at {at:yyyy-MM-dd HH:mm:ss} UTC: see k42 credential add"));
    }
}
