using Grpc.Core;
using K42.Linux.V1;

namespace K42.Gateway.Services;

/// <remarks>Single calls that read and change credentials.</remarks>
internal sealed partial class LinuxService
{
    public override Task<Completion> Setuid(SetuidRequest request, ServerCallContext context) =>
        One(new Call { Setuid = request }, context);

    public override Task<Completion> Setgid(SetgidRequest request, ServerCallContext context) =>
        One(new Call { Setgid = request }, context);

    public override Task<Completion> Setreuid(SetreuidRequest request, ServerCallContext context) =>
        One(new Call { Setreuid = request }, context);

    public override Task<Completion> Setregid(SetregidRequest request, ServerCallContext context) =>
        One(new Call { Setregid = request }, context);

    public override Task<Completion> Setgroups(SetgroupsRequest request, ServerCallContext context) =>
        One(new Call { Setgroups = request }, context);

    public override Task<Completion> Setresuid(SetresuidRequest request, ServerCallContext context) =>
        One(new Call { Setresuid = request }, context);

    public override Task<Completion> Getresuid(GetresuidRequest request, ServerCallContext context) =>
        One(new Call { Getresuid = request }, context);

    public override Task<Completion> Setresgid(SetresgidRequest request, ServerCallContext context) =>
        One(new Call { Setresgid = request }, context);

    public override Task<Completion> Getresgid(GetresgidRequest request, ServerCallContext context) =>
        One(new Call { Getresgid = request }, context);

    public override Task<Completion> Setfsuid(SetfsuidRequest request, ServerCallContext context) =>
        One(new Call { Setfsuid = request }, context);

    public override Task<Completion> Setfsgid(SetfsgidRequest request, ServerCallContext context) =>
        One(new Call { Setfsgid = request }, context);
}
