using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Names;

/// <summary>Makes a root volume with the directories and devices that programs expect (hier(7)).</summary>
internal sealed class RootBuilder(NameServer server, string options, Action<Outcome<ulong>> done)
{
    private const uint CharacterDevice = 0x2000;
    private const uint Everybody = 0x1B6; // 0666
    private const uint Shared = 0x3FF; // 01777
    private const uint Common = 0x1ED; // 0755
    private const uint Private = 0x1C0; // 0700

    private static readonly (string Path, uint Mode)[] Directories =
    [
        ("dev", Common), ("etc", Common), ("home", Common), ("mnt", Common), ("opt", Common),
        ("root", Private),
        ("run", Common), ("srv", Common), ("tmp", Shared), ("usr", Common), ("var", Common),
        ("var/tmp", Shared),
    ];

    // All of major 1.
    private static readonly (string Path, uint Minor)[] Devices =
        [("dev/null", 3), ("dev/zero", 5), ("dev/full", 7), ("dev/random", 8), ("dev/urandom", 9)];

    private static readonly WalkRequest[] Steps =
    [
        .. Directories.Select(one => Step(one.Path, WalkIntent.MakeDirectory, one.Mode, 0)),
        .. Devices.Select(one =>
            Step(one.Path, WalkIntent.MakeNode, CharacterDevice | Everybody, (1 << 8) | one.Minor)),
    ];

    private ulong _volume;
    private int _step;

    /// <summary>Begins; the end is told to done, in a turn of the server's actor.</summary>
    public void Start()
    {
        var volumes = VolumeClient.On(server.Home.Context, server.Home.Ipc.Node);
        volumes.CreateThen("ramfs", options, server, created =>
        {
            if (created.Failed)
            {
                done(created);
                return;
            }
            _volume = created.Value;
            volumes.EnterThen(_volume, 0, 0, 0, server, Entered);
        });
    }

    private static WalkRequest Step(string path, WalkIntent intent, uint mode, long device) =>
        new(path, intent, 0, mode, false, 0, device, 0, "", 0, 0);

    private void Entered(Outcome<ObjectHandle> root)
    {
        if (root.Failed) done(root.Errno);
        else Next(new DirectoryClient(server.Home.Context, root.Value));
    }

    private void Next(DirectoryClient root)
    {
        if (_step == Steps.Length)
        {
            root.Release();
            done(_volume);
            return;
        }
        root.WalkThen(Steps[_step++], server, walked =>
        {
            if (walked.Failed) done(walked.Errno);
            else Next(root);
        });
    }
}
