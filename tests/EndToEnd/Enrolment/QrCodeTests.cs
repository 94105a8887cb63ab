using Sallyport.EndToEnd.Harness;
using Sallyport.Protocol;

namespace Sallyport.EndToEnd.Enrolment;

/// <summary>What an app gets to see: the URI, and its QR code beside libqrencode's (the original's).</summary>
public sealed class QrCodeTests(EnrolmentHost host) : IClassFixture<EnrolmentHost>
{
    private const string Names = "-l ada@example -i Example";

    [Theory]
    [InlineData("UTF8", 'M')]
    [InlineData("UTF8_INVERSE", 'M')]
    [InlineData("UTF8_GREY", 'M')]
    [InlineData("ANSI", 'L')]
    [InlineData("ANSI_INVERSE", 'L')]
    [InlineData("ANSI_GREY", 'L')]
    public async Task Each_drawing_holds_the_uri(string mode, char level)
    {
        Tools.MustBeThere("qrencode");
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, $"-tfduWC {Names} -Q {mode}");
        string[] lines =
            [.. ours.Output.Split('\n').TakeWhile(line => !line.StartsWith("Your new", StringComparison.Ordinal))];
        bool inverse = mode.EndsWith("INVERSE", StringComparison.Ordinal);
        ReadCode drawn = mode.StartsWith("UTF8", StringComparison.Ordinal)
            ? ReadCode.FromBlocks([.. lines.Select(Transcript.Plain)], inverse)
            : ReadCode.FromVideo(lines, inverse);
        string expected = await host.Sandbox.RunAsync(
            "qrencode", "-t", "ASCII", "-m", "0", "-8", "-l", $"{level}", Uri(ours));

        Assert.Equal(level, drawn.Level); // 80 columns have room for level M only where a module takes one
        Assert.Equal(ReadCode.FromAscii(expected.TrimEnd('\n').Split('\n')).Bare(), drawn.Bare());
        bool grey = mode.EndsWith("GREY", StringComparison.Ordinal);
        Assert.Equal(grey, lines[0].Contains("\e[30;47", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("-t -l ada@example -i Example", "totp/Example:ada%40example?secret=S&issuer=Example")]
    [InlineData("-t -l ada@example -i ''", "totp/ada%40example?secret=S")]
    [InlineData("-t -l Example:ada", "totp/Example:ada?secret=S&issuer=Example")]
    [InlineData("-t -l Example:ada -i Other", "totp/Other:ada?secret=S&issuer=Other")]
    [InlineData("-t", "totp/sallyport:root%40sallyport?secret=S&issuer=sallyport")]
    [InlineData("-t -l ''", "totp/sallyport:root%40sallyport?secret=S&issuer=sallyport")]
    [InlineData("-t -l ada -i E -S 30", "totp/E:ada?secret=S&issuer=E")]
    [InlineData("-t -l ada -i E -S 45", "totp/E:ada?secret=S&issuer=E&period=45")]
    [InlineData("-c -l ada -i E", "hotp/E:ada?secret=S&issuer=E&counter=1")]
    [InlineData("-c -l ada -i E -S 45", "hotp/E:ada?secret=S&issuer=E&counter=1")]
    [InlineData("-t -l 'a/b c#d%e&f?g=h+i' -i 'Ü <1>'",
        "totp/%C3%9C%20%3C1%3E:a%2Fb%20c%23d%25e%26f%3Fg%3Dh%2Bi?secret=S&issuer=%C3%9C%20%3C1%3E")]
    public async Task The_uri_says_all_that_an_app_needs(string line, string expected)
    {
        // The original's has no period, no counter and no issuer before the label, and a '#' cuts it.
        string reuse = line.StartsWith("-t", StringComparison.Ordinal) ? " -d" : "";
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, $"{line}{reuse} -f -u -W -C -Q NONE");
        string secret = ours.File!.Split('\n')[0];

        Assert.Equal("otpauth://" + expected.Replace("=S", $"={secret}", StringComparison.Ordinal), Uri(ours));
        Assert.True(KeyUri.TryParse(Uri(ours), out KeyUri? parsed));
        parsed.Secret.Dispose();
        Assert.Contains($"Your new secret key is: {secret}\n", ours.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-l a:b:c")]
    [InlineData("-l ada -i a:b")]
    [InlineData("-l 'a\tb'")]
    [InlineData("-l $(head -c 4000 /dev/zero | tr '\\0' a)")]
    public async Task A_name_that_no_app_can_take_is_refused_before_a_secret_is_shown(string line)
    {
        EnrolmentResult ours = await host.RunAsync(Maker.Sallyport, $"{line} -tfduWC");

        Assert.Equal((1, ""), (ours.ExitCode, ours.Output));
        Assert.NotEqual("", ours.Errors);
        Assert.Empty(ours.Left);
    }

    private static string Uri(EnrolmentResult ours) =>
        ours.Output.Split('\n').Single(line => line.StartsWith("otpauth://", StringComparison.Ordinal));
}
