using System.Globalization;

namespace Sallyport.Protocol;

/// <summary>One attempt from which the skew is learned.</summary>
/// <param name="Step">The step of the verifier's own clock.</param>
/// <param name="Skew">The passcode's distance from it in steps, negative for an authenticator that is behind.</param>
public readonly record struct SkewSample(long Step, int Skew)
{
    /// <summary>The greatest skew of a sample, in steps: more than any search finds, and two of them still add up.</summary>
    public const int MaxSkew = 1_000_000_000;
}

/// <summary>How far the authenticator's clock is off.</summary>
public sealed partial class StateFile
{
    private const int MaxSkewSamples = 3;

    private static ReadOnlySpan<byte> TimeSkewName => "TIME_SKEW"u8;

    private static ReadOnlySpan<byte> SkewSamplesName => "RESETTING_TIME_SKEW"u8;

    /// <summary>The file forbids it nowhere; an option of the module does.</summary>
    public bool LearnsSkew => true;

    /// <summary><c>TIME_SKEW</c> in steps; 0 if absent or without a number.</summary>
    public int TimeSkew => TryFind(TimeSkewName, out ReadOnlySpan<byte> value) ? CNumber.Signed(value).Int32 : 0;

    /// <summary>
    /// The pairs of <c>RESETTING_TIME_SKEW</c>, oldest first, the last three of them. Reading stops at the first pair
    /// that is none; what came before it counts.
    /// </summary>
    public IReadOnlyList<SkewSample> SkewSamples
    {
        get
        {
            List<SkewSample> samples = [];
            TryFind(SkewSamplesName, out ReadOnlySpan<byte> value);
            while (TryReadSample(ref value, out SkewSample sample))
            {
                samples.Add(sample);
            }

            return samples.TakeLast(MaxSkewSamples).ToArray();
        }
    }

    /// <summary>Writes <c>TIME_SKEW</c>.</summary>
    /// <param name="steps">Steps, negative for an authenticator that is behind.</param>
    public void SetTimeSkew(int steps) => Set(TimeSkewName, Decimal(steps));

    /// <summary>Writes <c>RESETTING_TIME_SKEW</c>; without samples the line stays, with an empty value.</summary>
    /// <param name="samples">At most three, oldest first.</param>
    /// <exception cref="ArgumentException">More than three samples, or one that could not be read back.</exception>
    public void SetSkewSamples(ReadOnlySpan<SkewSample> samples)
    {
        if (samples.Length > MaxSkewSamples)
        {
            throw new ArgumentException("The state file keeps three samples.", nameof(samples));
        }

        List<string> pairs = [];
        foreach (SkewSample sample in samples)
        {
            Moments([sample.Step]);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(sample.Skew, SkewSample.MaxSkew, nameof(samples));
            ArgumentOutOfRangeException.ThrowIfLessThan(sample.Skew, -SkewSample.MaxSkew, nameof(samples));
            pairs.Add(string.Create(CultureInfo.InvariantCulture, $"{sample.Step}{sample.Skew:+0;-0;+0}"));
        }

        Set(SkewSamplesName, string.Join(' ', pairs));
    }

    private static bool TryReadSample(ref ReadOnlySpan<byte> text, out SkewSample sample)
    {
        sample = default;
        CNumber step = CNumber.Unsigned(text);
        ReadOnlySpan<byte> rest = text[step.Length..];
        if (!step.IsMoment || rest.IsEmpty || rest[0] is not ((byte)'+' or (byte)'-'))
        {
            return false;
        }

        bool behind = rest[0] == '-';
        CNumber skew = CNumber.Unsigned(rest[1..]); // no digits at all is a skew of 0 to the original
        rest = rest[(1 + skew.Length)..];
        if (!skew.InRange || skew.Int32 is < -SkewSample.MaxSkew or > SkewSample.MaxSkew || !EndsField(rest))
        {
            return false;
        }

        sample = new(step.Int64, behind ? -skew.Int32 : skew.Int32);
        text = rest;
        return true;
    }
}
