using System.Linq.Expressions;

namespace Sallyport.Server.Applications;

internal static class FindApplication
{
    private const int IntegrationKeyLength = 20;

    /// <summary>
    /// By its name or its integration key; no name looks like a key (<see cref="ApplicationRules"/>).
    /// </summary>
    public static Expression<Func<Application, bool>> Named(string name) =>
        a => a.Name == name || a.IntegrationKey == name;

    /// <summary>DI and 18 more: what <see cref="Named"/> could take for another application's key.</summary>
    public static bool LooksLikeKey(string name) =>
        name.Length == IntegrationKeyLength && name.StartsWith("DI", StringComparison.Ordinal);
}
