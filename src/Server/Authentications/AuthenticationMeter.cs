using System.Diagnostics.Metrics;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Authentications;

/// <summary>Counts what came of logins, in the words of the audit. Only what is durable is counted.</summary>
internal sealed class AuthenticationMeter
{
    private readonly Counter<long> _authentications;
    private readonly Counter<long> _preauths;

    public AuthenticationMeter(IMeterFactory meters)
    {
        Meter meter = meters.CreateMeter();
        _authentications = meter.CreateCounter<long>(
            "sallyport.authentications", null, "Decided logins; reason and factor are those of the audit.");
        _preauths = meter.CreateCounter<long>("sallyport.preauth", null, "Answers to whether a login needs a factor.");
    }

    public void Decided(Outcome outcome) => _authentications.Add(
        1,
        new KeyValuePair<string, object?>("result", outcome.Result),
        new KeyValuePair<string, object?>("reason", outcome.Reason),
        new KeyValuePair<string, object?>("factor", outcome.Factor));

    public void Answered(Ruling ruling) => _preauths.Add(1, new KeyValuePair<string, object?>("result", ruling switch
    {
        Ruling.Ask => "auth",
        Ruling.Allow => "allow",
        Ruling.Enrol => "enroll",
        _ => "deny",
    }));
}
