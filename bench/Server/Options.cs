namespace Sallyport.Bench;

/// <param name="Program">sallyport-server as it is shipped, or its .dll.</param>
/// <param name="Postgres">The folder of initdb and postgres.</param>
/// <param name="Connections">At once, each with one login at a time.</param>
internal sealed record Options(
    string Program, string Postgres, string Parts, string[] Databases, int[] Users, int Rounds, int Connections, bool Smoke)
{
    /// <summary>The host's programs as they are built.</summary>
    public string Agent { get; init; } = "";

    public string Login { get; init; } = "";

    public string Module { get; init; } = "";

    /// <summary>Milliseconds of a round trip to the other network namespace, which bench/login.sh has made.</summary>
    public double Distance { get; init; }

    /// <summary>Debian's module, and what runs a module with a scripted conversation.</summary>
    public string PamDuo { get; init; } = "";

    public string PamLoop { get; init; } = "";

    public static Options Parse(string[] arguments)
    {
        Options options = new(
            "", "", "abcd", ["sqlite", "postgres"], [1, 10_000, 1_000_000], Rounds: 5, Connections: 8, Smoke: false);
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = arguments[i + 1];
            options = arguments[i] switch
            {
                "--program" => options with { Program = value },
                "--postgres" => options with { Postgres = value },
                "--host" => options with
                {
                    Agent = $"{value}/sallyport-agent",
                    Login = $"{value}/sallyport-login",
                    Module = $"{value}/pam_sallyport.so",
                },
                "--distance" => options with { Distance = double.Parse(value) },
                "--pam-duo" => options with { PamDuo = value },
                "--pam-loop" => options with { PamLoop = value },
                "--parts" => options with { Parts = value },
                "--databases" => options with { Databases = value.Split(',') },
                "--users" => options with { Users = [.. value.Split(',').Select(int.Parse)] },
                "--rounds" => options with { Rounds = int.Parse(value) },
                "--connections" => options with { Connections = int.Parse(value) },
                "--smoke" => options with { Smoke = value == "yes" },
                _ => throw new ArgumentException(arguments[i]),
            };
        }

        return options;
    }
}

/// <summary>What must be, and what was.</summary>
internal sealed record Limit(string What, double Value, double Bound, bool AtLeast = false)
{
    /// <summary>What is aimed at: said, and no failure where it is missed.</summary>
    public bool IsGoal { get; init; }

    public bool IsKept => AtLeast ? Value >= Bound : Value <= Bound;

    public override string ToString() => FormattableString.Invariant(
        $"{(IsKept ? "kept  " : IsGoal ? "not yet" : "MISSED"),-7}    {What,-58} {Value,9:F2}  ({(AtLeast ? "at least" : "limit")} {Bound})");
}

internal static class Quantiles
{
    public static double At(this IEnumerable<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Round((sorted.Length - 1) * part)];
    }

    public static double Median(this IEnumerable<double> values) => values.At(0.5);

    public static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
