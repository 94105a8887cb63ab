using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Sallyport.Server.Web;

/// <summary>Reads a body whole, up to a length and a time.</summary>
internal static class RequestBody
{
    // What a client sends beyond what is taken is read and forgotten, up to this much and for five seconds: who is cut
    // off while he sends does not read the answer.
    private const int MostForgotten = 16 * 1024 * 1024;

    private const int UsualBytes = 1024;

    /// <summary>
    /// How long a body may take, however steadily it comes. The web server wants 240 bytes a second besides.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Before anything of the body is read.</summary>
    public static void ForgetTheRest(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
        {
            body.MaxRequestBodySize = MostForgotten;
        }
    }

    /// <summary>All of the body; null: it is too long, or too slow.</summary>
    public static async Task<(ReadOnlyMemory<byte>? Body, bool IsSlow)> ReadAsync(
        HttpContext context, int most, TimeProvider time)
    {
        HttpRequest http = context.Request;
        if (http.ContentLength > most)
        {
            return (null, false);
        }

        using CancellationTokenSource late = new(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted);

        // No more room than has come: what is announced costs the sender nothing.
        ArrayBufferWriter<byte> body = new((int)Math.Min(http.ContentLength ?? 0, UsualBytes) + 1);
        try
        {
            while (await http.Body.ReadAsync(body.GetMemory(), stop.Token) is > 0 and int read)
            {
                body.Advance(read);
                if (body.WrittenCount > most)
                {
                    return (null, false);
                }
            }
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return (null, true);
        }

        return (body.WrittenMemory, false);
    }
}
