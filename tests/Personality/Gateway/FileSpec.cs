using K42.Client;
using Xunit;

namespace K42.Personality.Tests.Gateway;

/// <summary>The client's whole-file helpers against a gateway.</summary>
public sealed class FileSpec
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_small_file_is_written_before_its_descriptor_is_closed()
    {
        const int writers = 8, files = 100;
        await using var node = await GatewayNode.StartAsync();
        await using var connection = await K42Connection.ConnectAsync(
            node.Address, node.CredentialOf("root", 0), Stop);
        await using var session = await connection.BeginSessionAsync("files", Stop);
        // Opening takes several turns of several actors there, so that the rest of the batch waits for it.
        await session.Main.MakeDirectoryAsync("/mounted", cancellation: Stop);
        await session.Main.MountAsync("files", "/mounted", "ramfs", cancellation: Stop);
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var file = 0; file < files; file++)
            {
                await K42File.WriteAllBytesAsync(
                    session.Main, $"/mounted/{writer}", BitConverter.GetBytes(file), cancellation: Stop);
                var read = await K42File.ReadAllBytesAsync(session.Main, $"/mounted/{writer}", Stop);
                Assert.Equal(file, BitConverter.ToInt32(read));
            }
        }, Stop)));
    }
}
