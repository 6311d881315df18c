namespace K42.Tidy;

/// <summary>Asserts with messages that name every place and say what to do.</summary>
internal static class Rules
{
    /// <summary>Fails when there is any offence.</summary>
    public static void Hold(IEnumerable<string> offences, string advice)
    {
        var all = offences.ToArray();
        if (all.Length > 0) Assert.Fail($"{advice}\n  {string.Join("\n  ", all)}");
    }
}
