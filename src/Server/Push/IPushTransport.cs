using Sallyport.Server.Devices;
using Sallyport.Server.Persistence;

namespace Sallyport.Server.Push;

/// <summary>
/// A way to tell a phone that something waits for it. It knows no verdicts and carries no secrets: the phone fetches
/// what waits, and proves that it is the phone.
/// </summary>
internal interface IPushTransport
{
    /// <summary>Within the act that opens the login: nobody is told of one that is not durable.</summary>
    void Tell(ServerDbContext db, Device phone);
}

/// <summary>Wakes the streams that the phone holds open (<c>/phone/v1/events</c>), at whatever node.</summary>
internal sealed class EventStreamTransport : IPushTransport
{
    public void Tell(ServerDbContext db, Device phone) => db.Wakes.Add(phone.Key);
}

internal static class PushServices
{
    public static IServiceCollection AddPush(this IServiceCollection services) =>
        services.AddSingleton<IPushTransport, EventStreamTransport>();
}
