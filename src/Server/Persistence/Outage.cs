using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Sallyport.Server.Persistence;

/// <summary>Tells a database that does not serve, which will pass, from a fault of the program.</summary>
internal static class Outage
{
    /// <summary>
    /// EF Core puts what PostgreSQL calls transient, a lost connection above all, into an InvalidOperationException.
    /// One that has no database's failure in it is a fault.
    /// </summary>
    public static bool Is(Exception failure) => failure switch
    {
        DbException or DbUpdateException or TimeoutException => true,
        InvalidOperationException { InnerException: { } inner } => Is(inner),
        _ => false,
    };
}
