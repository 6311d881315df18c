using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;

using K42.Client;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary>Which cluster a client command talks to, and as whom.</summary>
/// <param name="Address">host:port of a gateway.</param>
/// <param name="Credential">The client credential's file.</param>
internal sealed record ClusterAddress(string Address, string Credential)
{
    private static readonly TimeSpan s_interruptDeadline = TimeSpan.FromSeconds(2);

    /// <summary>--cluster, on every client command.</summary>
    public static readonly Option<string?> ClusterOption = new("--cluster")
    {
        Description = "host:port of a gateway (default: K42_CLUSTER, or the cluster last started).",
        Recursive = true,
    };

    /// <summary>--credential, on every client command.</summary>
    public static readonly Option<string?> CredentialOption = new("--credential")
    {
        Description =
            "The client credential's file (default: K42_CREDENTIAL, or that of the cluster last started).",
        Recursive = true,
    };

    /// <summary>Resolves options, then environment, then the cluster last started.</summary>
    /// <exception cref="UserException">None of them says.</exception>
    public static ClusterAddress Of(ParseResult result)
    {
        var state = ClusterState.Load();
        var address = result.GetValue(ClusterOption) ?? Environment.GetEnvironmentVariable("K42_CLUSTER");
        if (address is not null && !IsGateway(address))
            throw new UserException($"'{address}' is no gateway: write host:port.", 2);
        var credential = result.GetValue(CredentialOption)
            ?? Environment.GetEnvironmentVariable("K42_CREDENTIAL");
        if (address is null && state is not null) address = (
            state.Running().FirstOrDefault() ?? state.Nodes[0]).Gateway;
        credential ??= state?.Credential;
        if (address is null || credential is null)
            throw new UserException(
                "No cluster is known: start one with 'k42 up', or give --cluster and --credential.", 69);
        return new ClusterAddress(address, credential);
    }

    private static bool IsGateway(string address)
    {
        var cut = address.LastIndexOf(':');
        if (cut <= 0 || Uri.CheckHostName(address[..cut]) == UriHostNameType.Unknown) return false;
        var isPort = ushort.TryParse(
            address[(cut + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0;
        return isPort && Uri.TryCreate($"https://{address}", UriKind.Absolute, out _);
    }

    /// <summary>Connects, or says in one sentence why not.</summary>
    public async Task<K42Connection> ConnectAsync(CancellationToken cancel)
    {
        try
        {
            return await K42Connection.ConnectAsync(Address, Credential, cancel).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new UserException(
                $"{e.Message} ('k42 status' tells whether the cluster runs; 'k42 up' starts one.)", 69);
        }
    }

    /// <summary>Connects, begins a session, runs an action in it, and ends it; Ctrl-C ends all of
    /// that.</summary>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public async Task<int> InSessionAsync(
        string name, Func<K42Session, CancellationToken, Task<int>> action, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var interrupt = PosixSignalRegistration.Create(
            PosixSignal.SIGINT, context => Interrupt(context, stop));
        await using var connection = await ConnectAsync(stop.Token).ConfigureAwait(false);
        await using var session = await connection.BeginSessionAsync(name, stop.Token).ConfigureAwait(false);
        // What waits for something that can't be interrupted, as a local read, is left behind.
        return await Task.Run(() => action(session, stop.Token), CancellationToken.None)
            .WaitAsync(stop.Token).ConfigureAwait(false);
    }

    // A node that does not answer must not keep the program.
    private static void Interrupt(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        var deadline = new Thread(() =>
        {
            Thread.Sleep(s_interruptDeadline);
            var (code, message) = Failure.Of(new OperationCanceledException())!.Value;
            Console.Error.WriteLine(message);
            Environment.Exit(code);
        })
        { IsBackground = true };
        deadline.Start();
        stop.Cancel();
    }
}
