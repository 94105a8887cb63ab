using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sallyport.Server.Tests.Hosting;

/// <summary>
/// Keeps everything that is logged, at all levels and from all parts, filters or not: the text, each value behind it,
/// each scope and each exception.
/// </summary>
internal sealed class Recorder : ILoggerProvider, ISupportExternalScope
{
    private readonly ConcurrentQueue<string> _lines = new();
    private IExternalScopeProvider? _scopes;

    public IReadOnlyCollection<string> Lines => _lines;

    public void Install(IServiceCollection services)
    {
        services.AddSingleton<ILoggerProvider>(this);
        services.PostConfigure<LoggerFilterOptions>(filters => filters.AddFilter<Recorder>(null, LogLevel.Trace));
    }

    /// <summary>And on the console everything is written too.</summary>
    public void InstallForAll(IServiceCollection services)
    {
        Install(services);
        services.PostConfigure<LoggerFilterOptions>(filters =>
        {
            filters.Rules.Clear();
            filters.MinLevel = LogLevel.Trace;
        });
    }

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose()
    {
    }

    private static string Values(object? state) => state is IEnumerable<KeyValuePair<string, object?>> pairs
        ? string.Join(' ', pairs.Select(pair => $"{pair.Key}={pair.Value}"))
        : $"{state}";

    private sealed class Category(Recorder recorder, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => recorder._scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            string scopes = "";
            recorder._scopes?.ForEachScope((scope, _) => scopes += " " + Values(scope), state);
            recorder._lines.Enqueue(
                $"{logLevel} {name}: {formatter(state, exception)} | {Values(state)} |{scopes} {exception}");
        }
    }
}
