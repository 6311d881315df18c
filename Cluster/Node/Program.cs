using K42.Node.Commands;

try
{
    return await CommandTable.Root().Parse(RawArguments.Of(args)).InvokeAsync(new()
    {
        EnableDefaultExceptionHandler = false,
        // Nodes, and what starts them, take SIGTERM and Ctrl-C themselves and end in order; the others just end.
        ProcessTerminationTimeout = null,
    });
}
catch (Exception e) when (Failure.Of(e) is { } failure)
{
    Console.Error.WriteLine(failure.Message);
    return failure.ExitCode;
}
