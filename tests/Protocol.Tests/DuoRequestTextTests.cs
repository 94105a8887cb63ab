using Sallyport.Protocol.Duo;
using Xunit;

namespace Sallyport.Protocol.Tests;

public sealed class Given_the_parts_of_a_request
{
    [Theory]
    [InlineData("duo.example.org", "duo.example.org")]
    [InlineData("Duo.Example.org:8443", "Duo.Example.org")]
    [InlineData("duo:", "duo")]
    [InlineData("192.0.2.1:443", "192.0.2.1")]
    [InlineData("[::1]", "[::1]")]
    [InlineData("[2001:DB8::1]:8443", "[2001:DB8::1]")]
    public void The_host_is_read_without_its_port(string header, string host) =>
        Assert.Equal(host, DuoRequests.Read(DuoRequests.Parts(host: header)).Host);

    [Theory]
    [InlineData("")]
    [InlineData(":443")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a:44x")]
    [InlineData("a:123456")]
    [InlineData("a:1:2")]
    [InlineData("::1")]
    [InlineData("[")]
    [InlineData("[]")]
    [InlineData("[::1")]
    [InlineData("[::1]x")]
    [InlineData("[fe80::1%eth0]")]
    [InlineData("[192.0.2.1]")]
    [InlineData("[name]")]
    [InlineData("\u00e9.example.org")]
    [InlineData("user@a")]
    public void What_is_no_host_is_refused(string header) =>
        Assert.Equal(DuoRequestProblem.Host, DuoRequests.Problem(DuoRequests.Parts(host: header)));

    [Fact]
    public void A_host_or_a_path_has_a_longest()
    {
        string longest = "/" + new string('a', 1023);

        DuoRequests.Read(DuoRequests.Parts(host: new string('a', 255), target: longest));
        Assert.Equal(DuoRequestProblem.Host, DuoRequests.Problem(DuoRequests.Parts(host: new string('a', 256))));
        Assert.Equal(DuoRequestProblem.Target, DuoRequests.Problem(DuoRequests.Parts(target: longest + "a")));
    }

    [Theory]
    [InlineData("/auth/v2/ping?", "/auth/v2/ping")]
    [InlineData("/a?b=c?d", "/a")]
    [InlineData("//a", "//a")]
    [InlineData("/%61", "/%61")]
    [InlineData("https://duo.example.org/auth/v2/ping?x=1", "/auth/v2/ping")]
    [InlineData("HTTP://duo.example.org:8443", "/")]
    [InlineData("http://duo.example.org?x=1", "/")]
    public void The_path_is_read_as_it_was_sent(string target, string path) =>
        Assert.Equal(path, DuoRequests.Read(DuoRequests.Parts(target: target)).Path);

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("auth/v2/ping")]
    [InlineData("?x=1")]
    [InlineData("duo.example.org:443")]
    [InlineData("ftp://duo.example.org/")]
    [InlineData("/a b")]
    [InlineData("/a#b")]
    [InlineData("/\u00e9")]
    [InlineData("/\0")]
    public void What_is_no_target_is_refused(string target) =>
        Assert.Equal(DuoRequestProblem.Target, DuoRequests.Problem(DuoRequests.Parts(target: target)));

