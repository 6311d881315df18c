namespace K42.Cluster.Security;

/// <summary>A credential or key directory that can't be used. The message is one sentence that says what to
/// do.</summary>
public sealed class CredentialException : Exception
{
    /// <summary>A credential that can't be used.</summary>
    public CredentialException(string message, Exception? cause = null) : base(message, cause) { }
}
