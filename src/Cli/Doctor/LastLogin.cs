namespace Sallyport.Cli.Doctor;

/// <summary>lastlog(8): a record of 292 bytes for each uid, whose first word is when.</summary>
internal static class LastLogin
{
    private const string File = "/var/log/lastlog";
    private const int RecordBytes = 292;

    /// <summary>Null: this host keeps no such file, or keeps it elsewhere (lastlog2).</summary>
    public static bool? Of(uint uid)
    {
        if (!System.IO.File.Exists(File))
        {
            return null;
        }

        using FileStream log = System.IO.File.OpenRead(File);
        log.Position = (long)uid * RecordBytes;
        Span<byte> time = stackalloc byte[4];
        return log.ReadAtLeast(time, time.Length, throwOnEndOfStream: false) == time.Length && time.ContainsAnyExcept((byte)0);
    }
}
