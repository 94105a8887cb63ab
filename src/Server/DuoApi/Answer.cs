using System.Buffers;
using System.Text.Json;
using Sallyport.Protocol.Duo;

namespace Sallyport.Server.DuoApi;

/// <summary>What an endpoint answers, before it is JSON or BSON.</summary>
internal abstract record Answer
{
    private Answer()
    {
    }

    internal sealed record Text(string Value) : Answer;

    internal sealed record Number(long Value) : Answer;

    internal sealed record List(IReadOnlyList<Answer> Items) : Answer;

    internal sealed record Fields(params IReadOnlyList<(string Name, Answer Value)> Items) : Answer;

    internal sealed record Refusal(ApiError Error) : Answer;

    public static implicit operator Answer(string value) => new Text(value);

    public static implicit operator Answer(long value) => new Number(value);

    public static implicit operator Answer(ApiError error) => new Refusal(error);
}

/// <summary>The envelope around an answer: <c>stat</c>, and <c>response</c> or what is wrong.</summary>
internal static class Envelope
{
    public static ReadOnlyMemory<byte> Write(Answer answer, bool bson)
    {
        Answer whole = answer is Answer.Refusal { Error: ApiError error }
            ? Failure(error)
            : new Answer.Fields(("stat", "OK"), ("response", answer));
        if (bson)
        {
            BsonWriter document = new();
            WriteFields(document, (Answer.Fields)whole);
            return document.ToBytes();
        }

        ArrayBufferWriter<byte> buffer = new(512);
        using (Utf8JsonWriter json = new(buffer))
        {
            WriteJson(json, whole);
        }

        return buffer.WrittenMemory;
    }

    private static Answer.Fields Failure(ApiError error) => error.Detail is null
        ? new(("stat", "FAIL"), ("code", error.Code), ("message", error.Message))
        : new(("stat", "FAIL"), ("code", error.Code), ("message", error.Message), ("message_detail", error.Detail));

    private static void WriteJson(Utf8JsonWriter json, Answer value)
    {
        switch (value)
        {
            case Answer.Text text:
                json.WriteStringValue(text.Value);
                break;
            case Answer.Number number:
                json.WriteNumberValue(number.Value);
                break;
            case Answer.List list:
                json.WriteStartArray();
                foreach (Answer item in list.Items)
                {
                    WriteJson(json, item);
                }

                json.WriteEndArray();
                break;
            case Answer.Fields fields:
                json.WriteStartObject();
                foreach ((string name, Answer field) in fields.Items)
                {
                    json.WritePropertyName(name);
                    WriteJson(json, field);
                }

                json.WriteEndObject();
                break;
            default:
                throw new InvalidOperationException("A refusal is the whole answer.");
        }
    }

    private static void WriteFields(BsonWriter bson, Answer.Fields fields)
    {
        foreach ((string name, Answer field) in fields.Items)
        {
            WriteBson(bson, name, field);
        }
    }

    // Client 1.11 reads code as 32 bits and nothing else; every other number is a time, and has 64.
    private static void WriteBson(BsonWriter bson, string? name, Answer value)
    {
        switch (value)
        {
            case Answer.Text text:
                bson.WriteString(name, text.Value);
                break;
            case Answer.Number number when name == "code":
                bson.WriteInt32(name, checked((int)number.Value));
                break;
            case Answer.Number number:
                bson.WriteInt64(name, number.Value);
                break;
            case Answer.List list:
                bson.BeginArray(name);
                foreach (Answer item in list.Items)
                {
                    WriteBson(bson, null, item);
                }

                bson.End();
                break;
            case Answer.Fields fields:
                bson.BeginDocument(name);
                WriteFields(bson, fields);
                bson.End();
                break;
            default:
                throw new InvalidOperationException("A refusal is the whole answer.");
        }
    }
}
