using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Serialization;
using Hyperion;

namespace K42.Cluster.Membership;

/// <summary>Further types that may cross between nodes on Akka.Remote, given when the ActorSystem is
/// made.</summary>
/// <param name="Types">Closed types; each member type that is not a primitive or string is listed
/// too.</param>
public sealed class ClusterWireTypes(IReadOnlyList<Type> Types) : Setup
{
    /// <summary>The types.</summary>
    public IReadOnlyList<Type> Types { get; } = Types;
}

/// <summary>Hyperion behind a whitelist: a type that is not listed is neither sent nor made.</summary>
/// <remarks>KnownTypes stays empty on purpose: Hyperion lets its entries past the filter.</remarks>
public sealed class ClusterSerializer : Akka.Serialization.Serializer
{
    private readonly HashSet<Type> _allowed;
    private readonly Hyperion.Serializer _hyperion;

    /// <summary>Made by Akka, one per ActorSystem.</summary>
    public ClusterSerializer(ExtendedActorSystem system) : base(system)
    {
        var more = system.Settings.Setup.Get<ClusterWireTypes>();
        _allowed = [.. ClusterMessages.Types, .. more.HasValue ? more.Value.Types : []];
        _hyperion = new Hyperion.Serializer(SerializerOptions.Default
            .WithKnownTypes(Array.Empty<Type>())
            .WithTypeFilter(new Whitelist(_allowed)));
    }

    /// <inheritdoc/>
    public override int Identifier => 4201;

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <summary>Writes a listed type.</summary>
    /// <exception cref="SerializationException">The type is not listed.</exception>
    public override byte[] ToBinary(object obj)
    {
        if (!_allowed.Contains(obj.GetType()))
            throw new SerializationException($"{obj.GetType()} is not listed as a message between nodes");
        using var stream = new MemoryStream();
        _hyperion.Serialize(obj, stream);
        return stream.ToArray();
    }

    /// <summary>Reads a listed type.</summary>
    /// <exception cref="SerializationException">The bytes name a type that is not listed, or are
    /// damaged.</exception>
    public override object FromBinary(byte[] bytes, Type type)
    {
        try
        {
            using var stream = new MemoryStream(bytes, writable: false);
            var message = _hyperion.Deserialize<object>(stream);
            if (message != null && _allowed.Contains(message.GetType())) return message;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new SerializationException("a message between nodes is damaged or of a type not listed", e);
        }
        throw new SerializationException("a message between nodes is of a type not listed");
    }
}

/// <summary>Hyperion asks by a type's full name when it writes and by the name without version when it
/// reads.</summary>
internal sealed class Whitelist : ITypeFilter
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    public Whitelist(IEnumerable<Type> types)
    {
        foreach (var type in types)
        {
            _names.Add(type.AssemblyQualifiedName!);
            _names.UnionWith(TypeFilterBuilder.Create().Include(type).Build().FilteredTypes);
        }
    }

    public bool IsAllowed(string typeName) => _names.Contains(typeName);
}

/// <summary>Stands where Akka's Newtonsoft serializer was: that one makes whatever type the bytes
/// name.</summary>
public sealed class RefusingSerializer : Akka.Serialization.Serializer
{
    /// <summary>Made by Akka, which hands it the settings meant for Newtonsoft's.</summary>
    public RefusingSerializer(ExtendedActorSystem system, Config settings) : base(system) => _ = settings;

    /// <inheritdoc/>
    public override int Identifier => 1;

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <summary>Refuses.</summary>
    /// <exception cref="SerializationException">Always.</exception>
    public override byte[] ToBinary(object obj) =>
        throw new SerializationException($"{obj.GetType()} is not listed as a message between nodes");

    /// <summary>Refuses.</summary>
    /// <exception cref="SerializationException">Always.</exception>
    public override object FromBinary(byte[] bytes, Type type) =>
        throw new SerializationException("a peer sent JSON, which no K42 node does");
}
