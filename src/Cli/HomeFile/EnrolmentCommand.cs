using Sallyport.Cli.Factors;
using Sallyport.Cli.Terminal;

namespace Sallyport.Cli.HomeFile;

/// <summary>The command google-authenticator, and `sallyport enroll --home-file`, the same by another name.</summary>
internal static class EnrolmentCommand
{
    private const int Failed = 1; // what the original ends with, whatever is wrong

    /// <param name="program">The name that error texts begin with.</param>
    /// <param name="words">The arguments behind it.</param>
    /// <param name="asEnroll">Whether it was started as a subcommand of sallyport.</param>
    /// <exception cref="IOException">The terminal is gone, or accounts cannot be looked up; nothing is written.</exception>
    public static int Run(string program, IReadOnlyList<string> words, bool asEnroll)
    {
        switch (EnrolmentCommandLine.Parse(program, words, asEnroll))
        {
            case CommandLine.ShowHelp:
                Screen.Write(EnrolmentHelp.For(asEnroll));
                return 0;

            case CommandLine.ShowVersion:
                Screen.Write(EnrolmentHelp.Version);
                return 0;

            case CommandLine.Wrong { AfterUsage: string last } wrong:
                Screen.WriteError($"{wrong.Message}\n{EnrolmentHelp.For(asEnroll)}{last}");
                return Failed;

            case CommandLine.Wrong wrong:
                Screen.WriteError(wrong.Message);
                return Failed;

            case CommandLine.Enrol { Flags: { HomeFile: false } flags } when asEnroll:
                return FactorCommandLine.Enrol(flags);

            case CommandLine.Enrol enrol:
                string? refusal = new HomeFileEnrolment(enrol.Flags, TimeProvider.System).Run();
                if (refusal is not null)
                {
                    Screen.WriteError(refusal);
                }

                return refusal is null ? 0 : Failed;

            case var unknown:
                throw new InvalidOperationException($"no meaning for {unknown.GetType().Name}");
        }
    }
}
