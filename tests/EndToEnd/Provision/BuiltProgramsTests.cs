using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.Provision;

/// <summary>What the built programs want from the machine they run on (docs/reference/supported-systems.md).</summary>
public sealed partial class Given_the_built_programs
{
    private static readonly Version _oldest = new(2, 34);

    public static TheoryData<string> Programs => [Built.Agent, Built.Command, Built.Module];

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Nothing_newer_is_needed_than_glibc_2_34(string program)
    {
        Command symbols = (await Command.RunAsync("objdump", ["-T", program])).Succeeded();

        (string Symbol, Version Needs)[] needed =
        [
            .. GlibcSymbol().Matches(symbols.Output)
                .Select(match => (match.Groups["name"].Value, Version.Parse(match.Groups["version"].ValueSpan))),
        ];
        Assert.Contains(needed, symbol => symbol.Symbol is "socket" or "connect" or "getsockopt");
        Assert.DoesNotContain(needed, symbol => symbol.Needs > _oldest);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task No_library_is_needed_but_those_of_glibc_and_pam(string program)
    {
        Command dynamic = (await Command.RunAsync("readelf", ["-d", program])).Succeeded();

        string[] libraries = [.. Needed().Matches(dynamic.Output).Select(match => match.Groups[1].Value)];
        Assert.Contains("libc.so.6", libraries);
        Assert.All(libraries, library => Assert.Matches(@"^(libc\.so\.6|libm\.so\.6|ld-linux-.*|libpam\.so\.0)$", library));
    }

    [Fact]
    public void The_page_says_the_same_number()
    {
        string page = File.ReadAllText(Path.Combine(Built.Root, "docs/reference/supported-systems.md"));

        Assert.Contains($"glibc {_oldest}", page, StringComparison.Ordinal);
    }

    // 0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.34) dlopen
    [GeneratedRegex(@"\*UND\*.*\(?GLIBC_(?<version>[\d.]+)\)? +(?<name>\w+)$", RegexOptions.Multiline)]
    private static partial Regex GlibcSymbol();

    [GeneratedRegex(@"\(NEEDED\)\s+Shared library: \[(.*)\]")]
    private static partial Regex Needed();
}
