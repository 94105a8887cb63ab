using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Sallyport.Server.Persistence;

internal sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
    instant => instant.ToUnixTimeMilliseconds(), value => DateTimeOffset.FromUnixTimeMilliseconds(value));
