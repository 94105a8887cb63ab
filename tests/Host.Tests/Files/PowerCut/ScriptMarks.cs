using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>How a played script tells who traces it where it is: it writes to /dev/null.</summary>
internal sealed class ScriptMarks : IDisposable
{
    /// <summary>The environment variable with the folder to play in.</summary>
    public const string Folder = "SALLYPORT_SCRIPT_FOLDER";

    public const string Path = "/dev/null";

    private readonly SafeFileHandle _null = File.OpenHandle(Path, FileMode.Open, FileAccess.Write);

    public static string Begin(int step) => $"step {step.ToString(CultureInfo.InvariantCulture)} begins;";

    public static string Return(int step) => $"step {step.ToString(CultureInfo.InvariantCulture)} returned;";

    public static DiskCall Parse(string mark)
    {
        string[] words = mark.Split(' ');
        int step = int.Parse(words[1], CultureInfo.InvariantCulture);
        return mark == Begin(step) ? new DiskCall.Began(step) : new DiskCall.Returned(step);
    }

    public void Write(string mark)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(mark);
        Assert.Equal(bytes.Length, Interop.Unistd.write(_null, bytes, bytes.Length));
    }

    public void Dispose() => _null.Dispose();
}
