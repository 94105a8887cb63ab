namespace Sallyport.Cli.Doctor;

/// <summary>The folder of the distribution's PAM modules is where its own pam_permit.so lies.</summary>
internal static class PamModules
{
    private static readonly byte[] _elf = [0x7F, (byte)'E', (byte)'L', (byte)'F'];

    public static string? Find(string module) => Folders().Select(folder => $"{folder}/{module}").FirstOrDefault(File.Exists);

    /// <summary>An ELF file of the same word size and machine as this program.</summary>
    public static bool IsLibrary(string path)
    {
        Span<byte> ours = stackalloc byte[20];
        Span<byte> theirs = stackalloc byte[20];
        return Read("/proc/self/exe", ours) && Read(path, theirs) && theirs[..4].SequenceEqual(_elf)
            && theirs[4] == ours[4] && theirs[18..20].SequenceEqual(ours[18..20]);
    }

    private static IEnumerable<string> Folders() =>
        from lib in (string[])["/usr/lib", "/lib", "/usr/lib64", "/lib64"]
        where Directory.Exists(lib)
        from folder in Directory.GetDirectories(lib, "*-linux-gnu*").Prepend(lib)
        where File.Exists($"{folder}/security/pam_permit.so")
        select $"{folder}/security";

    private static bool Read(string path, Span<byte> bytes)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
