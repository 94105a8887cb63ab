using System.Text.Json;
using System.Text.Json.Nodes;
using Sallyport.EndToEnd.Harness;

namespace Sallyport.EndToEnd.Vectors;

/// <summary>
/// The replay itself on trial: the module from which the vectors were recorded must show no difference to them, and
/// a bent result must show one.
/// </summary>
public sealed class Given_debians_google_authenticator(Sandbox sandbox) : IClassFixture<Sandbox>
{
    private readonly Replay _replay = new(sandbox, Module(), [], clockFile: null);

    public static TheoryData<string> Scenarios => [.. Scenario.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Its_replay_shows_no_difference(string name)
    {
        Scenario scenario = Scenario.Named(name);

        IReadOnlyList<string> differences =
            _replay.Differences(scenario, scenario.Results("recorded-1.08", "recorded"));
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Theory]
    [InlineData("rc", "7", "return code")]
    [InlineData("conv", """["P Verification code: ", "I Welcome"]""", "conversation")]
    [InlineData("log", """["info A_OK", "err A_BAD"]""", "log")]
    [InlineData("state", "null", "state")]
    [InlineData("state", """{"mode": "0600", "owner": "user", "text": "JBSWY3DPEHPK3PXP\n"}""", "state")]
    [InlineData("state", """{"mode": "0400", "owner": "other", "text": "JBSWY3DPEHPK3PXP\n"}""", "state")]
    [InlineData("state", """{"mode": "0400", "owner": "user", "text": "JBSWY3DPEHPK3PXP"}""", "state")]
    public void A_bent_result_is_seen(string field, string bent, string difference)
    {
        JsonNode json = JsonNode.Parse(
            """
            {
              "name": "one scratch code", "file": "JBSWY3DPEHPK3PXP\n12345678\n",
              "attempts": [{"answers": ["12345678"]}],
              "recorded": [{
                "rc": 0, "conv": ["P Verification code: "], "log": ["info A_OK"],
                "state": {"mode": "0400", "owner": "user", "text": "JBSWY3DPEHPK3PXP\n"}
              }]
            }
            """)!;
        Assert.Empty(Differences(json));

        json["recorded"]![0]![field] = JsonNode.Parse(bent);

        string seen = Assert.Single(Differences(json));
        Assert.StartsWith($"one scratch code [0] {difference}: want", seen);
    }

    private static string Module() =>
        Built.InLibraries("security/pam_google_authenticator.so")
        ?? throw new InvalidOperationException(
            "pam_google_authenticator.so is missing: run ./dev test or apt-get install libpam-google-authenticator");

    private IReadOnlyList<string> Differences(JsonNode json)
    {
        var scenario = new Scenario("one scratch code", json.Deserialize<JsonElement>());
        return _replay.Differences(scenario, scenario.Results("recorded"));
    }
}
