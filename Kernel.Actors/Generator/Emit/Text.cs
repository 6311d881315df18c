using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

using K42.Generator.Model;

using Microsoft.CodeAnalysis.CSharp;

namespace K42.Generator.Emit;

/// <summary>Pieces of C# that several emitters write.</summary>
internal static class Text
{
    public const string Contracts = "global::K42.Contracts";
    public const string Errno = "global::K42.Contracts.Errno";
    public const string Cancellation = "global::System.Threading.CancellationToken";

    public const string Generated =
        "[global::System.CodeDom.Compiler.GeneratedCode(\"K42.Generator\", \"1\")]";

    public const string Hidden =
        "[global::System.ComponentModel.EditorBrowsable("
        + "global::System.ComponentModel.EditorBrowsableState.Never)]";

    public const string Uncovered = "[global::System.Diagnostics.CodeAnalysis.ExcludeFromCodeCoverage]";

    /// <summary>An identifier, escaped when it is a keyword.</summary>
    public static string Name(string identifier) =>
        SyntaxFacts.GetKeywordKind(identifier) == SyntaxKind.None ? identifier : $"@{identifier}";

    /// <summary>A name that none of the taken ones has.</summary>
    public static string Free(string wanted, IEnumerable<ParameterModel> taken)
    {
        var name = wanted;
        while (taken.Any(parameter => parameter.Name == name)) name += "_";
        return name;
    }

    /// <summary>A string literal.</summary>
    public static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    /// <summary>A number with its digits in groups, as the contracts write them.</summary>
    public static string Number(int value)
    {
        var digits = value.ToString(CultureInfo.InvariantCulture);
        var grouped = new StringBuilder(digits);
        for (var at = digits.Length - 3; at > 0; at -= 3) grouped.Insert(at, '_');
        return grouped.ToString();
    }

    /// <summary>true or false.</summary>
    public static string Truth(bool value) => value ? "true" : "false";

    /// <summary>Writes a documentation comment, or a plain sentence when there is none.</summary>
    public static void Summary(this SourceBuilder source, DocModel doc, string otherwise)
    {
        var lines = doc.Lines.Count > 0 ? [.. doc.Lines] : new List<string> { otherwise };
        lines[0] = "<summary>" + lines[0];
        lines[lines.Count - 1] += "</summary>";
        foreach (var line in lines) source.Line($"/// {line}");
    }
}
