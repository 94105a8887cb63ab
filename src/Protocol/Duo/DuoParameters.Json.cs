using System.Text.Json;

namespace Sallyport.Protocol.Duo;

/// <content>Reading the JSON body of a request with signature version 4 or 5.</content>
public sealed partial class DuoParameters
{
    /// <summary>
    /// Reads one JSON object: texts decoded, numbers and booleans as they are written, objects and arrays as their
    /// JSON text, null as if the parameter had not been sent. Never throws.
    /// </summary>
    /// <param name="utf8Json">The body.</param>
    /// <param name="parameters">The parameters; <see cref="Empty"/> if there is a problem.</param>
    /// <param name="problem">Why there are none; <see cref="DuoParameterProblem.None"/> if there are.</param>
    public static bool TryParseJson(
        ReadOnlySpan<byte> utf8Json,
        out DuoParameters parameters,
        out DuoParameterProblem problem)
    {
        List<DuoParameter> pairs = [];
        try
        {
            problem = utf8Json.Length > MaxBytes ? DuoParameterProblem.TooLong
                : !System.Text.Unicode.Utf8.IsValid(utf8Json) ? DuoParameterProblem.NotUnicode
                : ReadObject(utf8Json, pairs);
        }
        catch (JsonException)
        {
            problem = DuoParameterProblem.Json;
        }
        catch (InvalidOperationException)
        {
            problem = DuoParameterProblem.NotUnicode; // an escape such as \ud800 alone
        }

        parameters = problem is DuoParameterProblem.None ? new(pairs) : Empty;
        return problem is DuoParameterProblem.None;
    }

    private static DuoParameterProblem ReadObject(ReadOnlySpan<byte> utf8Json, List<DuoParameter> pairs)
    {
        Utf8JsonReader reader = new(utf8Json, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
        {
            return DuoParameterProblem.NotAnObject;
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            byte[] name = Unescaped(ref reader);
            if (Fits(name, names.Count) is not DuoParameterProblem.None and var problem)
            {
                return problem;
            }

            if (!names.Add(Utf8.GetString(name)))
            {
                return DuoParameterProblem.Duplicate;
            }

            reader.Read();
            if (reader.TokenType is not JsonTokenType.Null)
            {
                pairs.Add(new(name, Value(ref reader, utf8Json)));
            }
        }

        reader.Read(); // throws if anything but white space is left
        return DuoParameterProblem.None;
    }

    private static byte[] Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8Json)
    {
        if (reader.TokenType is JsonTokenType.String)
        {
            return Unescaped(ref reader);
        }

        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return utf8Json[start..(int)reader.BytesConsumed].ToArray();
    }

    private static byte[] Unescaped(ref Utf8JsonReader reader)
    {
        byte[] text = new byte[reader.ValueSpan.Length]; // unescaping never makes it longer
        return text[..reader.CopyString(text)];
    }
}
