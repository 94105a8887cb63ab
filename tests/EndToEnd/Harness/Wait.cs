using System.Diagnostics;

namespace Sallyport.EndToEnd.Harness;

internal static class Wait
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static Task UntilAsync(Func<bool> happened, string what, CancellationToken cancellationToken) =>
        UntilAsync(happened, what, Limit, cancellationToken);

    public static async Task UntilAsync(
        Func<bool> happened, string what, TimeSpan limit, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (!happened())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < limit, $"after {limit.TotalSeconds:0} s still not: {what}");
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
