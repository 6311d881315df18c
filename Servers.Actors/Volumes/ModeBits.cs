namespace K42.Servers.Volumes;

/// <summary>Type and permission bits of st_mode (inode(7)), and the access bits of access(2).</summary>
#pragma warning disable CS1591 // Each name says which S_ constant it is.
public static class ModeBits
{
    public const uint TypeMask = 0xF000;
    public const uint Fifo = 0x1000;
    public const uint CharacterDevice = 0x2000;
    public const uint Directory = 0x4000;
    public const uint BlockDevice = 0x6000;
    public const uint Regular = 0x8000;
    public const uint Link = 0xA000;
    public const uint Socket = 0xC000;

    public const uint SetUid = 0x800;
    public const uint SetGid = 0x400;
    public const uint Sticky = 0x200;
    public const uint GroupExecute = 0x8;
    public const uint AnyExecute = 0x49;
    public const uint AllAccess = 0x1FF;
    public const uint AllPermissions = 0xFFF;

    /// <summary>R_OK.</summary>
    public const uint MayRead = 4;

    /// <summary>W_OK.</summary>
    public const uint MayWrite = 2;

    /// <summary>X_OK; for directories, permission to search.</summary>
    public const uint MayExecute = 1;
}
