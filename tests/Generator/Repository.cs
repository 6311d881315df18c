using System.Runtime.CompilerServices;

namespace K42.Generator.Tests;

/// <summary>Files that the tests compare with, and how they are written anew.</summary>
internal static class Repository
{
    /// <summary>The command that brings files up to date, after their change was looked at.</summary>
    public const string HowToUpdate = "K42_UPDATE=1 dotnet run --project tests/Generator";

    /// <summary>The command that forgets what the wire was: it breaks every released peer.</summary>
    public const string HowToStartAnew = "K42_UPDATE=anew dotnet run --project tests/Generator";

    /// <summary>True when files are to be written instead of compared.</summary>
    public static bool Update => Environment.GetEnvironmentVariable("K42_UPDATE") is "1" or "anew";

    /// <summary>True when the golden files of the wire are to be forgotten first.</summary>
    public static bool Anew => Environment.GetEnvironmentVariable("K42_UPDATE") == "anew";

    /// <summary>The folder of this project.</summary>
    public static string Folder { get; } = FolderOf();

    /// <summary>A file of this project.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Folder, .. parts]);

    /// <summary>Compares a text with a file, or writes it.</summary>
    public static void Verify(string path, string actual)
    {
        if (Update)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }
        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        if (expected == actual) return;
        var (was, now) = (expected.Split('\n'), actual.Split('\n'));
        var line = was.Zip(now).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.Fail(
            $"{Path.GetFileName(path)} differs from line {line + 1}.\nwas: {was.ElementAtOrDefault(line)}\n"
            + $"now: {now.ElementAtOrDefault(line)}\nIf that is meant, run: {HowToUpdate}");
    }

    private static string FolderOf([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
