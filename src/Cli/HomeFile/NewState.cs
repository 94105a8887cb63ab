using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Cli.Terminal;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Cli.HomeFile;

/// <summary>A secret and recovery codes that nobody else knows yet, from the kernel's randomness.</summary>
internal sealed class NewState : IDisposable
{
    private const int SecretBytes = 20; // RFC 4226 section 4, R6: 128 bits at least, 160 recommended
    private const uint LeastCode = 10_000_000;
    private const uint CodeCount = 90_000_000;

    private readonly uint[] _codes;

    public NewState(int recoveryCodes)
    {
        Span<byte> key = stackalloc byte[SecretBytes];
        SysRandom.Fill(key);
        Secret = OtpSecret.FromBytes(key);
        CryptographicOperations.ZeroMemory(key);
        _codes = new uint[recoveryCodes];
        foreach (ref uint code in _codes.AsSpan())
        {
            code = RandomCode();
        }
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

    /// <summary>10000000 to 99999999, each as likely as any other.</summary>
    private static uint RandomCode()
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        uint number;
        do
        {
            SysRandom.Fill(random);
            number = BitConverter.ToUInt32(random);
        }
        while (number >= uint.MaxValue / CodeCount * CodeCount);

        CryptographicOperations.ZeroMemory(random);
        return LeastCode + (number % CodeCount);
    }
}
