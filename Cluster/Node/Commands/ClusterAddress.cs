using System.CommandLine;

using K42.Client;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary>Which cluster a client command talks to, and as whom.</summary>
/// <param name="Address">host:port of a gateway.</param>
/// <param name="Credential">The client credential's file.</param>
internal sealed record ClusterAddress(string Address, string Credential)
{
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

    /// <summary>Connects, or says in one sentence why not.</summary>
    public async Task<K42Connection> ConnectAsync(CancellationToken cancel)
    {
        try
        {
            return await K42Connection.ConnectAsync(Address, Credential, cancel).ConfigureAwait(false);
        }
        catch (UriFormatException)
        {
            throw new UserException($"'{Address}' is no gateway: write host:port.", 2);
        }
        catch (IOException e)
        {
            throw new UserException(
                $"{e.Message} ('k42 status' tells whether the cluster runs; 'k42 up' starts one.)", 69);
        }
    }

    /// <summary>Connects, begins a session, runs an action in it, and ends it.</summary>
    public async Task<int> InSessionAsync(
        string name, Func<K42Session, Task<int>> action, CancellationToken cancel)
    {
        await using var connection = await ConnectAsync(cancel).ConfigureAwait(false);
        await using var session = await connection.BeginSessionAsync(name, cancel).ConfigureAwait(false);
        return await action(session).ConfigureAwait(false);
    }
}
