using Sallyport.Protocol.Duo;
using Sallyport.Server.Devices;
using Sallyport.Server.Users;

namespace Sallyport.Server.Authentications;

/// <summary>What a factor is called in Duo's authentication log.</summary>
internal static class FactorNames
{
    public const string BypassCode = "bypass_code";

    public const string App = "duo_mobile_passcode";
    public const string Token = "hardware_token";
    public const string Push = "duo_push";

    // Only tried: none of these is taken.
    public const string Phone = "phone_call";
    public const string Sms = "sms_passcode";
    public const string YubiKey = "yubikey_code";

    public static string Of(Device device) => device.Kind is DeviceKind.Hotp ? Token : App;

    /// <summary>
    /// What somebody meant who was refused, as far as what he typed tells: the factor it has the form of. Digits are a
    /// device's, if one of his shows that many, an app's before a token's; and else an app's.
    /// </summary>
    public static string Tried(DuoPrompt typed, IReadOnlyList<Device> devices) => typed switch
    {
        DuoPrompt.Code { Digits.Length: BypassCodeText.Digits } => BypassCode,
        DuoPrompt.Code code when code.TryGetPasscode(out _) => OfDigits(code.Digits.Length, devices),
        DuoPrompt.Push => Push,
        DuoPrompt.Phone => Phone,
        DuoPrompt.Sms => Sms,
        DuoPrompt.YubiKey => YubiKey,
        _ => AuthenticationAudit.NoFactor,
    };

    private static string OfDigits(int digits, IReadOnlyList<Device> devices)
    {
        Device[] showing = [.. devices.Where(device => device.Digits == digits)];
        return showing.Length > 0 && showing.All(device => device.Kind is DeviceKind.Hotp) ? Token : App;
    }
}
