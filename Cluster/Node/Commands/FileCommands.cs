using System.Globalization;
using System.Text.Json;

using K42.Client;
using K42.Linux.V1;
using K42.Node.Hosting;

namespace K42.Node.Commands;

/// <summary>ls, cat, rm, mkdir, mv, stat on K42 paths.</summary>
internal static class FileCommands
{
    private const uint TypeMask = 0xF000;
    private const uint DirectoryType = 0x4000;
    private const uint LinkType = 0xA000;
    private const int ReadBytes = 1_048_576;

    /// <summary>ls [-l] [--json] PATH...</summary>
    public static async Task<int> ListAsync(
        K42Session session, string path, bool details, bool json, TextWriter output)
    {
        var task = session.Main;
        var status = await task.LinkStatAsync(path).ConfigureAwait(false);
        var rows = new List<(string Name, Stat Stat, string Target)>();
        if (IsDirectory(status))
        {
            var entries = await NamesAsync(task, path).ConfigureAwait(false);
            var stats = await Task.WhenAll(entries.Select(
                entry => task.LinkStatAsync(Join(path, entry)))).ConfigureAwait(false);
            for (var i = 0; i < entries.Count; i++) rows.Add((entries[i], stats[i], ""));
        }
        else rows.Add((path, status, ""));
        for (var i = 0; details && i < rows.Count; i++)
        {
            if ((rows[i].Stat.Mode & TypeMask) != LinkType) continue;
            var link = IsDirectory(status) ? Join(path, rows[i].Name) : path;
            rows[i] = rows[i] with { Target = await task.ReadLinkAsync(link).ConfigureAwait(false) };
        }
        if (json) await output.WriteLineAsync(JsonSerializer.Serialize(
            rows.Select(row => Describe(row.Name, row.Stat)), NodeJson.Options)).ConfigureAwait(false);
        else
        {
            foreach (var (name, stat, target) in rows)
                await output.WriteLineAsync(details ? Line(name, stat, target) : K42Text.Show(name))
                    .ConfigureAwait(false);
        }
        return 0;
    }

    /// <summary>cat PATH...</summary>
    public static async Task<int> CatAsync(K42Session session, string path, Stream output)
    {
        var task = session.Main;
        var fd = await task.OpenAsync(path, OpenFlags.ReadOnly).ConfigureAwait(false);
        while (true)
        {
            var bytes = await task.ReadAsync(fd, ReadBytes).ConfigureAwait(false);
            if (bytes.IsEmpty) break;
            await output.WriteAsync(bytes).ConfigureAwait(false);
        }
        await task.CloseAsync(fd).ConfigureAwait(false);
        await output.FlushAsync().ConfigureAwait(false);
        return 0;
    }

    /// <summary>rm [-r] [-f] PATH</summary>
    public static async Task<int> RemoveAsync(K42Session session, string path, bool recursive, bool force)
    {
        var task = session.Main;
        Stat status;
        try
        {
            status = await task.LinkStatAsync(path).ConfigureAwait(false);
        }
        catch (K42Exception e) when (force && e.Errno == Errno.ENOENT)
        {
            return 0;
        }
        await RefuseRootAsync(task, path, status).ConfigureAwait(false);
        if (!IsDirectory(status)) await task.UnlinkAsync(path).ConfigureAwait(false);
        else if (recursive) await K42File.DeleteAsync(task, path, recursive).ConfigureAwait(false);
        else throw new UserException(
            $"{K42Path.Prefix}{K42Text.Show(path)} is a directory: add -r to remove it and what is in it.");
        return 0;
    }

    // Whatever it is called: what is in it is everybody's.
    private static async Task RefuseRootAsync(K42Task task, string path, Stat status)
    {
        var root = FileStatus.Of(await task.LinkStatAsync("/").ConfigureAwait(false));
        if (FileStatus.Of(status).IsSame(root)) throw new UserException(
            $"{K42Path.Prefix}{K42Text.Show(path)} is the root of all files, which is never removed: "
            + "name what is in it.", 2);
    }

    /// <summary>mkdir [-p] PATH</summary>
    public static async Task<int> MakeDirectoryAsync(K42Session session, string path, bool parents)
    {
        await (parents
            ? K42File.MakeDirectoriesAsync(session.Main, path)
            : session.Main.MakeDirectoryAsync(path)).ConfigureAwait(false);
        return 0;
    }

