using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.Phone;

/// <summary>sallyport phone activate: makes a key, registers it by a one-time code, and keeps it in a file.</summary>
internal sealed class ActivatePhone(PhoneFile file, TimeProvider time)
{
    private const int Members = 3;

    /// <param name="authorities">
    /// The file of certificates that the server's must come from; null: what this machine trusts.
    /// </param>
    /// <exception cref="IOException">There is no phone.</exception>
    public async Task<int> RunAsync(
        string server, string code, string name, string? authorities, CancellationToken cancellationToken)
    {
        string? pem = authorities is null ? null : ServerTrust.Read(authorities);
        using PhoneApi api = new(server, pem, time);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // The code is used up by the request: whatever else can fail comes before it.
        using SafeFileHandle place = file.Reserve();
        string user;
        try
        {
            PhoneIdentity phone = await RegisterAsync(api, server, code, name, key, pem, cancellationToken);
            file.Write(place, phone.ToBytes());
            user = phone.User;
        }
        catch
        {
            file.Delete();
            throw;
        }

        Screen.Write($"This is a phone of {RequestText.Shown(user)} at {server} now, by the key in {file.Path}.\n"
            + "Whoever can read that file can approve his logins.\n");
        return 0;
    }

    private static async Task<PhoneIdentity> RegisterAsync(
        PhoneApi api, string server, string code, string name, ECDsa key, string? pem,
        CancellationToken cancellationToken)
    {
        byte[] body = Json.Write(json =>
        {
            json.WriteString("code", code);
            json.WriteString("name", name);
            json.WriteString("kind", "terminal");
        });
        byte[] answer = await api.SendAsync(
            HttpMethod.Post, "activate", body, key, device: null, HttpStatusCode.Created, cancellationToken);
        try
        {
            using JsonDocument json = Json.Parse(answer);
            JsonElement made = Json.Only(json.RootElement, Members);
            PhoneIdentity phone = new(
                Json.Text(made, "server"), Json.Text(made, "device"), Json.Text(made, "user"), key, pem);

            // As the server writes it, which is how it is signed.
            if (phone.Server.Equals(server, StringComparison.OrdinalIgnoreCase) && PhoneIdentity.IsDevice(phone.Device))
            {
                return phone;
            }

            throw new PhoneException(
                $"the server is {RequestText.Shown(phone.Server)} by its own word, and not {server}: "
                + "take that name, with a new code");
        }
        catch (Exception garbage) when (Json.IsGarbage(garbage))
        {
            throw new PhoneException(
                $"what {server} answers cannot be read. Is this program as new as the server?", garbage);
        }
    }
}
