using System.Text;
using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_parameters_of_a_request
{
    [Theory]
    [InlineData("", "")]
    [InlineData("&&", "")]
    [InlineData("a=1&b=2", "a=1&b=2")]
    [InlineData("b=2&a=1", "a=1&b=2")]
    [InlineData("a", "a=")]
    [InlineData("=", "=")]
    [InlineData("a=b=c", "a=b%3Dc")]
    [InlineData("a=%2b+%20%7e", "a=%2B%20%20~")]
    [InlineData("a=%7E*'()!", "a=~%2A%27%28%29%21")]
    [InlineData("%61=%41", "a=A")]
    [InlineData("a=2&a=1", "a=1&a=2")]
    [InlineData("a=%00%ff", "a=%00%FF")]
    public void A_form_has_one_canonical_text(string form, string canonical) =>
        Assert.Equal(canonical, Read(form).Canonical());

    [Theory]
    [InlineData("a=%")]
    [InlineData("a=%4")]
    [InlineData("a=%4g")]
    [InlineData("abcdef%")]
    [InlineData("a=%%41")]
    [InlineData("%=a")]
    [InlineData("a=%+1")]
    public void A_bad_escape_is_refused(string form) => Assert.Equal(DuoParameterProblem.Escape, Problem(form));

    [Fact]
    public void There_is_a_greatest_size_number_and_length()
    {
        Assert.Equal(64, Read(string.Join('&', Enumerable.Repeat("a=1", 64))).Pairs.Count);
        Assert.Equal(DuoParameterProblem.TooMany, Problem(string.Join('&', Enumerable.Repeat("a=1", 65))));
        Read(new string('a', DuoParameters.MaxNameBytes) + "=1");
        Assert.Equal(DuoParameterProblem.NameTooLong, Problem(new string('a', DuoParameters.MaxNameBytes + 1) + "=1"));
        Read("a=" + new string('a', DuoParameters.MaxBytes - 2));
        Assert.Equal(DuoParameterProblem.TooLong, Problem("a=" + new string('a', DuoParameters.MaxBytes - 1)));
        Assert.Equal(DuoParameterProblem.TooLong, JsonProblem(new string(' ', DuoParameters.MaxBytes) + "{}"));
        Assert.Equal(DuoParameterProblem.TooMany, JsonProblem(Object(65)));
        Assert.Equal(64, ReadJson(Object(64)).Pairs.Count);
        Assert.Equal(DuoParameterProblem.NameTooLong, JsonProblem($$"""{"{{new string('a', 129)}}":1}"""));
    }

    [Theory]
    [InlineData("""{"a":"\u00e9\n","b":1.50,"c":true,"d":false,"e":null}""", "a=%C3%A9%0A&b=1.50&c=true&d=false")]
    [InlineData(
        """{"a":{"b":[1, 2]},"c":[ {"d":null} ]}""",
        "a=%7B%22b%22%3A%5B1%2C%202%5D%7D&c=%5B%20%7B%22d%22%3Anull%7D%20%5D")]
    [InlineData(" { } ", "")]
    [InlineData("""{"":""}""", "=")]
    public void A_JSON_object_is_read(string json, string canonical) =>
        Assert.Equal(canonical, ReadJson(json).Canonical());

    [Theory]
    [InlineData("", DuoParameterProblem.Json)]
    [InlineData("{", DuoParameterProblem.Json)]
    [InlineData("""{"a":1""", DuoParameterProblem.Json)]
    [InlineData("""{"a":1,}""", DuoParameterProblem.Json)]
    [InlineData("""{"a":1}{}""", DuoParameterProblem.Json)]
    [InlineData("""{"a":1} x""", DuoParameterProblem.Json)]
    [InlineData("""{"a":1}/**/""", DuoParameterProblem.Json)]
    [InlineData("""{a:1}""", DuoParameterProblem.Json)]
    [InlineData("""{"a":01}""", DuoParameterProblem.Json)]
    [InlineData("""{"a":NaN}""", DuoParameterProblem.Json)]
    [InlineData("""{"a":[[[[[[[[1]]]]]]]]}""", DuoParameterProblem.Json)]
    [InlineData("\ufeff{}", DuoParameterProblem.Json)]
    [InlineData("[]", DuoParameterProblem.NotAnObject)]
    [InlineData("\"a\"", DuoParameterProblem.NotAnObject)]
    [InlineData("null", DuoParameterProblem.NotAnObject)]
    [InlineData("""{"a":1,"a":1}""", DuoParameterProblem.Duplicate)]
    [InlineData("""{"a":null,"\u0061":1}""", DuoParameterProblem.Duplicate)]
    [InlineData("""{"a":"\ud800"}""", DuoParameterProblem.NotUnicode)]
    [InlineData("""{"\udc00":1}""", DuoParameterProblem.NotUnicode)]
    public void What_is_no_flat_object_is_refused(string json, DuoParameterProblem problem) =>
        Assert.Equal(problem, JsonProblem(json));

    [Fact]
    public void JSON_that_is_no_UTF8_is_refused()
    {
        byte[] json = [.. "{\"a\":\""u8, 0xFF, .. "\"}"u8];

        Assert.False(DuoParameters.TryParseJson(json, out _, out DuoParameterProblem problem));
        Assert.Equal(DuoParameterProblem.NotUnicode, problem);
    }

    [Theory]
    [InlineData("a=1&b=2", true, "1")]
    [InlineData("a=", true, "")]
    [InlineData("b=2", true, null)]
    [InlineData("A=1", true, null)]
    [InlineData("ab=1", true, null)]
    [InlineData("a=1&a=1", false, null)]
    [InlineData("a=%ff", false, null)]
    [InlineData("a=%ed%a0%80", false, null)]
    [InlineData("a=x%00", false, null)]
    [InlineData("a=%c3%a9", true, "\u00e9")]
    public void A_parameter_is_read_once_and_as_text_or_refused(string form, bool read, string? text)
    {
        Assert.Equal(read, Read(form).TryRead("a", out string? actual));
        Assert.Equal(text, actual);
    }

    [Fact]
    public void Our_own_are_written_and_read_back()
    {
        DuoParameters parameters = DuoParameters.Of(("username", "al ice\u00e9"), ("async", "1"));

        Assert.Equal("async=1&username=al%20ice%C3%A9", parameters.Canonical());
        Assert.True(Read(parameters.Canonical()).TryRead("username", out string? name));
        Assert.Equal("al ice\u00e9", name);
        Assert.Throws<ArgumentException>(() => DuoParameters.Of((new string('a', 129), "")));
        Assert.Throws<ArgumentException>(() => DuoParameters.Of(Enumerable.Repeat(("a", ""), 65).ToArray()));
    }

    [Fact]
    public void A_parameter_is_not_printed() =>
        Assert.Equal("[parameter]", Read("passcode=123456").Pairs[0].ToString());

    private static string Object(int names) =>
        "{" + string.Join(',', Enumerable.Range(0, names).Select(i => $"\"a{i}\":1")) + "}";

    private static DuoParameters Read(string form)
    {
        Assert.True(DuoParameters.TryParse(
            Encoding.Latin1.GetBytes(form), out DuoParameters parameters, out DuoParameterProblem problem));
        Assert.Equal(DuoParameterProblem.None, problem);
        return parameters;
    }

    private static DuoParameterProblem Problem(string form)
    {
        Assert.False(DuoParameters.TryParse(
            Encoding.Latin1.GetBytes(form), out DuoParameters parameters, out DuoParameterProblem problem));
        Assert.Empty(parameters.Pairs);
        return problem;
    }

    private static DuoParameters ReadJson(string json)
    {
        Assert.True(DuoParameters.TryParseJson(Encoding.UTF8.GetBytes(json), out DuoParameters parameters, out _));
        return parameters;
    }

    private static DuoParameterProblem JsonProblem(string json)
    {
        Assert.False(DuoParameters.TryParseJson(
            Encoding.UTF8.GetBytes(json), out DuoParameters parameters, out DuoParameterProblem problem));
        Assert.Empty(parameters.Pairs);
        return problem;
    }
}
