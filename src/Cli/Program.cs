using Sallyport.Cli;
using Sallyport.Cli.Doctor;
using Sallyport.Cli.Factors;
using Sallyport.Cli.HomeFile;
using Sallyport.Cli.Moving;
using Sallyport.Cli.Phone;
using Sallyport.Cli.Setup;
using Sallyport.Cli.Terminal;
using Sallyport.Cli.Users;

string program = Environment.GetCommandLineArgs()[0];
try
{
    // Who has scripts for google-authenticator keeps them: under that name this is that command.
    if (Path.GetFileName(program) == "google-authenticator")
    {
        return EnrolmentCommand.Run(program, args, asEnroll: false);
    }

    // ssh runs it for a prompt, when setup tries a login.
    if (Path.GetFileName(program) == AskPass.Name)
    {
        return AskPass.Run();
    }

    switch (args)
    {
        case ["enroll", .. string[] words]:
            return EnrolmentCommand.Run("sallyport enroll", words, asEnroll: true);

        case ["codes" or "status" or "invite", .. string[] words]:
            return FactorCommandLine.Run(args[0], words);

        case ["import-ga", .. string[] words]:
            return ImportCommand.Run(words);

        case ["export-ga", .. string[] words]:
            return ExportCommand.Run(words);

        case ["import-duo", .. string[] words]:
            return ImportDuoCommand.Run(words);

        case ["doctor", .. string[] words]:
            return DoctorCommand.Run(words);

        case ["user", .. string[] words]:
            return UserCommand.Run(words);

        case ["setup", .. string[] words]:
            return SetupCommand.Run(words);

        case ["phone", .. string[] words]:
            return PhoneCommand.Run(words);

        case ["help" or "--help" or "-h", ..]:
            Screen.Write(SallyportHelp.Text);
            return 0;

        case [string unknown, ..]:
            Screen.WriteError($"sallyport: there is no command '{unknown}'\n{SallyportHelp.Text.TrimEnd()}");
            return SallyportHelp.UsageError;

        default:
            Screen.WriteError(SallyportHelp.Text.TrimEnd());
            return SallyportHelp.UsageError;
    }
}
catch (EndOfStreamException)
{
    Screen.WriteError("\nThe input has ended before all was answered: nothing was written.");
    return 1;
}
catch (IOException broken)
{
    Screen.WriteError($"sallyport: {broken.Message}");
    return 1;
}
