namespace Sallyport.Server.Hosting;

/// <summary>The folder that holds the secrets of the server: nobody else may so much as list it.</summary>
internal static class DataFolder
{
    public const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <exception cref="SettingsException">Others may look into it.</exception>
    public static void Open(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, OwnerOnly);
        }

        if ((File.GetUnixFileMode(folder) & Others) != 0)
        {
            throw new SettingsException($"{folder}: others may look into it; chmod 0700 {folder}");
        }
    }

    /// <summary>Of what is no secret and gets copied: a copy keeps it. Here nobody else comes to it.</summary>
    public const UnixFileMode Readable = OwnOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode OwnOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>All of it or nothing, durable, readable by its owner only if nothing else is said.</summary>
    public static void Write(string path, string text, UnixFileMode mode = OwnOnly)
    {
        string unfinished = path + ".new";
        File.Delete(unfinished);
        using (var stream = new FileStream(unfinished, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnOnly,
        }))
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            writer.Write(text);
            writer.Flush();
            File.SetUnixFileMode(stream.SafeFileHandle, mode); // whatever the umask says
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }
}
