using System.CommandLine.Invocation;

using K42.Node.Commands;

try
{
    const int wrongUsage = 2;
    var command = CommandTable.Root().Parse(RawArguments.Of(args));
    var code = await command.InvokeAsync(new()
    {
        EnableDefaultExceptionHandler = false,
        // Nodes, what starts them, and what has a session take Ctrl-C themselves and end in order; others just
        // end.
        ProcessTerminationTimeout = null,
    });
    return command.Action is ParseErrorAction ? wrongUsage : code;
}
catch (Exception e) when (Failure.Of(e) is { } failure)
{
    if (failure.Message.Length > 0) Console.Error.WriteLine(failure.Message);
    return failure.ExitCode;
}
