namespace Sallyport.Cli.Doctor;

/// <summary>shadow(5), for one question.</summary>
internal static class Shadow
{
    private const string Path = "/etc/shadow";

    private static readonly Lazy<HashSet<string>> _without = new(() =>
    [
        .. File.Exists(Path)
            ? from line in File.ReadLines(Path, System.Text.Encoding.Latin1)
              let fields = line.Split(':')
              where fields.Length > 1 && fields[1] is ['!' or '*', ..]
              select fields[0]
            : [],
    ]);

    /// <summary>It is locked, or was never set; of an account that is not in the file nothing is known.</summary>
    public static bool HasNoPassword(string user) => _without.Value.Contains(user);
}
