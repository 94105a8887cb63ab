using System.Globalization;

namespace Sallyport.EndToEnd.Harness;

/// <summary>
/// The person at the keyboard. ssh (and sudo -A) runs our askpass program for each prompt; the program notes the prompt in a folder
/// and waits there for the answer, so a test can answer at once, later, or never.
/// </summary>
internal sealed class Dialogue
{
    public const string AskPass = "/usr/local/bin/askpass";

    // No answer left: the program fails, and ssh sends an empty answer.
    public const string AskPassScript = """
        #!/bin/sh
        cd "$DIALOGUE" || exit 1
        n=1
        while [ -e "prompt.$n" ]; do n=$((n + 1)); done
        printf '%s' "$1" > "noting.$n"
        mv "noting.$n" "prompt.$n"
        while [ ! -e "answer.$n" ]; do
            [ ! -e over ] || exit 1
            sleep 0.02
        done
        cat "answer.$n"
        """;

    private const UnixFileMode Everybody = (UnixFileMode)0x1FF; // 0777

    private readonly Sandbox _sandbox;
    private readonly string _folder;
    private int _answers;

    public Dialogue(Sandbox sandbox, string folder)
    {
        _sandbox = sandbox;
        _folder = folder;
        Directory.CreateDirectory(sandbox.Outside(folder));
        File.SetUnixFileMode(sandbox.Outside(folder), Everybody); // sudo runs the program as the user
    }

    public Dictionary<string, string> Environment => new()
    {
        ["SSH_ASKPASS"] = AskPass,
        ["SSH_ASKPASS_REQUIRE"] = "force",
        ["SUDO_ASKPASS"] = AskPass,
        ["DIALOGUE"] = _folder,
    };

    /// <summary>What the person was asked, in order.</summary>
    public IReadOnlyList<string> Prompts
    {
        get
        {
            var prompts = new List<string>();
            while (_sandbox.Exists(Numbered("prompt", prompts.Count + 1)))
            {
                prompts.Add(_sandbox.Read(Numbered("prompt", prompts.Count + 1)));
            }

            return prompts;
        }
    }

    public void Answer(string text)
    {
        _answers++;
        _sandbox.Write(Numbered("typing", _answers), text + "\n");
        File.Move(
            _sandbox.Outside(Numbered("typing", _answers)), _sandbox.Outside(Numbered("answer", _answers)));
    }

    /// <summary>Whatever is asked from now on gets an empty answer.</summary>
    public void SayNoMore() => _sandbox.Write($"{_folder}/over", "");

    private string Numbered(string what, int number) =>
        $"{_folder}/{what}.{number.ToString(CultureInfo.InvariantCulture)}";
}
