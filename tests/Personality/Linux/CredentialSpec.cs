using K42.Contracts;

using Xunit;

namespace K42.Personality.Tests.Linux;

/// <summary>Credentials that change beside other calls. What each change does is compared with the host's
/// kernel in tests/Conformance.</summary>
public sealed class CredentialSpec
{
    private const long Same = uint.MaxValue;

    [Fact]
    public void Calls_beside_a_change_of_credentials_are_made_with_the_old_or_the_new() =>
        TaskWorld.Run(async (world, task) =>
        {
            await task.Must("mkdir", "/open", 0x1ff);
            for (var round = 0; round < 50; round++)
            {
                // Root and back; root stays the real and saved id.
                var change = task.Must("setresuid", Same, round % 2 == 0 ? 1_000 : 0, Same);
                var beside = Enumerable.Range(0, 4).Select(i => (i % 2) switch
                {
                    0 => task.Must("access", "/open", 7),
                    _ => task.Must("open", "/open", 0x10000),
                }).ToArray();
                await change;
                foreach (var fd in await Task.WhenAll(beside))
                {
                    if (fd > 0) await task.Must("close", fd);
                }
            }
            // Some of them were under way with credentials that were outdated when they arrived.
            Assert.True(world.OutdatedCount > 0);
        });

    [Fact]
    public void A_child_keeps_its_parents_ids_when_the_parent_changes_its_own() =>
        TaskWorld.Run(async (_, task) =>
        {
            var child = new SpecTask(task.Task.TakeChild((int)await task.Must("fork"))!);
            await task.Must("setuid", 1_000);
            Assert.Equal((1_000, 0), (await task.Must("getuid"), await child.Must("getuid")));
            await task.Fails(Errno.EPERM, "kill", child.Task.Pid, 0);
            await child.Must("kill", task.Task.Pid, 0);
            await task.Fails(Errno.EPERM, "setgroups", 0, 0);
            await child.Must("setgroups", 0, 0);
            await child.Fails(Errno.EINVAL, "setgroups", 65, 0);
            await child.Fails(Errno.EFAULT, "setgroups", 3, 0);
        });
}
