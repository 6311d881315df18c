using CsCheck;

using K42.Servers.Volumes;

namespace K42.Servers.Tests.Volumes;

/// <summary>What can be asked of a file system by path.</summary>
public enum FileCall
{
    Open, MakeDirectory, RemoveDirectory, Unlink, Symlink, Link, Rename, SetMode, SetOwner, Truncate, Status,
    LinkStatus, Access, ReadLink, Write, Read, List, MakeNode,
}

/// <summary>One call by one user.</summary>
/// <param name="User">An index into the users of the run.</param>
/// <param name="Number">Flags, mode, size or offset, as the call needs.</param>
/// <param name="More">Mode, owner or length, as the call needs.</param>
public sealed record FileOperation(FileCall Call, int User, string Path, string Other, int Number, int More)
{
    private const int Creates = OpenFlags.O_CREAT | OpenFlags.O_RDWR;

    private static readonly int[] OpenFlagChoices =
    [
        0, OpenFlags.O_RDWR, OpenFlags.O_WRONLY, OpenFlags.O_ACCMODE, Creates, Creates,
        Creates | OpenFlags.O_EXCL,
        Creates | OpenFlags.O_TRUNC, OpenFlags.O_TRUNC, OpenFlags.O_DIRECTORY, OpenFlags.O_NOFOLLOW,
        OpenFlags.O_NOFOLLOW | OpenFlags.O_DIRECTORY, Creates | OpenFlags.O_NOFOLLOW,
        Creates | OpenFlags.O_DIRECTORY,
        OpenFlags.O_PATH, OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW, OpenFlags.O_NOATIME, OpenFlags.O_CREAT,
    ];

    private static readonly int[] ModeChoices =
        [0x1FF, 0x1ED, 0x1B6, 0x1A4, 0x180, 0x140, 0x49, 0, 0xDED, 0x5F8, 0x9ED, 0x9FF, 0x400,
            .. HostFiles.StickyIsPlain ? [0x3FF, 0x3FF, 0x3FF] : Array.Empty<int>()];

    private static readonly Gen<string> Component = Gen.Frequency(
        (40, Gen.OneOfConst("a", "b", "c")), (1, Gen.Const(".")), (1, Gen.Const("..")),
        (1, Gen.OneOfConst(Repeat('n', 255), Repeat('n', 256), Repeat('é', 127), Repeat('é', 128))));

    private static readonly Gen<string> AnyPath = Gen.Select(
        Gen.Frequency((9, Component.Array[1]), (6, Component.Array[2]), (2, Component.Array[3, 4])),
        Gen.Frequency((20, Gen.Const("")), (1, Gen.Const("/")), (1, Gen.Const("//"))),
        static (parts, slash) => string.Join('/', parts) + slash);

    private static readonly Gen<string> LinkTarget =
        Gen.OneOfConst("a", "b", "c", "a/b", "b/", "../a", "./c", ".", "..", "c/../a", new string('x', 200));

    /// <summary>Any call, those that make something more often.</summary>
    public static Gen<FileOperation> Any(int users) => Gen.Select(
        Gen.Frequency(
            (2, Gen.OneOfConst(FileCall.Open, FileCall.MakeDirectory, FileCall.Write, FileCall.Rename)),
            (5, Gen.Enum<FileCall>())),
        Gen.Int[0, users - 1], AnyPath, AnyPath, LinkTarget, Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000])
        .Select(static drawn => Make(drawn));

    private static FileOperation Make((FileCall, int, string, string, string, int, int) drawn)
    {
        var (call, user, path, other, target, number, more) = drawn;
        return call switch
        {
            FileCall.Open =>
                new(call, user, path, "", Pick(OpenFlagChoices, number), Pick(ModeChoices, more)),
            FileCall.MakeDirectory or FileCall.SetMode or FileCall.MakeNode =>
                new(call, user, path, "", Pick(ModeChoices, number), 0),
            FileCall.Symlink => new(call, user, path, target, 0, 0),
            FileCall.Link => new(call, user, path, other, number % 2, 0),
            FileCall.Rename => new(call, user, path, other, number % 8 < 5 ? 0 : number % 4, 0),
            FileCall.SetOwner => new(call, user, path, "", (number % 4) - 1, (more % 4) - 1),
            FileCall.Truncate => new(call, user, path, "", number % 200_000, 0),
            FileCall.Access => new(call, user, path, "", number % 9, 0),
            FileCall.Write or FileCall.Read => new(call, user, path, "", number % 200_000, more % 70_000),
            _ => new(call, user, path, "", 0, 0),
        };
    }

    private static string Repeat(char letter, int count) => new(letter, count);

    private static int Pick(int[] choices, int number) => choices[number % choices.Length];
}
