using System.Collections.Immutable;

using K42.Contracts;

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace K42.Generator.Tests;

/// <summary>Compiles sources against the real contracts' assembly and runs the generator on them.</summary>
internal static class Generating
{
    /// <summary>An assembly that sees no internals of the contracts.</summary>
    public const string Stranger = "Sample";

    private static readonly CSharpParseOptions Options =
        new(LanguageVersion.CSharp14, DocumentationMode.Diagnose);

    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Append(typeof(Request).Assembly.Location)
            .Distinct()
            .Where(path => Path.GetFileName(path) is var name
                && (name is "K42.Contracts.dll" or "netstandard.dll" or "mscorlib.dll"
                    || name.StartsWith("System.", StringComparison.Ordinal)))
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>Parses a source as a file of that name.</summary>
    public static SyntaxTree Parse(string source, string path = "Sample.cs") =>
        CSharpSyntaxTree.ParseText(
            source, Options, path, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>A compilation with documentation, nullable checks and every warning.</summary>
    public static CSharpCompilation Compile(string assembly, params SyntaxTree[] trees) =>
        CSharpCompilation.Create(
            assembly,
            trees,
            References,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable,
                warningLevel: 9_999));

    /// <summary>A driver that remembers its steps.</summary>
    public static GeneratorDriver Driver(string space = "Sample") =>
        CSharpGeneratorDriver.Create(
            [new ContractGenerator().AsSourceGenerator()],
            parseOptions: Options,
            optionsProvider: new RootNamespace(space),
            driverOptions: new GeneratorDriverOptions(default, trackIncrementalGeneratorSteps: true));

    /// <summary>Runs the generator once.</summary>
    public static (GeneratorDriverRunResult Result, Compilation Output) Run(
        string source, string assembly = Stranger)
    {
        var driver = Driver().RunGeneratorsAndUpdateCompilation(
            Compile(assembly, Parse(source)), out var output, out _, TestContext.Current.CancellationToken);
        return (driver.GetRunResult(), output);
    }

    /// <summary>What the compiler has to say that is not hidden.</summary>
    public static ImmutableArray<Diagnostic> Complaints(this Compilation compilation) =>
        [.. compilation.GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Info)];

    private sealed class RootNamespace(string space) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Options(space);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

        private sealed class Options(string space) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(
                string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value)
            {
                value = key == "build_property.RootNamespace" ? space : null;
                return value is not null;
            }
        }
    }
}
