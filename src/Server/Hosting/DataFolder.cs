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

    /// <summary>All of it or nothing, durable, readable by its owner only.</summary>
    public static void Write(string path, string text)
    {
        string unfinished = path + ".new";
        File.Delete(unfinished);
        using (var stream = new FileStream(unfinished, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            writer.Write(text);
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }
}
