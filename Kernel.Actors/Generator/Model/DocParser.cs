using System.Collections.Generic;
using System.Linq;
using System.Xml;
using System.Xml.Linq;

using Microsoft.CodeAnalysis;

namespace K42.Generator.Model;

/// <summary>Reads documentation comments, to be repeated on clients and in the catalogue.</summary>
internal static class DocParser
{
    private static readonly DocModel None = new(default, "", default);

    /// <summary>The symbol's documentation; empty when it has none, or the compilation reads none.</summary>
    public static DocModel Parse(ISymbol symbol)
    {
        var xml = symbol.GetDocumentationCommentXml();
        if (string.IsNullOrWhiteSpace(xml)) return None;
        XElement root;
        try
        {
            root = XElement.Parse(xml, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException)
        {
            return None;
        }
        var parameters = root.Elements("param")
            .Select(tag => new ParameterDoc(tag.Attribute("name")?.Value ?? "", Lines(tag)));
        return root.Element("summary") is { } summary
            ? new DocModel(Lines(summary), Text(summary), new EquatableArray<ParameterDoc>(parameters))
            : None;
    }

    private static EquatableArray<string> Lines(XElement element)
    {
        var inner = string.Concat(
            element.Nodes().Select(node => node.ToString(SaveOptions.DisableFormatting)));
        return new EquatableArray<string>(
            inner.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));
    }

    private static string Text(XElement element)
    {
        var words = string.Concat(element.Nodes().SelectMany(Words));
        return string.Join(
            " ", words.Split([' ', '\n', '\r', '\t'], System.StringSplitOptions.RemoveEmptyEntries));
    }

    private static IEnumerable<string> Words(XNode node)
    {
        if (node is XText text) return [text.Value];
        if (node is not XElement element) return [];
        var named = element.Attribute("cref") ?? element.Attribute("name") ?? element.Attribute("langword");
        return element.IsEmpty && named is not null
            ? [Short(named.Value)]
            : element.Nodes().SelectMany(Words);
    }

    // "M:K42.Contracts.FileContract.Read(System.Int32)" is read as "Read".
    private static string Short(string reference)
    {
        var end = reference.IndexOf('(');
        var path = end < 0 ? reference : reference.Substring(0, end);
        return path.Substring(path.LastIndexOfAny(['.', ':']) + 1);
    }
}