    [Theory]
    [InlineData("")]
    [InlineData("get")]
    [InlineData("GET ")]
    [InlineData("ABCDEFGHIJKLMNOPQ")]
    public void What_is_no_method_is_refused(string method) =>
        Assert.Equal(DuoRequestProblem.Method, DuoRequests.Problem(DuoRequests.Parts(method: method)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData("application/jsonx")]
    [InlineData("multipart/form-data; boundary=application/json")]
    public void A_body_of_another_type_is_refused(string? type)
    {
        Assert.Equal(DuoRequestProblem.ContentType, DuoRequests.Problem(DuoRequests.Parts(contentType: type)));
        DuoRequestText empty = DuoRequests.Read(DuoRequests.Parts(contentType: type, body: ""));
        Assert.Equal(DuoBodyKind.Empty, empty.BodyKind);
        Assert.Empty(empty.Parameters.Pairs);
    }

    [Theory]
    [InlineData("/a", 21_845, true)]
    [InlineData("/a", 21_844, false)]
    [InlineData("/a?b=c", 21_844, true)]
    public void Parameters_that_grow_too_long_when_they_are_encoded_are_refused(string target, int bytes, bool isTooLong)
    {
        DuoRequestParts parts = DuoRequests.Parts(target: target, body: "a=" + new string('\u0001', bytes));

        bool read = DuoRequestText.TryParse(parts, out _, out DuoRequestProblem problem, out DuoParameterProblem why);

        Assert.Equal(!isTooLong, read);
        Assert.Equal(isTooLong ? DuoRequestProblem.Body : DuoRequestProblem.None, problem);
        Assert.Equal(isTooLong ? DuoParameterProblem.TooLong : DuoParameterProblem.None, why);
    }

    [Fact]
    public void A_canonical_text_is_computed_once()
    {
        DuoRequestText request = DuoRequests.Read(DuoRequests.Parts(target: "/a?b=c", body: "d=e"));

        Assert.Same(request.Parameters.Canonical(), request.Parameters.Canonical());
    }

    [Fact]
    public void A_body_that_is_not_what_its_type_says_is_refused()
    {
        Assert.Equal(DuoRequestProblem.Body, DuoRequests.Problem(DuoRequests.Parts(body: "a=%x")));
        Assert.Equal(DuoRequestProblem.Body, DuoRequests.Problem(DuoRequests.Parts(contentType: DuoRequests.Json)));
        Assert.Equal(DuoRequestProblem.Query, DuoRequests.Problem(DuoRequests.Parts(target: "/a?%")));
        DuoRequestParts tooLong = DuoRequests.Parts(body: new string('a', DuoParameters.MaxBytes + 1));
        Assert.False(DuoRequestText.TryParse(tooLong, out _, out _, out DuoParameterProblem why));
        Assert.Equal(DuoParameterProblem.TooLong, why);
    }

    [Fact]
    public void Headers_are_refused_that_are_repeated_too_many_or_not_text()
    {
        KeyValuePair<string, string>[] most =
            [.. Enumerable.Range(0, DuoRequestText.MaxHeaders).Select(i => KeyValuePair.Create($"X-Duo-{i}", "x"))];

        DuoRequests.Read(DuoRequests.Parts(headers: most));
        Assert.Equal(DuoRequestProblem.Header, Problem([.. most, new("X-Duo-More", "x")]));
        Assert.Equal(DuoRequestProblem.Header, Problem([new("X-Duo-A", "x"), new("x-dUO-a", "x")]));
        Assert.Equal(DuoRequestProblem.Header, Problem([new("X-Duo-A", "x\0y")]));
        Assert.Equal(DuoRequestProblem.Header, Problem([new("X-Duo-\0", "x")]));
        string tooLong = new('x', DuoRequestText.MaxHeaderLength + 1);
        Assert.Equal(DuoRequestProblem.Header, Problem([new("X-Duo-A", tooLong)]));
        Assert.Equal(DuoRequestProblem.Header, DuoRequests.Problem(DuoRequests.Parts(date: tooLong)));
        Assert.Equal(DuoRequestProblem.None, Problem([new("X-Other", "x\0y"), new("X-Other", "z")]));
    }

    [Fact]
    public void X_Duo_Date_goes_before_Date()
    {
        Assert.Equal("x", DuoRequests.Read(DuoRequests.Parts(headers: [new("x-duo-DATE", "x")])).Date);
        Assert.Equal(DuoRequests.Date, DuoRequests.Read(DuoRequests.Parts()).Date);
        Assert.Null(DuoRequests.Read(DuoRequests.Parts(date: null)).Date);
    }

    [Fact]
    public void A_name_in_query_and_body_is_a_repeated_one()
    {
        DuoParameters parameters = DuoRequests.Read(DuoRequests.Parts(target: "/auth/v2/auth?username=bob")).Parameters;

        Assert.True(parameters.IsRepeated("username"));
        Assert.False(parameters.TryRead("username", out string? text));
        Assert.Null(text);
    }

    private static DuoRequestProblem Problem(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        DuoRequests.Problem(DuoRequests.Parts(headers: headers));
}
