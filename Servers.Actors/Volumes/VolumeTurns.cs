using K42.Contracts;
using K42.Contracts.Servers;

namespace K42.Servers.Volumes;

/// <summary>Something that the factory asks one of its volumes: told to the volume's actor, which does it in
/// a turn
/// and tells it back, so that the factory answers its caller in a turn of its own.</summary>
internal abstract class VolumeTurn(ulong volume)
{
    public ulong Volume { get; } = volume;

    /// <summary>Runs in the volume's actor.</summary>
    public abstract void Run(VolumeServer server);

    /// <summary>Runs in the factory's actor, with EIO when the volume ended before.</summary>
    public abstract void Finish(Errno failure);
}

/// <summary>Answers a caller with what a volume gives.</summary>
internal sealed class GiveTurn<T>(ulong volume, Func<VolumeServer, Outcome<T>> gives, Reply<T> reply)
    : VolumeTurn(volume)
{
    private Outcome<T> _result;

    public override void Run(VolumeServer server) => _result = gives(server);

    public override void Finish(Errno failure) => reply.Give(failure == Errno.None ? _result : failure);
}

/// <summary>Asks a volume to do something that may be refused; the factory hears how it went.</summary>
internal sealed class AskTurn(ulong volume, Func<VolumeServer, Errno> tries, Action<Errno> done)
    : VolumeTurn(volume)
{
    private Errno _result;

    public override void Run(VolumeServer server) => _result = tries(server);

    public override void Finish(Errno failure) => done(failure == Errno.None ? _result : failure);
}

/// <summary>What a volume tells about itself in listings.</summary>
internal sealed class InfoTurn(ulong volume, Action<VolumeInfo?> done) : VolumeTurn(volume)
{
    private VolumeInfo _result;

    public override void Run(VolumeServer server) => _result = server.Info;

    public override void Finish(Errno failure) => done(failure == Errno.None ? _result : null);
}
