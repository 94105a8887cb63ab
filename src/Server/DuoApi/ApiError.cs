namespace Sallyport.Server.DuoApi;

/// <summary>A refusal in the envelope. The HTTP status is the code divided by 100.</summary>
/// <param name="Detail">The parameter, or why; null: nothing.</param>
internal sealed record ApiError(int Code, string Message, string? Detail = null)
{
    public static ApiError MissingCredentials { get; } = new(40101, "Missing request credentials");

    public static ApiError UnknownIntegrationKey { get; } = new(40102, "Invalid integration key in request credentials");

    public static ApiError WrongSignature { get; } = new(40103, "Invalid signature in request credentials");

    public static ApiError BadTimestamp { get; } = new(40105, "Bad request timestamp");

    public static ApiError NotFound { get; } = new(40401, "Resource not found");

    public static ApiError MethodNotAllowed { get; } = new(40501, "Method not allowed");

    public static ApiError TooSlow { get; } = new(40801, "Request timeout");

    public static ApiError TooLarge { get; } = new(41301, "Request body too large");

    public static ApiError UnsupportedType { get; } = new(41501, "Unsupported content type");

    public static ApiError TooMany { get; } = new(42901, "Too Many Requests");

    public static ApiError TooManyRefused { get; } = TooMany with { Detail = "refused requests" };

    public static ApiError Internal { get; } = new(50000, "Internal server error");

    public static ApiError Unavailable { get; } = new(50301, "Service unavailable");

    public int HttpStatus => Code / 100;

    public bool IsCredentials => HttpStatus == StatusCodes.Status401Unauthorized;

    public static ApiError Missing(string parameter) => new(40001, "Missing required request parameters", parameter);

    public static ApiError Invalid(string detail) => new(40002, "Invalid request parameters", detail);

    public static ApiError Forbidden(string detail) => new(40301, "Access forbidden", detail);
}
