using System.Text.Json.Serialization;

namespace Sallyport.Server.Phone;

/// <summary>A refusal (RFC 6749 section 5.2).</summary>
/// <param name="Status">Of HTTP; it is not in the body.</param>
/// <param name="Description">For a developer.</param>
internal sealed record PhoneError(
    [property: JsonIgnore] int Status,
    string Error,
    [property: JsonPropertyName("error_description")] string Description)
{
    public static PhoneError InvalidCode { get; } = new(
        StatusCodes.Status400BadRequest, "invalid_code", "no such activation code, or not any more");

    public static PhoneError InvalidToken { get; } = new(
        StatusCodes.Status401Unauthorized, "invalid_token", "no such device, or not any more: activate again");

    public static PhoneError NotFound { get; } = new(
        StatusCodes.Status404NotFound, "invalid_request", "no such path");

    public static PhoneError MethodNotAllowed { get; } = new(
        StatusCodes.Status405MethodNotAllowed, "invalid_request", "no such method of this path");

    public static PhoneError TooSlow { get; } = new(
        StatusCodes.Status408RequestTimeout, "invalid_request", "the body did not come in time");

    public static PhoneError TooLarge { get; } = new(
        StatusCodes.Status413PayloadTooLarge, "invalid_request", "the body is too long");

    public static PhoneError UnsupportedType { get; } = new(
        StatusCodes.Status415UnsupportedMediaType, "invalid_request", "the body is not application/json");

    public static PhoneError SlowDown { get; } = new(
        StatusCodes.Status429TooManyRequests, "slow_down", "too many requests");

    public static PhoneError Internal { get; } = new(
        StatusCodes.Status500InternalServerError, "server_error", "the request failed");

    public static PhoneError Unavailable { get; } = new(
        StatusCodes.Status503ServiceUnavailable, "server_error", "try again later");

    public static PhoneError Invalid(string what) => new(StatusCodes.Status400BadRequest, "invalid_request", what);

    public static PhoneError InvalidProof(string what) => new(
        StatusCodes.Status401Unauthorized, "invalid_dpop_proof", what);
}

/// <summary>What is answered. A body of null is none.</summary>
internal readonly record struct PhoneAnswer(int Status, object? Body)
{
    public static PhoneAnswer Done { get; } = new(StatusCodes.Status204NoContent, null);

    public static PhoneAnswer Of(object body) => new(StatusCodes.Status200OK, body);

    public static implicit operator PhoneAnswer(PhoneError error) => new(error.Status, error);
}
