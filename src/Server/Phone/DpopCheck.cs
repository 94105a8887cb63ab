using Microsoft.Extensions.Primitives;
using Sallyport.Server.Authentications;
using Sallyport.Server.Devices;

namespace Sallyport.Server.Phone;

/// <summary>Who a request is from, by its headers (docs/formats/phone-api.md, "Who asks").</summary>
internal sealed class DpopCheck(FindPhone phones, SpentProofs spent, ServerName server, TimeProvider time)
{
    private const string Scheme = "DPoP ";
    private const int DeviceCharacters = 20;

    /// <summary>The phone, or why the request is not from it.</summary>
    public async Task<(KnownPhone? Phone, PhoneError? Problem)> OfPhoneAsync(
        HttpRequest request, string path, CancellationToken cancellationToken)
    {
        if (DeviceIn(request.Headers.Authorization) is not { } device
            || await phones.RunAsync(device, cancellationToken) is not { } phone)
        {
            return (null, PhoneError.InvalidToken);
        }

        (DpopProof? proof, PhoneError? problem) = await ProofAsync(request, path, device);
        if (proof is null)
        {
            return (null, problem);
        }

        if (!proof.Key.SubjectPublicKeyInfo.AsSpan().SequenceEqual(phone.PublicKey))
        {
            return (null, PhoneError.InvalidProof("jwk is not the device's key"));
        }

        return spent.TrySpend(phone.Id, proof.Jti)
            ? (phone, null)
            : (null, PhoneError.InvalidProof("jti was used before"));
    }

    /// <summary>
    /// The key that a new phone has, or why it has none. Its jti is not kept: the code is good once.
    /// </summary>
    public async Task<(PhoneKey? Key, PhoneError? Problem)> OfNewPhoneAsync(HttpRequest request, string path)
    {
        if (request.Headers.Authorization.Count > 0)
        {
            return (null, PhoneError.InvalidProof("a new device has no Authorization"));
        }

        (DpopProof? proof, PhoneError? problem) = await ProofAsync(request, path, device: null);
        return (proof?.Key, problem);
    }

    private async Task<(DpopProof? Proof, PhoneError? Problem)> ProofAsync(
        HttpRequest request, string path, string? device)
    {
        if (request.Headers["DPoP"] is not [{ } text])
        {
            return (null, PhoneError.InvalidProof("not one header DPoP"));
        }

        if (DpopProof.Parse(text) is not { } proof)
        {
            return (null, PhoneError.InvalidProof("no proof of a P-256 key by ES256"));
        }

        return await proof.ProblemAsync(request.Method, server.Text, path, device, time.GetUtcNow()) is { } problem
            ? (null, PhoneError.InvalidProof(problem))
            : (proof, null);
    }

    /// <summary>Null: there is none, or it is no device's id.</summary>
    private static string? DeviceIn(StringValues headers) =>
        headers is [{ Length: var length } header]
        && length == Scheme.Length + DeviceCharacters
        && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && header[Scheme.Length..].All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c))
            ? header[Scheme.Length..]
            : null;
}
