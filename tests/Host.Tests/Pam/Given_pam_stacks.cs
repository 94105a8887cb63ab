using CsCheck;
using Sallyport.Cli.Pam;

namespace Sallyport.Host.Tests.Pam;

/// <summary>
/// Any stack, with modules that answer what their line says (pam_debug.so): the walk comes to what the real libpam comes
/// to, on the files as they stand.
/// </summary>
public sealed class Given_pam_stacks
{
    private static readonly Gen<string> _control = Gen.OneOf(
        "required", "requisite", "sufficient", "optional", "[success=1 default=ignore]", "[success=2 default=ignore]",
        "[success=ok ignore=ignore default=die]", "[success=done default=bad]", "[success=done auth_err=1 default=die]",
        "[default=ok]", "[default=reset]", "[success=3 perm_denied=done default=bad]", "[default=ignore]", "nonsense");

    private static readonly Gen<string> _rule =
        from control in _control
        from code in Gen.OneOf("success", "success", "auth_err", "perm_denied", "ignore", "authinfo_unavail")
        select $"auth {control} pam_debug.so auth={code}";

    private static readonly Gen<string> _second = Lines(_rule);

    private static readonly Gen<string> _first = Lines(Gen.Frequency(
        (5, _rule), (1, Gen.OneOf("auth include FOLDER/second", "auth substack FOLDER/second", "@include FOLDER/second"))));

    private static readonly Gen<string> _main = Lines(Gen.Frequency(
        (4, _rule),
        (1, Gen.OneOf("auth include FOLDER/first", "auth substack FOLDER/first", "@include FOLDER/first", "auth substack FOLDER/second", "# none"))));

    [Fact]
    public void The_walk_ends_as_libpam_does()
    {
        string folder = Directory.CreateTempSubdirectory("pam").FullName;
        try
        {
            // A relative name is looked for in /etc/pam.d always. One after the other: libpam reads the files while the next would be written.
            Gen.Select(_main, _first, _second).Sample(
                (main, first, second) =>
                {
                    File.WriteAllText($"{folder}/main", main.Replace("FOLDER", folder, StringComparison.Ordinal));
                    File.WriteAllText($"{folder}/first", first.Replace("FOLDER", folder, StringComparison.Ordinal));
                    File.WriteAllText($"{folder}/second", second);
                    IReadOnlyList<PamLine> lines = PamStack.Read("main", [folder]).Of(PamType.Auth);

                    bool walked = PamWalk.Success(lines, Answer) is not null;

                    Assert.True(walked == (LibPam.Authenticate("main", folder) == 0), $"main:\n{main}first:\n{first}second:\n{second}");
                },
                iter: 600, threads: 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Gen<string> Lines(Gen<string> line) =>
        line.List[1, 6].Select(lines => string.Join('\n', lines) + "\n");

    private static IEnumerable<string> Answer(PamLine line) =>
        [line.Name == PamLine.Substack ? "ignore" : line.Arguments.Single()["auth=".Length..]];
}
