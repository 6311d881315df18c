namespace K42.Contracts;

/// <summary>What the holder of a handle may do with the object.</summary>
/// <remarks>K42's built-in rights, then bits that each contract may use in its own sense.</remarks>
[Flags]
public enum Rights : uint
{
    /// <summary>Nothing needed; the method authorises by its caller.</summary>
    None = 0,

    /// <summary>Held by everyone on a factory's well-known handle.</summary>
    GlobalHandle = 1,

    /// <summary>Held by the process that the handle was made for.</summary>
    ProcessOnly = 2,

    /// <summary>May give the handle on.</summary>
    ControlAccess = 4,

    /// <summary>May be mapped or attached.</summary>
    Attach = 8,

    /// <summary>May be looked up and asked for its status.</summary>
    Lookup = 16,

    /// <summary>May be read.</summary>
    Read = 32,

    /// <summary>May be written.</summary>
    Write = 64,

    /// <summary>May be executed or searched.</summary>
    Execute = 128,

    /// <summary>Held only by kernels and servers (callers with process number 0).</summary>
    Kernel = 256,

    /// <summary>All that a process can be given.</summary>
    All = ProcessOnly | ControlAccess | Attach | Lookup | Read | Write | Execute,
}
