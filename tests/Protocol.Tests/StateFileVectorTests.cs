using System.Text;
using System.Text.Json;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>vectors/state-file.json: what is read from a text, and the text that edits leave.</summary>
public sealed class Given_the_vectors_of_the_state_file
{
    private static readonly Dictionary<string, JsonElement> Cases = Vectors.Read("state-file.json")
        .GetProperty("cases")
        .EnumerateArray()
        .ToDictionary(vector => vector.GetProperty("name").GetString()!);

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_is_read_and_written_as_it_says(string name)
    {
        JsonElement vector = Cases[name];
        byte[] bytes = Encoding.Latin1.GetBytes(vector.GetProperty("file").GetString()!);
        Assert.Equal(StateFileProblem.None, StateFile.TryParse(bytes, out StateFile? file));
        using (file)
        {
            if (vector.TryGetProperty("reads", out JsonElement reads))
            {
                foreach (JsonProperty read in reads.EnumerateObject())
                {
                    Assert.Equal(Normal(read.Value), Normal(JsonSerializer.SerializeToElement(Read(file!, read))));
                }
            }

            if (vector.TryGetProperty("edits", out JsonElement edits))
            {
                foreach (JsonProperty edit in edits.EnumerateArray().SelectMany(edit => edit.EnumerateObject()))
                {
                    Edit(file!, edit);
                }

                Assert.Equal(vector.GetProperty("result").GetString(), Encoding.Latin1.GetString(file!.ToBytes()));
                Assert.Equal(!file.ToBytes().SequenceEqual(bytes), file.Changed);
            }
            else
            {
                Assert.Equal(bytes, file!.ToBytes());
                Assert.False(file.Changed);
            }
        }
    }

    private static object? Read(StateFile file, JsonProperty read) => read.Name switch
    {
        "secret" => Secret(file),
        "mode" => file.Mode.ToString(),
        "hotpCounter" => file.HotpCounter,
        "window" => file.TryGetWindowSize(out int size) ? size : null,
        "stepSeconds" => file.TryGetStepSize(out int seconds) ? seconds : null,
        "disallowsReuse" => file.DisallowsReuse,
        "usedSteps" => file.TryGetUsedSteps(out long[] steps) ? steps : null,
        "rateLimit" => RateLimitOf(file),
        "timeSkew" => file.TimeSkew,
        "skewSamples" => file.SkewSamples.Select(sample => new[] { sample.Step, sample.Skew }),
        "lastLogin" => read.Value.EnumerateObject().ToDictionary(row => row.Name, row => LastLoginOf(file, row.Name)),
        _ => throw new FormatException($"Nothing reads {read.Name}."),
    };

    private static void Edit(StateFile file, JsonProperty edit)
    {
        JsonElement value = edit.Value;
        switch (edit.Name)
        {
            case "hotpCounter":
                file.SetHotpCounter(value.GetInt64());
                break;
            case "usedSteps":
                file.SetUsedSteps(value.Deserialize<long[]>());
                break;
            case "rateLimit":
                file.SetRateLimit(new(
                    value.GetProperty("attempts").GetInt32(),
                    value.GetProperty("interval").GetInt32(),
                    value.GetProperty("stamps").Deserialize<long[]>()!));
                break;
            case "timeSkew":
                file.SetTimeSkew(value.GetInt32());
                break;
            case "skewSamples":
                file.SetSkewSamples(
                    [.. value.EnumerateArray().Select(pair => new SkewSample(pair[0].GetInt64(), pair[1].GetInt32()))]);
                break;
            case "lastLogin":
                LastLogin row = new(value.GetProperty("host").GetString()!, value.GetProperty("seconds").GetInt64());
                file.SetLastLogin(value.GetProperty("index").GetInt32(), row);
                break;
            case "recoveryCode":
                Assert.True(file.TryUseRecoveryCode(value.GetUInt32()));
                break;
            case "wrongRecoveryCode":
                Assert.False(file.TryUseRecoveryCode(value.GetUInt32()));
                break;
            default:
                throw new FormatException($"Nothing edits {edit.Name}.");
        }
    }

    private static string? Secret(StateFile file)
    {
        if (!file.TryGetSecret(out OtpSecret? secret))
        {
            return null;
        }

        using (secret)
        {
            return Convert.ToHexStringLower(secret.Expose());
        }
    }

    private static JsonElement RateLimitOf(StateFile file)
    {
        RateLimitState state = file.TryGetRateLimit(out RateLimit? limit);
        Assert.Equal(state == RateLimitState.Valid, limit is not null);
        return limit is null
            ? JsonSerializer.SerializeToElement(state.ToString())
            : JsonSerializer.SerializeToElement(
                new { attempts = limit.Attempts, interval = limit.IntervalSeconds, stamps = limit.Stamps });
    }

    private static JsonElement LastLoginOf(StateFile file, string index)
    {
        LastLoginState state = file.TryGetLastLogin(int.Parse(index, null), out LastLogin row);
        return state == LastLoginState.Valid
            ? JsonSerializer.SerializeToElement(new { host = row.Host, seconds = row.Seconds })
            : JsonSerializer.SerializeToElement(state.ToString());
    }

    private static string Normal(JsonElement element) => JsonSerializer.Serialize(element);
}
