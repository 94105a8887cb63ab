namespace Sallyport.Server.Hosting;

/// <summary>One setting as somebody wrote it.</summary>
/// <param name="Origin">Where: "server.conf:3", or "--listen".</param>
internal sealed record Setting(string Key, string Value, string Origin)
{
    // A connection string has a password, and what is wrong with a setting stands in logs.
    public SettingsException Bad(string why) =>
        new(Key == "postgres" ? $"{Origin}: cannot be used: {why}" : $"{Origin}: cannot use '{Value}' for {Key}: {why}");
}
