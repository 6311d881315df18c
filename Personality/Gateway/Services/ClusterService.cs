using Google.Protobuf;
using Grpc.Core;
using K42.Contracts;
using K42.Contracts.Kernel;
using K42.Contracts.Ports;
using K42.Contracts.Servers;
using K42.Gateway.Sessions;
using K42.Native.V1;

namespace K42.Gateway.Services;

/// <summary>The service k42.native.v1.Cluster: asks the nodes and joins their answers.</summary>
internal sealed class ClusterService(GatewayOptions options) : Native.V1.Cluster.ClusterBase
{
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(5);

    public override Task<StatusReply> Status(StatusRequest request, ServerCallContext context)
    {
        Channel.PrincipalOf(context, options);
        var membership = options.Host.Membership;
        var reply = new StatusReply { Self = options.Host.Node.Id, Serving = membership.MayServe };
        foreach (var member in membership.Members)
        {
            reply.Nodes.Add(new Node
            {
                Id = member.Node.Id,
                Incarnation = member.Node.Incarnation,
                Name = member.Name,
                GatewayAddress = member.GatewayAddress,
            });
        }
        return Task.FromResult(reply);
    }

    public override async Task<ProcessesReply> Processes(ProcessesRequest request, ServerCallContext context)
    {
        var reply = new ProcessesReply();
        await Each(request.Node, context, reply.Unanswered, Processes, answer =>
        {
            foreach (var process in answer.Found) reply.Processes.Add(Message(process, answer.Node));
        }).ConfigureAwait(false);
        return reply;
    }

    public override async Task<PipesReply> Pipes(PipesRequest request, ServerCallContext context)
    {
        var reply = new PipesReply();
        await Each(request.Node, context, reply.Unanswered,
            node => PipeClient.On(options.Host.Kernel, node).List(), answer =>
        {
            foreach (var pipe in answer.Found) reply.Pipes.Add(Message(pipe, answer.Node));
        }).ConfigureAwait(false);
        return reply;
    }

    public override async Task<VolumesReply> Volumes(VolumesRequest request, ServerCallContext context)
    {
        var reply = new VolumesReply();
        var own = NameClient.On(options.Host.Kernel, options.Host.Node);
        var table = await own.Table(0).ConfigureAwait(false);
        MountEntry[] mounts = table.Failed ? [] : table.Value.Mounts ?? [];
        await Each(request.Node, context, reply.Unanswered,
            node => VolumeClient.On(options.Host.Kernel, node).List(), answer =>
        {
            foreach (var volume in answer.Found)
            {
                reply.Volumes.Add(new Volume
                {
                    Node = answer.Node.Id,
                    Volume_ = volume.Volume,
                    Type = volume.Type,
                    BytesUsed = volume.BytesUsed,
                    Inodes = volume.Inodes,
                    Empty = volume.Empty,
                    MountPoint = PathOf(mounts, volume.Volume),
                });
            }
        }).ConfigureAwait(false);
        return reply;
    }

    // The processes of a node come in pages.
    private async ValueTask<Outcome<ProcessInfo[]>> Processes(NodeRef node)
    {
        var table = ProcessTableClient.On(options.Host.Kernel, node);
        var all = new List<ProcessInfo>();
        while (true)
        {
            var page = await table.List(all.Count == 0 ? 0 : all[^1].Pid).ConfigureAwait(false);
            if (page.Failed) return page.Errno;
            if (page.Value is not { Length: > 0 } found) return all.ToArray();
            all.AddRange(found);
        }
    }

    private async Task Each<T>(string name, ServerCallContext context, ICollection<uint> unanswered,
        Func<NodeRef, ValueTask<Outcome<T[]>>> ask, Action<(NodeRef Node, T[] Found)> take)
    {
        Channel.PrincipalOf(context, options);
        var asked = new List<(NodeRef Node, Task<Outcome<T[]>> Answer)>();
        foreach (var node in Nodes(name)) asked.Add((node, ask(node).AsTask()));
        foreach (var (node, answer) in asked)
        {
            try
            {
                var found =
                    await answer.WaitAsync(AnswerTimeMax, context.CancellationToken).ConfigureAwait(false);
                if (found.Failed) unanswered.Add(node.Id);
                else take((node, found.Value ?? []));
            }
            catch (TimeoutException)
            {
                unanswered.Add(node.Id);
            }
        }
    }

    private IEnumerable<NodeRef> Nodes(string name)
    {
        if (name.Length == 0) return options.Host.Membership.Members.Select(member => member.Node);
        var member = NodeNames.Find(options.Host.Membership, name)
            ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no node {name}"));
        return [member.Node];
    }

    private static ByteString PathOf(MountEntry[] mounts, ulong volume)
    {
        foreach (var mount in mounts)
        {
            if (mount.Volume == volume) return UnsafeByteOperations.UnsafeWrap(mount.Path.Memory);
        }
        return ByteString.Empty;
    }

    private static Process Message(ProcessInfo process, NodeRef node) => new()
    {
        Pid = process.Pid,
        Parent = process.Parent,
        Group = process.Group,
        Session = process.Session,
        Uid = process.Uid,
        Gid = process.Gid,
        User = process.User,
        State = ((char)process.State).ToString(),
        Name = process.Name,
        StartedNs = process.StartedNs,
        Node = node.Id,
    };

    private static Pipe Message(PipeInfo pipe, NodeRef node) => new()
    {
        Node = node.Id,
        Inode = pipe.Inode,
        BytesMoved = pipe.BytesMoved,
        BytesHeld = pipe.BytesHeld,
        Readers = pipe.Readers,
        Writers = pipe.Writers,
        ReaderPid = pipe.ReaderPid,
        WriterPid = pipe.WriterPid,
    };
}
