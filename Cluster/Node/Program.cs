using Grpc.Core;

using K42.Client;
using K42.Node.Commands;
using K42.Node.Hosting;

try
{
    return await CommandTable.Root().Parse(RawArguments.Of(args))
        .InvokeAsync(new() { EnableDefaultExceptionHandler = false });
}
catch (UserException e)
{
    Console.Error.WriteLine(e.Message);
    return e.ExitCode;
}
catch (K42Exception e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (RpcException e)
{
    Console.Error.WriteLine($"The cluster did not answer: {e.Status.Detail} Is it running? 'k42 status' tells, 'k42 up' starts one.");
    return 69;
}
catch (IOException e)
{
    Console.Error.WriteLine(e.Message);
    return 74;
}
