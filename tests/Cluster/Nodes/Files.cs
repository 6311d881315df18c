using K42.Client;

namespace K42.Cluster.Tests.Nodes;

/// <summary>Files of known content, written and read back whole.</summary>
internal static class Files
{
    /// <summary>The longest that is written, in bytes.</summary>
    public const int BytesMax = 200_000;

    private const int PieceBytes = 65_536;

    /// <summary>Makes a file, or replaces what is in it. Returns when it is closed.</summary>
    public static async Task WriteAsync(K42Task task, string path, byte[] content)
    {
        var fd = await Tally.Within(
            task.OpenAsync(path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, 0x1b6),
            $"open {path}");
        for (var at = 0; at < content.Length;)
        {
            var piece = content.AsMemory(at, Math.Min(PieceBytes, content.Length - at));
            at += await Tally.Within(task.WriteAsync(fd, piece), $"write {path}");
        }
        await Tally.Within(task.CloseAsync(fd), $"close {path}");
    }

    /// <summary>All that is in a file.</summary>
    public static async Task<byte[]> ReadAsync(K42Task task, string path)
    {
        var fd = await Tally.Within(task.OpenAsync(path, OpenFlags.ReadOnly), $"open {path}");
        var content = new MemoryStream();
        while (await Tally.Within(task.ReadAsync(fd, PieceBytes), $"read {path}") is { IsEmpty: false } piece)
            content.Write(piece.Span);
        await Tally.Within(task.CloseAsync(fd), $"close {path}");
        return content.ToArray();
    }
}
