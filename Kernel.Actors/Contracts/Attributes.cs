namespace K42.Contracts;

/// <summary>Marks an abstract partial class as an IPC contract: the interface of objects that live in
/// actors.</summary>
/// <remarks>The class is the manual page: purpose, rights, errors, ordering, limits. The generator makes the
/// requests, the codec, the client, the checks and the catalogue row from it. Abstract methods must be
/// served; virtual ones carry the answer (usually a refusal) of objects that do not serve them.</remarks>
/// <param name="id">The contract's number, 1 to 65,535. Appended, never reused: a golden file guards
/// it.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ContractAttribute(ushort id) : Attribute
{
    /// <summary>The contract's number.</summary>
    public ushort Id { get; } = id;

    /// <summary>True for K42's static methods: one object per node, reached without being given a handle, at
    /// the slot whose index is the contract's number. Anyone may call it, so it authorises by its
    /// caller.</summary>
    public bool Factory { get; init; }
}

/// <summary>Marks a method of a contract as callable.</summary>
/// <remarks>The method returns void. Its parameters are K42's: plain ones are "in"; the last may be a
/// <see cref="Reply{T}"/>, whose T is what "out" and "in/out" parameters give back; strings, arrays and
/// <see cref="ReadOnlyMemory{T}"/> of bytes carry <see cref="MaxAttribute"/>; at most one
/// <see cref="CallerAttribute"/> and one <see cref="HandleAttribute"/> parameter, which clients do not
/// see.</remarks>
/// <param name="number">The call's number within the contract, 1 to 65,279. Appended, never reused.</param>
/// <param name="rights">What a caller must hold on the handle; checked before the method runs
/// (EPERM).</param>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class CallAttribute(ushort number, Rights rights) : Attribute
{
    /// <summary>The call's number within the contract.</summary>
    public ushort Number { get; } = number;

    /// <summary>What a caller must hold on the handle.</summary>
    public Rights Rights { get; } = rights;

    /// <summary>True when nobody waits for an answer (K42's __async): the method has no Reply.</summary>
    public bool OneWay { get; init; }

    /// <summary>How many replies of this call one object may hold unanswered; beyond it callers are told to
    /// back off. 0 when every call is answered in its own turn.</summary>
    public int ParkedMax { get; init; }

    /// <summary>The longest buffer, string or array in the reply: bytes, or elements.</summary>
    public int ReplyMax { get; init; }

    /// <summary>The errors that the method gives, besides those of every call.</summary>
    public Errno[] Fails { get; init; } = [];

    /// <summary>True when running the call twice is the same as once, so that it may be repeated.</summary>
    public bool Idempotent { get; init; }
}

/// <summary>The longest a buffer (bytes), string (UTF-8 bytes) or array (elements) may be. Longer:
/// E2BIG.</summary>
/// <remarks>A buffer that comes in may be read until the call is answered, and not after: it lies in its
/// caller's memory, or in that of the next call.</remarks>
/// <param name="length">1 to 65,536.</param>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
public sealed class MaxAttribute(int length) : Attribute
{
    /// <summary>The longest length.</summary>
    public int Length { get; } = length;
}

/// <summary>A <see cref="CallerIdentity"/> parameter that the kernel fills (K42's __CALLER_PID).</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class CallerAttribute : Attribute;

/// <summary>A <see cref="HandleRow"/> parameter: the handle that the call came in by (K42's
/// __XHANDLE).</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class HandleAttribute : Attribute;

/// <summary>Marks a positional partial record struct as a value that calls can carry.</summary>
/// <remarks>It is length-prefixed on the wire; fields are only appended, and read as defaults when
/// absent.</remarks>
[AttributeUsage(AttributeTargets.Struct, Inherited = false)]
public sealed class WireAttribute : Attribute;
