using System.Collections.Immutable;
using Akka.Actor;
using K42.Contracts;
using K42.Contracts.Ports;

namespace K42.Cluster.Tables;

/// <summary>The replicated table port: values are read from memory, writes go to <see
/// cref="TableActor"/>.</summary>
/// <remarks>A write that got EAGAIN is undecided: it may still appear when the majority comes back.</remarks>
internal sealed class ReplicatedTable : IReplicatedTable
{
    /// <summary>The longest key.</summary>
    public const int KeyLengthMax = 255;

    /// <summary>The longest value.</summary>
    public const int ValueBytesMax = 65_536;

    private readonly IExecutor _executor;
    private readonly Lock _guard = new();
    private readonly TaskCompletionSource<IActorRef> _actor =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> _values =
        ImmutableSortedDictionary.Create<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
    private ImmutableArray<Action<string>> _listeners = [];

    public ReplicatedTable(IExecutor executor) => _executor = executor;

    /// <inheritdoc/>
    public IReadOnlyList<string> Keys => [.. Volatile.Read(ref _values).Keys];

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Get(string key) => Volatile.Read(ref _values).GetValueOrDefault(key);

    /// <inheritdoc/>
    public void Put(string key, ReadOnlyMemory<byte> value, Action<Errno> done)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length is > 0 and <= KeyLengthMax, true, nameof(key));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, ValueBytesMax, nameof(value));
        _actor.Task.Result.Tell(
            new TableActor.Write(key, value.ToArray(), errno => _executor.Post(_ => done(errno), null)),
            ActorRefs.NoSender);
    }

    /// <inheritdoc/>
    public void Subscribe(Action<string> changed)
    {
        lock (_guard) _listeners = _listeners.Add(changed);
    }

    /// <summary>The actor is there; called before the table is given to anyone.</summary>
    public void Attach(IActorRef actor) => _actor.SetResult(actor);

    /// <summary>Puts a value in place, then tells who listens. Called by the actor only.</summary>
    public void Set(string key, byte[] value)
    {
        ImmutableArray<Action<string>> listeners;
        lock (_guard)
        {
            if (_values.GetValueOrDefault(key).Span.SequenceEqual(value)) return;
            Volatile.Write(
                ref _values, value.Length == 0 ? _values.Remove(key) : _values.SetItem(key, value));
            listeners = _listeners;
        }
        foreach (var listener in listeners) listener(key);
    }
}