    /// <summary>mv FROM TO: into TO when that is a directory.</summary>
    public static async Task<int> MoveAsync(K42Session session, string from, string to)
    {
        var target = to;
        try
        {
            if (IsDirectory(await session.Main.StatAsync(to).ConfigureAwait(false)))
                target = Join(to, Path.GetFileName(from.TrimEnd('/')));
        }
        catch (K42Exception e) when (e.Errno == Errno.ENOENT)
        {
            // The usual case: it is a new name.
        }
        await session.Main.RenameAsync(from, target).ConfigureAwait(false);
        return 0;
    }

    /// <summary>stat [--json] PATH</summary>
    public static async Task<int> StatAsync(K42Session session, string path, bool json, TextWriter output)
    {
        var stat = await session.Main.LinkStatAsync(path).ConfigureAwait(false);
        if (json) await output.WriteLineAsync(
            JsonSerializer.Serialize(Describe(path, stat), NodeJson.Options)).ConfigureAwait(false);
        else
        {
            foreach (var (name, value) in Describe(path, stat).Where(one => one.Key != "name_hex"))
            {
                var shown = name == "name" ? K42Text.Show(path) : value;
                await output.WriteLineAsync($"{name,-10} {shown}").ConfigureAwait(false);
            }
        }
        return 0;
    }

    /// <summary>True for a directory's status.</summary>
    public static bool IsDirectory(Stat status) => (status.Mode & TypeMask) == DirectoryType;

    /// <summary>A path below a directory.</summary>
    public static string Join(string directory, string name) => directory.TrimEnd('/') + "/" + name;

    private static async Task<List<string>> NamesAsync(K42Task task, string path)
    {
        var names = new List<string>();
        await foreach (var entry in K42File.EnumerateAsync(task, path).ConfigureAwait(false))
            names.Add(entry.Text);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static Dictionary<string, object> Describe(string name, Stat stat) => new()
    {
        // As it is where that can be said, else as ls shows it, and its bytes.
        ["name"] = K42Text.IsUtf8(name) ? name : K42Text.Show(name),
        ["name_hex"] = Convert.ToHexStringLower(K42Text.Encode(name).Span),
        ["mode"] = ModeText(stat.Mode),
        ["inode"] = stat.Ino,
        ["device"] = stat.Dev,
        ["links"] = stat.Nlink,
        ["uid"] = stat.Uid,
        ["gid"] = stat.Gid,
        ["size"] = stat.Size,
        ["blocks"] = stat.Blocks,
        ["modified"] = Time(stat).ToString("O", CultureInfo.InvariantCulture),
    };

    private static string Line(string name, Stat stat, string target) => string.Create(
        CultureInfo.InvariantCulture,
        $"{ModeText(stat.Mode)} {stat.Nlink,3} {stat.Uid,5} {stat.Gid,5} {stat.Size,12} {Time(stat):yyyy-MM-dd HH:mm} {K42Text.Show(name)}{(target.Length > 0 ? " -> " + K42Text.Show(target) : "")}");

    private static DateTime Time(Stat stat) =>
        DateTime.UnixEpoch.AddSeconds(stat.Mtim.Seconds).AddTicks(stat.Mtim.Nanoseconds / 100);

    private static string ModeText(uint mode)
    {
        var type = (mode & TypeMask) switch
        {
            DirectoryType => 'd',
            LinkType => 'l',
            0x2000 => 'c',
            0x6000 => 'b',
            0x1000 => 'p',
            0xC000 => 's',
            _ => '-',
        };
        var text = new char[10];
        text[0] = type;
        const string letters = "rwxrwxrwx";
        for (var i = 0; i < 9; i++) text[i + 1] = (mode & (0x100u >> i)) != 0 ? letters[i] : '-';
        if ((mode & 0x800) != 0) text[3] = text[3] == 'x' ? 's' : 'S';
        if ((mode & 0x400) != 0) text[6] = text[6] == 'x' ? 's' : 'S';
        if ((mode & 0x200) != 0) text[9] = text[9] == 'x' ? 't' : 'T';
        return new string(text);
    }
}
