using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;
using Tools = Sallyport.EndToEnd.Harness.Tools;

namespace Sallyport.EndToEnd.CommandLine;

/// <summary>The manual in eng/man, held against the programs: it leaves nothing out and invents nothing.</summary>
public sealed class Given_the_man_pages
{
    public static TheoryData<string> Pages =>
        [.. Directory.GetFiles(Path.Combine(Built.Root, "eng/man")).Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Each_renders_without_a_warning(string page)
    {
        Tools.MustBeThere("mandoc");

        Command lint = await Command.RunAsync("mandoc", ["-T", "lint", "-W", "warning", $"eng/man/{page}"]);

        Assert.Equal("", lint.Output + lint.Error);
        Assert.Equal(0, lint.ExitCode);
    }

    [Fact]
    public async Task Each_command_of_sallyport_has_its_part()
    {
        Assert.Equal([.. await HelpText.CommandsAsync(), "help"], Parts("sallyport.1").Keys);
    }

    [Fact]
    public async Task The_options_of_each_command_stand_in_its_part_and_no_others_do()
    {
        Dictionary<string, string> parts = Parts("sallyport.1");
        foreach (string command in await HelpText.CommandsAsync())
        {
            IEnumerable<string> described =
                Described(parts[command]).Union(["-h", "--help"]).Order(StringComparer.Ordinal);
            string[] known = await HelpText.OptionsAsync(command);

            Assert.Equal((command, string.Join(' ', known)), (command, string.Join(' ', described)));
            Assert.All(Named(parts[command]), option => Assert.Contains(option, known));
        }
    }

    [Fact]
    public async Task Each_option_that_a_command_lists_is_one()
    {
        Assert.False(await HelpText.IsKnownAsync("codes", "--digits"));
        Assert.False(await HelpText.IsKnownAsync("codes", "-Q"));
        foreach (string command in await HelpText.CommandsAsync())
        {
            foreach (string option in await HelpText.OptionsAsync(command))
            {
                Assert.True(await HelpText.IsKnownAsync(command, option), $"{command} {option}");
            }
        }
    }

    [Fact]
    public async Task The_examples_of_sallyport_use_options_that_exist()
    {
        string[][] examples =
        [
            .. Regex.Matches(Source("sallyport.1"), @"^\.Dl [#$] sallyport (.+)$", RegexOptions.Multiline)
                .Select(m => m.Groups[1].Value.Replace("\\-", "-", StringComparison.Ordinal).Split(' ')),
        ];

        Assert.NotEmpty(examples);
        foreach (string[] words in examples)
        {
            string[] known = await HelpText.OptionsAsync(words[0]);
            Assert.All(words.Where(word => word[0] == '-'), word => Assert.Contains(word.Split('=')[0], known));
        }
    }

    [Fact]
    public async Task The_options_of_the_agent_stand_in_its_page_and_no_others_do()
    {
        Command help = (await Command.RunAsync(Built.Agent, ["--help"])).Succeeded();

        IEnumerable<string> known = Regex.Matches(help.Error, @"--\w+").Select(m => m.Value).Append("--help");

        Assert.Equal(known.Order(StringComparer.Ordinal), Described(Source("sallyport-agent.8")));
        Assert.All(Named(Source("sallyport-agent.8")), option => Assert.Contains(option, known));
    }

    [Fact]
    public void The_keys_of_the_configuration_stand_in_its_page_and_no_others_do()
    {
        const string Source = "src/Host/Configuration/HostConfiguration.Sections.cs";
        const string Duo = "src/Host/Configuration/HostConfiguration.Duo.cs";
        const string Key = """\b(?:Find|Get|PathIn|YesOrNo|Flag|Number|Key)\((?:section, )?["](\w+)["]""";
        Dictionary<string, string> parts = Parts("sallyport.conf.5");
        string[] sections = InSource(Source, """^        "(\w+)" => (?:this|With)""", "[{0}");
        IEnumerable<string> known = InSource(Source, Key, "{0}").Concat(InSource(Duo, Key, "{0}"));
        IEnumerable<string> described = parts.Values
            .SelectMany(part => Regex.Matches(part, @"^\.It Cm (\w+)", RegexOptions.Multiline))
            .Select(key => key.Groups[1].Value).Distinct();

        Assert.Equal(sections, parts.Keys.Select(title => title.Split(' ', ']')[0]).Order(StringComparer.Ordinal));
        Assert.Equal(known.Distinct().Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_arguments_of_the_module_stand_in_its_page_and_no_others_do()
    {
        string[] known =
        [
            .. InSource("src/Host/Passcodes/ModuleOptions.cs", """(?:case|or) "([\w-]+=?)"(?=:| or )""", "{0}"),
            .. InSource("src/Pam/pam_sallyport.c", """strncmp\(argv\[i\], "(\w+=)", \d+\) == 0""", "{0}"),
            .. InSource("src/Host/Access/AskedByCommand.cs", """const string \w+ = "(\w+=)";""", "{0}"),
        ];
        string page = Source("pam_sallyport.8");

        Assert.Equal(known.Order(StringComparer.Ordinal), Arguments(Items(page)).Order(StringComparer.Ordinal));
        Assert.All(Arguments(page), argument => Assert.Contains(argument, known));
    }

    private static string Source(string page) => File.ReadAllText(Path.Combine(Built.Root, "eng/man", page));

    /// <summary>Subsections by their titles.</summary>
    private static Dictionary<string, string> Parts(string page) =>
        Regex.Matches(Source(page), @"(?ms)^\.Ss (.+?)\n(.*?)(?=^\.S[sh] )")
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

    /// <summary>The options that have an entry of their own, and not only a mention.</summary>
    private static IEnumerable<string> Described(string mdoc) => Named(Items(mdoc));

    private static IEnumerable<string> Named(string mdoc) => Regex.Matches(mdoc, @"\bFl (-?\w[\w-]*)")
        .Select(m => "-" + m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal);

    private static IEnumerable<string> Arguments(string mdoc) => Regex.Matches(mdoc, @"\bCm ([\w-]+)( Ns =)?")
        .Select(m => m.Groups[1].Value + (m.Groups[2].Success ? "=" : "")).Distinct();

    private static string Items(string mdoc) =>
        string.Join('\n', mdoc.Split('\n').Where(line => line.StartsWith(".It ", StringComparison.Ordinal)));

    private static string[] InSource(string file, string pattern, string format)
    {
        string[] found =
        [
            .. Regex.Matches(File.ReadAllText(Path.Combine(Built.Root, file)), pattern, RegexOptions.Multiline)
                .Select(m => string.Format(null, format, m.Groups[1].Value, m.Groups[2].Value))
                .Order(StringComparer.Ordinal),
        ];
        Assert.NotEmpty(found);
        return found;
    }
}
