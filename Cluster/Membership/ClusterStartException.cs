namespace K42.Cluster.Membership;

/// <summary>A node could not start. The message is one sentence that says what to do.</summary>
public sealed class ClusterStartException : Exception
{
    /// <summary>A node could not start.</summary>
    public ClusterStartException(string message, Exception? cause = null) : base(message, cause) { }
}
