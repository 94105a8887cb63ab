namespace Sallyport.EndToEnd.Harness;

/// <summary>The PAM module behind a service: ours, or the one that people come from.</summary>
internal sealed record SecondFactor(string Module)
{
    public static readonly SecondFactor Sallyport = new("pam_sallyport.so");
    public static readonly SecondFactor Google = new("pam_google_authenticator.so");

    public string Auth(string options = "") => $"auth required {Module} {options}";

    public override string ToString() => Module;
}
