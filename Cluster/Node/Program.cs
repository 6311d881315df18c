using K42.Node.Commands;

try
{
    return await CommandTable.Root().Parse(RawArguments.Of(args))
        .InvokeAsync(new() { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (Failure.Of(e) is { } failure)
{
    Console.Error.WriteLine(failure.Message);
    return failure.ExitCode;
}
