using Sallyport.Host.Interop;

namespace Sallyport.Cli.Doctor;

/// <summary>State files in homes.</summary>
internal sealed class HomeChecks(Findings findings)
{
    private const int OthersBits = 0x3F; // 0077

    public void Check(IReadOnlyList<Person> people)
    {
        Person[] open = [.. people.Where(IsOpen)];
        if (open.Length > 0)
        {
            string path = PathOf(open[0]);
            findings.Warning(FindingId.HomeFileOpen, $"others can read the state file of {People.List(open)}, or it is another's",
                "its secret makes the codes; and the module refuses such a file, so its owner does not get in",
                $"chmod 0400 {path} (and chown to its owner), then a new secret: sallyport enroll", path);
        }
    }

    private static bool IsOpen(Person person) =>
        FileFacts.TryRead(PathOf(person), out FileFacts facts) && facts.Type == SysStat.S_IFREG
        && ((facts.Mode & OthersBits) != 0 || facts.Uid != person.Account.Uid);

    private static string PathOf(Person person) => $"{person.Account.Home}/.google_authenticator";
}
