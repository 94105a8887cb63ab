namespace Sallyport.Server.Applications;

/// <summary>An skey that is shown once, to the administrator who asked for it.</summary>
internal sealed class NewSecretKey(string text)
{
    public string Expose() => text;

    public override string ToString() => "[secret key]";
}
