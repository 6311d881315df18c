using System.Buffers.Binary;
using Akka.Actor;
using Akka.Serialization;
using K42.Benchmarks.Harness;

namespace K42.Benchmarks.Peers;

/// <summary>A call to the Akka callee.</summary>
public sealed record AkkaRequest(long Id, byte[] Payload);

/// <summary>Its answer.</summary>
public sealed record AkkaReply(long Id, long Sum);

/// <summary>The Akka callee.</summary>
/// <remarks>Parent: the user guardian. Calls: nobody. On failure: restarted; the Ask times out.</remarks>
public sealed class AkkaCallee : ReceiveActor
{
    /// <summary>Answers every request with its payload's sum.</summary>
    public AkkaCallee() => Receive<AkkaRequest>(
        request => Sender.Tell(new AkkaReply(request.Id, BenchPayload.Sum(request.Payload))));
}

/// <summary>The two messages by hand, in binary: Akka's default (JSON) would be an unfair peer.</summary>
public sealed class AkkaBinarySerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string RequestManifest = "q";
    private const string ReplyManifest = "r";

    /// <inheritdoc/>
    public override int Identifier => 4242;

    /// <inheritdoc/>
    public override string Manifest(object o) => o is AkkaRequest ? RequestManifest : ReplyManifest;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        if (obj is AkkaRequest request)
        {
            var bytes = new byte[sizeof(long) + request.Payload.Length];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, request.Id);
            request.Payload.CopyTo(bytes, sizeof(long));
            return bytes;
        }
        var reply = (AkkaReply)obj;
        var answer = new byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(answer, reply.Id);
        BinaryPrimitives.WriteInt64LittleEndian(answer.AsSpan(sizeof(long)), reply.Sum);
        return answer;
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        var id = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (manifest == RequestManifest) return new AkkaRequest(id, bytes[sizeof(long)..]);
        return new AkkaReply(id, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(sizeof(long))));
    }
}
