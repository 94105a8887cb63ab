using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Pam.Tests;

/// <summary>Frames of docs/formats/agent-protocol.md, also such as no agent may send.</summary>
internal static class Frame
{
    public const int MaxPayload = 65536;

    public static readonly byte[] Prompt = Of('P', "Verification code: ");

    public static readonly byte[] Allow = Verdict(1);

    public static byte[] Of(char type, string text) => Of(type, Encoding.Latin1.GetBytes(text));

    public static byte[] Of(char type, params byte[] payload) => Announcing(type, (uint)payload.Length, payload);

    public static byte[] Log(int priority, string text) => [.. Of('L', (char)priority + text)];

    public static byte[] Verdict(int verdict) => Of('V', (byte)verdict);

    /// <summary>A header that may say another length than the payload has.</summary>
    public static byte[] Announcing(char type, uint length, params byte[] payload)
    {
        byte[] frame = [(byte)type, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length);
        return frame;
    }
}
