using K42.Client;

namespace K42.Linux.V1;

public sealed partial class DirectoryEntry
{
    /// <summary>The name as a string; see <see cref="K42Text"/>.</summary>
    public string Text => K42Text.Decode(Name);
}
