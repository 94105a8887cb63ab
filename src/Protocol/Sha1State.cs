using System.Runtime.Intrinsics;

namespace Sallyport.Protocol;

/// <summary>The five words of four SHA-1 states, one state a lane. No record: it could be printed.</summary>
internal readonly struct Sha1State(
    Vector128<uint> a,
    Vector128<uint> b,
    Vector128<uint> c,
    Vector128<uint> d,
    Vector128<uint> e)
{
    public Vector128<uint> A { get; } = a;

    public Vector128<uint> B { get; } = b;

    public Vector128<uint> C { get; } = c;

    public Vector128<uint> D { get; } = d;

    public Vector128<uint> E { get; } = e;

    /// <summary>The initial hash value (FIPS 180-4 section 5.3.1).</summary>
    public static Sha1State Initial => new(
        Vector128.Create(0x67452301u),
        Vector128.Create(0xEFCDAB89u),
        Vector128.Create(0x98BADCFEu),
        Vector128.Create(0x10325476u),
        Vector128.Create(0xC3D2E1F0u));

    /// <summary>The state of one lane in all of them.</summary>
    public Sha1State Spread(int lane) => new(
        Vector128.Create(A[lane]),
        Vector128.Create(B[lane]),
        Vector128.Create(C[lane]),
        Vector128.Create(D[lane]),
        Vector128.Create(E[lane]));
}
