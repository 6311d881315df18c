using K42.Contracts;
using K42.Contracts.Kernel;

namespace K42.Kernel.Processes;

/// <summary>Tells a parent on another node of its child's changes: one at a time, numbered, until it is
/// taken.</summary>
/// <remarks>What happens while a change is under way is coalesced: the last state counts, as a parent's wait
/// would see it. The end is the last change, and is told until the parent releases the zombie or does not
/// know it.</remarks>
internal sealed class ParentReport(ProcessTable table, Process process)
{
    private WaitResult? _next;
    private bool _sending;
    private ulong _sequence;

    /// <summary>Stopped, continued or ended.</summary>
    public void Changed(int status, int code)
    {
        _next = new WaitResult(
            process.Pid, status, process.Principal.UserIds.Real, code, process.ProcessorNs);
        SendNext();
    }

    /// <summary>Of another group, or session.</summary>
    public void GroupChanged()
    {
        // Any change that is still to be sent carries both.
        _next ??= new WaitResult(process.Pid, 0, process.Principal.UserIds.Real, 0);
        SendNext();
    }

    private void SendNext()
    {
        if (_sending || _next is not { } change) return;
        (_sending, _next) = (true, null);
        _sequence++;
        Send(change);
    }

    private void Send(WaitResult change)
    {
        if (process.ParentNode.IsNone || process.Life == ProcessLife.Gone) return;
        table.On(process.ParentNode).ChildChangedThen(
            process.ParentPid, change, IsEnd(change), _sequence, process.Group, process.Session, table,
            outcome => Sent(change, outcome.Errno));
    }

    private void Sent(WaitResult change, Errno errno)
    {
        if (process.ParentNode.IsNone || process.Life == ProcessLife.Gone) return;
        switch (errno)
        {
            case Errno.ESRCH:
                table.TakenByInit(process);
                break;
            case Errno.None when IsEnd(change):
                table.Home.After(table.Settings.ZombieReportAgain, () => Send(change));
                break;
            case Errno.None:
                _sending = false;
                SendNext();
                break;
            case var _ when !table.IsMember(process.ParentNode):
                // Removed, perhaps before the child was made: nobody there will ever take it.
                table.TakenByInit(process);
                break;
            default:
                table.Home.After(table.Settings.ReportAgain, () => Send(change));
                break;
        }
    }

    private static bool IsEnd(WaitResult change) =>
        change.Code is WaitOptions.CodeExited or WaitOptions.CodeKilled;
}
