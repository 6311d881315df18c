using K42.Contracts;

namespace K42.Personality.Linux;

/// <summary>Short forms for handlers.</summary>
internal static class OutcomeExtensions
{
    /// <summary>The value, or null and the error.</summary>
    public static T? Out<T>(this Outcome<T> outcome, out Errno errno) where T : class
    {
        errno = outcome.Errno;
        return outcome.Failed ? null : outcome.Value;
    }

    /// <summary>Zero, or the error.</summary>
    public static SysResult Done<T>(this Outcome<T> outcome) => outcome.Errno;
}
