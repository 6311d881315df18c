using System.Collections.Immutable;

using Microsoft.CodeAnalysis;

namespace K42.Generator.Tests;

/// <summary>An edit that changes no contract must cost nothing.</summary>
public sealed class CachingSpec
{
    [Fact]
    public void An_unrelated_edit_is_served_from_the_cache()
    {
        var unrelated = Generating.Parse("class Unrelated { int A() => 1; }", "Unrelated.cs");
        var first = Generating.Compile(Generating.Stranger, Generating.Parse(Samples.Every), unrelated);
        var edited = Generating.Parse("class Unrelated { int A() => 2; int B; }", "Unrelated.cs");
        var steps = Steps(first, first.ReplaceSyntaxTree(unrelated, edited));
        foreach (var name in ContractGenerator.Steps) AssertKept(steps, name);
    }

    [Fact]
    public void Lines_added_above_a_contract_leave_its_model_and_output_cached()
    {
        var tree = Generating.Parse(Samples.Every);
        var first = Generating.Compile(Generating.Stranger, tree);
        var moved = Generating.Parse("// A new line.\n" + Samples.Every);
        var steps = Steps(first, first.ReplaceSyntaxTree(tree, moved));
        string[] kept = ["Contracts", "Wires", "Strays", "Duplicates", "Assembly"];
        foreach (var name in kept) AssertKept(steps, name);
    }

    [Fact]
    public void An_edit_of_a_contract_makes_it_anew_and_only_it()
    {
        var (canvas, small) = (Generating.Parse(Samples.Every), Generating.Parse(Samples.Least, "Small.cs"));
        var first = Generating.Compile(Generating.Stranger, canvas, small);
        var edited = Samples.Least.Replace("Ping", "Pong", StringComparison.Ordinal);
        var steps = Steps(first, first.ReplaceSyntaxTree(small, Generating.Parse(edited, "Small.cs")));
        var reasons =
            steps["Contracts"].SelectMany(step => step.Outputs).Select(output => output.Reason).ToList();
        Assert.Equal(2, reasons.Count);
        Assert.Single(reasons, IncrementalStepRunReason.Modified);
        AssertKept(steps, "Wires");
    }

    [Fact]
    public void No_step_passes_symbols_or_syntax_on()
    {
        var driver = Generating.Driver().RunGenerators(
            Generating.Compile(Generating.Stranger, Generating.Parse(Samples.Every)),
            TestContext.Current.CancellationToken);
        var steps = driver.GetRunResult().Results[0].TrackedSteps;
        var tracked = ContractGenerator.Steps.SelectMany(name => steps[name]);
        var outputs = tracked.SelectMany(step => step.Outputs);
        foreach (var value in outputs)
        {
            AssertValue(value.Value, []);
        }
    }

    private static void AssertKept(
        IReadOnlyDictionary<string, ImmutableArray<IncrementalGeneratorRunStep>> steps, string name)
    {
        Assert.True(steps.ContainsKey(name), name);
        Assert.All(steps[name].SelectMany(step => step.Outputs), output =>
            Assert.Contains(
                output.Reason,
                new[] { IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged }));
    }

    private static IReadOnlyDictionary<string, ImmutableArray<IncrementalGeneratorRunStep>> Steps(
        Compilation first, Compilation second)
    {
        var driver = Generating.Driver().RunGenerators(first, TestContext.Current.CancellationToken);
        driver = driver.RunGenerators(second, TestContext.Current.CancellationToken);
        return driver.GetRunResult().Results[0].TrackedSteps;
    }

    private static void AssertValue(object? value, HashSet<object> seen)
    {
        if (value is null or string || value.GetType().IsPrimitive || !seen.Add(value)) return;
        Assert.False(value is ISymbol or SyntaxNode or SyntaxTree or Compilation or SemanticModel,
            $"{value.GetType()}");
        if (value is DiagnosticDescriptor) return;
        var fields = value.GetType().GetFields(
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic
            | System.Reflection.BindingFlags.Public);
        foreach (var field in fields) AssertValue(field.GetValue(value), seen);
        if (value is System.Collections.IEnumerable items)
        {
            foreach (var item in items) AssertValue(item, seen);
        }
    }
}
