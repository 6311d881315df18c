using K42.Contracts;

namespace K42.Generator.Tests.Calls;

/// <summary>A labelled list.</summary>
[Wire]
public readonly partial record struct Note(
    [property: Max(8)] string Title, [property: Max(3)] int[] Numbers,
    [property: Max(4)] ReadOnlyMemory<byte> Data);

/// <summary>Several notes.</summary>
[Wire]
public readonly partial record struct Notebook([property: Max(2)] Note[] Notes);

/// <summary>A contract of this assembly: one call per parameter kind.</summary>
[Contract(60_000, Factory = true)]
public abstract partial class NoteContract
{
    /// <summary>Adds two numbers.</summary>
    [Call(1, Rights.Read)]
    public abstract void Add(int a, int b, Reply<int> reply);

    /// <summary>Takes a note and gives its title.</summary>
    [Call(2, Rights.Write, ReplyMax = 8)]
    public abstract void Keep(Note note, Reply<string> reply);

    /// <summary>Tells who calls, and by which handle.</summary>
    [Call(3, Rights.None)]
    public abstract void Who([Handle] HandleRow handle, [Caller] CallerIdentity caller, Reply<ulong> reply);

    /// <summary>Nobody waits.</summary>
    [Call(4, Rights.Write, OneWay = true)]
    public abstract void Poke(int force, [Max(4)] string word);

    /// <summary>Gives a notebook back.</summary>
    [Call(5, Rights.Read)]
    public abstract void Open(int kind, Reply<Notebook> reply);

    /// <summary>Not served unless overridden.</summary>
    [Call(6, Rights.None)]
    public virtual void Extra(Reply<Nothing> reply) => reply.Fail(Errno.EOPNOTSUPP);

    /// <summary>Needs two rights at once.</summary>
    [Call(7, Rights.Read | Rights.Write)]
    public abstract void Both(Reply<Nothing> reply);
}

/// <summary>Another contract, for calls that reach the wrong object.</summary>
[Contract(60_001)]
public abstract partial class OtherContract
{
    /// <summary>Pings.</summary>
    [Call(1, Rights.None)]
    public abstract void Ping(Reply<Nothing> reply);
}

internal sealed class OtherServer : OtherContract
{
    public override void Ping(Reply<Nothing> reply) => reply.Ok();
}

internal sealed class NoteServer : NoteContract
{
    /// <summary>What was poked or kept.</summary>
    public List<string> Seen { get; } = [];

    public override void Add(int a, int b, Reply<int> reply) => reply.Ok(a + b);

    public override void Keep(Note note, Reply<string> reply)
    {
        Seen.Add($"{note.Title}/{note.Numbers.Length}");
        reply.Ok(note.Title);
    }

    public override void Who(HandleRow handle, CallerIdentity caller, Reply<ulong> reply) =>
        reply.Ok(((ulong)handle.Handle.Index << 32) | (uint)caller.Pid);

    public override void Poke(int force, string word) => Seen.Add($"{word}{force}");

    public override void Open(int kind, Reply<Notebook> reply) => reply.Ok(kind switch
    {
        0 => default,
        1 => new Notebook([default]),
        2 => new Notebook([default, default, default]),
        _ => new Notebook([new Note("ninechars", [], default)]),
    });

    public override void Both(Reply<Nothing> reply) => reply.Ok();
}
