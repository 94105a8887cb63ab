namespace Sallyport.Server.Hosting;

/// <summary>
/// Whose the data folder is. Root becomes that account before anything is opened or written: one file of root's in
/// there would keep the server from starting.
/// </summary>
internal static class FolderOwner
{
    public const string ServerAccount = "sallyport"; // eng/systemd/sallyport-server.sysusers

    /// <returns>The account that the process became; null: it stays who it is.</returns>
    /// <exception cref="SettingsException">The folder is somebody else's.</exception>
    public static string? Become(string folder)
    {
        // Where there is no folder, whoever opens it says so.
        if (Account.OwnerOf(folder) is not uint uid || uid == Account.Self)
        {
            return null;
        }

        Account owner = Account.ByUid(uid) ?? throw new SettingsException(
            $"{folder} belongs to uid {uid}, which is no account here; chown it to the server's account");
        if (Account.Self != 0)
        {
            throw new SettingsException($"{folder} belongs to {owner.Name}: run this as root, or as {owner.Name}");
        }

        RemoveDebuggingPorts();
        owner.Become();
        return owner.Name;
    }

    /// <summary>For root, who sets a server up before there is a folder: it will be the server's account's.</summary>
    public static void Make(string folder)
    {
        if (Account.Self == 0 && Path.IsPathFullyQualified(folder) && !Path.Exists(folder)
            && Account.ByName(ServerAccount) is Account server)
        {
            DataFolder.Open(folder);
            server.Give(folder);
        }
    }

    // The runtime makes them when it begins, so they are root's, and the account could not remove them at the end.
    private static void RemoveDebuggingPorts()
    {
        string folder = Path.GetTempPath();
        foreach (string kind in (string[])["dotnet-diagnostic", "clr-debug-pipe"])
        {
            foreach (string port in Directory.EnumerateFiles(folder, $"{kind}-{Environment.ProcessId}-*"))
            {
                File.Delete(port);
            }
        }
    }
}
