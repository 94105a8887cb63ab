using System.Globalization;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>The command google-authenticator: the distribution's, or ours under its name.</summary>
public enum Maker
{
    Original,
    Sallyport,
}

/// <summary>One sandbox with both commands. Every run has a home folder of its own.</summary>
public sealed class EnrolmentHost : IAsyncLifetime
{
    private const string OriginalPath = "/usr/bin";
    private const string OurPath = "/opt/sallyport/bin";

    // What stands on the line is what a person would type behind the command's name. $0 is the input.
    private const string Script = """
        mkdir -p "$HOME" && cd "$HOME" && eval "$2"
        printf '%s' "$0" | eval "google-authenticator $1"
        """;

    private Sandbox? _sandbox;
    private int _homes;

    internal Sandbox Sandbox => _sandbox!;

    public async ValueTask InitializeAsync()
    {
        Tools.MustBeThere("google-authenticator", "script", "useradd", "ip");
        _sandbox = await Sandbox.StartAsync(TestContext.Current.CancellationToken);
        Sandbox.Copy(Built.Command, "/opt/sallyport/lib/sallyport");
        Directory.CreateDirectory(Sandbox.Outside(OurPath));
        await Sandbox.RunAsync("ln", "-s", "../lib/sallyport", $"{OurPath}/google-authenticator");
        await Sandbox.RunAsync("ln", "-s", "../lib/sallyport", $"{OurPath}/sallyport");
        await Sandbox.RunAsync("useradd", "--create-home", "ada");
    }

    public async ValueTask DisposeAsync()
    {
        if (_sandbox is not null)
        {
            await _sandbox.DisposeAsync();
        }
    }

    internal string NewHome() =>
        $"/home/{Interlocked.Increment(ref _homes).ToString(CultureInfo.InvariantCulture)}";

    internal static string Folder(Maker maker) => maker is Maker.Original ? OriginalPath : OurPath;

    /// <summary>Runs the command with an input that ends, its output in pipes.</summary>
    /// <param name="line">What stands behind its name, as a shell reads it.</param>
    /// <param name="input">All that is ever typed.</param>
    /// <param name="before">What the shell does in the home folder before.</param>
    internal async Task<EnrolmentResult> RunAsync(Maker maker, string line, string input = "", string before = "")
    {
        string home = NewHome();
        Outcome outcome = await Sandbox.TryAsync(
            "env", $"PATH={Folder(maker)}:/usr/sbin:/usr/bin:/sbin:/bin", $"HOME={home}",
            "sh", "-c", Script, input, line, before);
        string file = $"{home}/.google_authenticator";
        // A FIFO would keep us waiting, and a link would lead out of the sandbox.
        string found = (await Sandbox.TryAsync("stat", "-c", "%F, %a %U:%G", file)).Output.Trim();
        bool isFile = found.StartsWith("regular", StringComparison.Ordinal);
        return new EnrolmentResult(
            outcome, isFile ? Sandbox.Read(file) : null, found,
            (await Sandbox.RunAsync("ls", "-A", home)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
