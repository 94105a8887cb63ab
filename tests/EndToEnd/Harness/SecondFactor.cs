namespace Sallyport.EndToEnd.Harness;

/// <summary>The PAM module under test: ours, or Debian's, which shows that the harness and the file mean the same.</summary>
internal sealed record SecondFactor(string Module)
{
    public static readonly SecondFactor Sallyport = new("pam_sallyport.so");
    public static readonly SecondFactor Google = new("pam_google_authenticator.so");

    public string Auth(string options = "") => $"auth required {Module} {options}";

    public override string ToString() => Module;
}
