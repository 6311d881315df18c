namespace K42.Generator.Tests;

/// <summary>Contracts that between them use every feature of the generator.</summary>
internal static class Samples
{
    /// <summary>Every parameter kind, rights, parking, documentation, and names that clash with generated
    /// ones.</summary>
    public const string Every = """
        using System;
        using K42.Contracts;

        namespace Sample;

        /// <summary>A colour.</summary>
        public enum Colour : sbyte
        {
            /// <summary>Red.</summary>
            Red = -1,
        }

        /// <summary>A point.</summary>
        /// <param name="X">Across.</param>
        [Wire]
        public readonly partial record struct Point(int X, long Y);

        /// <summary>A labelled line.</summary>
        [Wire]
        public partial record struct Line(
            [property: Max(16)] string Label, [property: Max(8)] Point[] Points, Colour Colour,
            [property: Max(4)] ReadOnlyMemory<byte> Data, NodeRef Node, ObjectHandle Handle, bool Closed);

        /// <summary>Lines,
        /// drawn by <see cref="Draw"/>.</summary>
        [Contract(700, Factory = true)]
        public abstract partial class CanvasContract
        {
            /// <summary>Draws lines. <c>E2BIG</c> when there are too many &amp; more.</summary>
            /// <param name="lines">What to draw.</param>
            /// <param name="reply">How many were drawn.</param>
            [Call(1, Rights.Write | Rights.Read, ParkedMax = 10, Fails = [Errno.EAGAIN, Errno.EINTR])]
            public abstract void Draw(
                [Max(100)] Line[] lines, Line frame, [Max(32)] string name, [Caller] CallerIdentity caller,
                [Handle] HandleRow handle, Reply<int> reply);

            /// <summary>The bytes.</summary>
            [Call(2, Rights.Read, ReplyMax = 1_000, Idempotent = true)]
            public virtual void Bytes(sbyte tiny, Colour status, Reply<ReadOnlyMemory<byte>> reply) =>
                reply.Fail(Errno.ENOSYS);

            /// <summary>Wipes everything.</summary>
            [Call(3, Rights.None, OneWay = true)]
            public abstract void Wipe(bool really, [Max(3)] ushort[] @class);

            [Call(4, Rights.All, ReplyMax = 5)]
            public abstract void Lines(int cancel, int request, int owner, int then, Reply<Line[]> reply);

            [Call(5, Rights.Kernel, ReplyMax = 9)]
            public abstract void Name(ObjectHandle handle, Reply<string> reply);

            [Call(6, Rights.Kernel)]
            public abstract void Name(byte handle, Reply<Nothing> reply);

            [Call(7, Rights.Write)]
            public abstract void Paint([Max(65_536)] ReadOnlyMemory<byte> pixels, Reply<int> reply);
        }
        """;

    /// <summary>The least that a contract can be; it is internal and names its base.</summary>
    public const string Least = """
        using K42.Contracts;

        namespace Sample;

        [Contract(1)]
        internal abstract partial class Small : ServerObject
        {
            [Call(1, Rights.None)]
            internal abstract void Ping(Reply<Nothing> reply);
        }
        """;
}
