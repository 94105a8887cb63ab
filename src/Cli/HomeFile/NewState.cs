using System.Buffers.Text;
using System.Text;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Enrolment;
using Sallyport.Protocol;

namespace Sallyport.Cli.HomeFile;

/// <summary>A secret and recovery codes that nobody else knows yet, from the kernel's randomness.</summary>
internal sealed class NewState : IDisposable
{
    private readonly uint[] _codes;

    public NewState(int recoveryCodes)
    {
        Secret = FreshFactor.Secret();
        _codes = FreshFactor.RecoveryCodes(recoveryCodes);
    }

    public OtpSecret Secret { get; }

    public int RecoveryCodes => _codes.Length;

    /// <summary>The lines that show the codes to their owner, for Screen.WriteOnce.</summary>
    public string ExposeCodes() => string.Concat(_codes.Select(code => $"  {code}\n"));

    /// <summary>
    /// The state file: the secret, options in the order in which the original has them, the codes. The caller wipes it.
    /// </summary>
    public byte[] ToFile(IEnumerable<string> options)
    {
        string secret = Base32.Encode(Secret.Expose());
        string settings = string.Concat(options.Select(option => $"\" {option}\n"));
        byte[] file = GC.AllocateArray<byte>(secret.Length + 1 + settings.Length + (9 * _codes.Length), pinned: true);
        int length = Encoding.ASCII.GetBytes(secret, file);
        Screen.Wipe(secret);
        file[length++] = (byte)'\n';
        length += Encoding.ASCII.GetBytes(settings, file.AsSpan(length));
        foreach (uint code in _codes)
        {
            Utf8Formatter.TryFormat(code, file.AsSpan(length), out int digits);
            length += digits;
            file[length++] = (byte)'\n';
        }

        return file;
    }

    public void Dispose()
    {
        Secret.Dispose();
        Array.Clear(_codes);
    }
}
