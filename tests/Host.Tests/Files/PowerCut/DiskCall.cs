namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>A system call that changed the store's folder or a file in it, or that put changes on disk.</summary>
internal abstract record DiskCall
{
    public sealed record Created(int File, string Name) : DiskCall;

    public sealed record Wrote(int File, int Offset, byte[] Data) : DiskCall;

    public sealed record Renamed(string From, string To) : DiskCall;

    public sealed record Removed(string Name) : DiskCall;

    public sealed record SyncedFile(int File) : DiskCall;

    public sealed record SyncedFolder : DiskCall;

    /// <summary>Step so-and-so is asked for; not a call of the store's.</summary>
    public sealed record Began(int Step) : DiskCall;

    /// <summary>Step so-and-so has returned: acknowledged.</summary>
    public sealed record Returned(int Step) : DiskCall;
}
