using Sallyport.Host.Files;

namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>Alone it shows that the script can be played; under strace it is what gets recorded.</summary>
public sealed class Given_the_script_of_the_store : IDisposable
{
    private readonly DirectoryInfo _own = Directory.CreateTempSubdirectory("sallyport-script-");

    [Fact]
    public void Every_step_of_it_does_what_it_should()
    {
        string folder = Environment.GetEnvironmentVariable(ScriptMarks.Folder) ?? _own.FullName;
        using var marks = new ScriptMarks();
        using TotpStore store = TotpStore.At(folder, TimeSpan.FromSeconds(10));
        for (int i = 0; i < StoreScript.Steps.Count; i++)
        {
            marks.Write(ScriptMarks.Begin(i));
            StoreScript.Steps[i].Run(store);
            marks.Write(ScriptMarks.Return(i));
        }
    }

    public void Dispose() => _own.Delete(recursive: true);
}
