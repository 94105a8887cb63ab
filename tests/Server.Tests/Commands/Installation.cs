using Sallyport.Server.Commands;
using Sallyport.Server.Tests.Storage;

namespace Sallyport.Server.Tests.Commands;

/// <param name="Output">What a person saw on standard output.</param>
internal sealed record Said(int Code, string Output, string Error)
{
    public Said Done()
    {
        Assert.Equal((0, ""), (Code, Error));
        return this;
    }

    /// <summary>The value behind "name = " or "name: ".</summary>
    public string Value(string name) => Output.Split('\n')
        .Single(line => line.StartsWith(name + " = ", StringComparison.Ordinal)
            || line.StartsWith(name + ": ", StringComparison.Ordinal))
        .Split(['=', ':'], 2)[1].Trim();
}

/// <summary>A data folder, and sallyport-server run on it as a person would.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private Installation(string folder, string? postgres) => (Folder, Postgres) = (folder, postgres);

    public string Folder { get; }

    public string? Postgres { get; }

    /// <summary>A folder with keys, and a database: nothing is set up.</summary>
    public static async Task<Installation> EmptyAsync(DatabaseKind kind)
    {
        string folder = Directory.CreateTempSubdirectory("sallyport-command-").FullName;
        TestDatabase.GiveKeys(Path.Combine(folder, "keys"));
        return new(folder, kind is DatabaseKind.Postgres ? await PostgresServer.CreateDatabaseAsync() : null);
    }

    /// <summary>After init.</summary>
    public static async Task<Installation> SetUpAsync(DatabaseKind kind)
    {
        Installation installation = await EmptyAsync(kind);
        (await installation.RunAsync(["init", "--public-host", "auth.example.com", .. installation.Database])).Done();
        return installation;
    }

    /// <summary>What names the database to init and restore.</summary>
    public string[] Database => Postgres is null ? [] : ["--postgres", Postgres];

    public string FileOf(string name, string text)
    {
        string file = Path.Combine(Folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    public Task<Said> RunAsync(params string[] arguments) => Installation.RunWithAsync([.. arguments, "--data", Folder]);

    public static async Task<Said> RunWithAsync(string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        int code = await CommandLine.RunAsync(arguments, output, error);
        return new(code, output.ToString(), error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (Postgres is null)
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        }
        else
        {
            await PostgresServer.DropDatabaseAsync(Postgres);
        }

        Directory.Delete(Folder, recursive: true);
    }
}
