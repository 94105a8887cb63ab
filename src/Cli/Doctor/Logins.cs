using System.Globalization;
using System.Text;
using Sallyport.Cli.Sshd;

namespace Sallyport.Cli.Doctor;

/// <summary>People whom sshd treats alike from one kind of place, and what holds for them, by sshd's own word.</summary>
/// <param name="Blocks">The Match lines that hold.</param>
internal sealed record Login(
    SshdConnection Connection, IReadOnlyList<Person> People, IReadOnlyList<MatchBlock> Blocks, EffectiveConfiguration Sshd)
{
    public bool Asked => People[0].Asked;

    public bool IsRoot => People[0].IsRoot;

    public string Who => Doctor.People.List(People);

    /// <summary>Where sshd's value comes from; the configuration itself where no line sets it.</summary>
    public string WhereIs(SshdFile file, string fallback, params string[] keywords) =>
        file.Lines.FirstOrDefault(line => keywords.Contains(line.Keyword) && line.Under.All(Blocks.Contains))?.Where ?? fallback;
}

/// <summary>
/// One connection for each combination of Match lines that can hold: a hundred lines or ten thousand accounts are not
/// as many combinations, and what is alike is asked once.
/// </summary>
internal sealed class Logins(SshdProgram sshd, SshdFile file, IReadOnlyList<Person> people)
{
    private const int MostQuestions = 400; // of 10 ms each
    private const int MostLookedAt = 20_000; // without asking sshd: a kind of people at a place

    private readonly Dictionary<(string Name, string Files), bool> _hasKey = []; // many accounts, many combinations

    /// <summary>Combinations that were not asked about.</summary>
    public int LeftOut { get; private set; }

    /// <exception cref="SshdException">sshd does not say what holds.</exception>
    public IEnumerable<Login> Evaluate()
    {
        Dictionary<string, (SshdConnection Connection, List<IGrouping<string, Person>> People, MatchBlock[] Blocks)> heaps = [];
        EffectiveConfiguration always = sshd.Evaluate(SshdConnection.Of("root"));
        IGrouping<string, Person>[] classes = [.. people.GroupBy(Key)];
        SshdConnection[] places = [.. Places(always, Math.Max(MostLookedAt / Math.Max(classes.Length, 1), 1))];
        foreach (IGrouping<string, Person> alike in classes)
        {
            Person one = alike.First();
            foreach (SshdConnection place in places)
            {
                int[] holding = [.. Enumerable.Range(0, file.Blocks.Count).Where(i => MatchTest.Holds(file.Blocks[i], one, place))];
                MatchBlock[] blocks = [.. holding.Select(i => file.Blocks[i])];
                string key = $"{one.Asked} {one.IsRoot} {string.Join(' ', holding)}";
                if (!heaps.TryGetValue(key, out var heap))
                {
                    heaps[key] = heap = (place with { User = one.Name }, [], blocks);
                }

                if (!heap.People.Contains(alike))
                {
                    heap.People.Add(alike);
                }
            }
        }

        // Each line as alone as it can be; then people from anywhere; then what is left, few lines first.
        var inOrder = heaps.Values.OrderBy(heap => heap.Blocks.Length).ToList();
        HashSet<MatchBlock> unseen = [.. file.Blocks];
        var first = inOrder.Where(heap =>
        {
            int before = unseen.Count;
            unseen.ExceptWith(heap.Blocks);
            return unseen.Count < before;
        }).ToList();
        inOrder = [.. first.Concat(inOrder.Where(heap => heap.Connection.Address == places[0].Address)).Concat(inOrder).Distinct()];
        LeftOut = Math.Max(inOrder.Count - MostQuestions, 0);
        foreach ((SshdConnection connection, List<IGrouping<string, Person>> all, MatchBlock[] blocks) in inOrder.Take(MostQuestions))
        {
            EffectiveConfiguration effective = sshd.Evaluate(connection);
            Person[] allowed = [.. all.SelectMany(alike => alike)
                .Where(person => MatchTest.MayLogIn(person, effective) && (person.HasShell || GetsPastShell(person, effective)))];
            if (allowed.Length > 0)
            {
                yield return new Login(connection, allowed, blocks, effective);
            }
        }
    }

    /// <summary>sshd runs sftp and forwards by itself, without the shell. A daemon's account has no key.</summary>
    private bool GetsPastShell(Person person, EffectiveConfiguration effective)
    {
        bool forced = effective["forcecommand"] is not ("none" or "");
        bool forwards = effective.Is("disableforwarding", "no") && !(effective.Is("allowtcpforwarding", "no")
            && effective.Is("allowstreamlocalforwarding", "no") && effective.Is("permittunnel", "no"));
        return forced || (forwards && HasKey(person, effective));
    }

    /// <summary>Or another way to show who he is than a file of keys.</summary>
    private bool HasKey(Person person, EffectiveConfiguration effective)
    {
        if (effective["authorizedkeyscommand"] is not ("none" or "") || effective["trustedusercakeys"] is not ("none" or "")
            || !Shadow.HasNoPassword(person.Name))
        {
            return true;
        }

        (string, string) key = (person.Name, string.Join(' ', effective.Words("authorizedkeysfile")));
        if (!_hasKey.TryGetValue(key, out bool found))
        {
            _hasKey[key] = found = AuthorizedKeys.Files(effective, person.Account)
                .Any(path => AuthorizedKeys.HasFreeKey(path) || AuthorizedKeys.HasCommand(path));
        }

        return found;
    }

    private string Key(Person person)
    {
        var key = new StringBuilder($"{person.Asked} {person.IsRoot} ");
        foreach (MatchBlock block in file.Blocks)
        {
            key.Append(MatchTest.HoldsForPerson(block, person) ? '1' : '0');
        }

        return key.ToString();
    }

    /// <summary>Somewhere that no line names, and one place for each that a line names; all together if they are few.</summary>
    private IEnumerable<SshdConnection> Places(EffectiveConfiguration always, int most)
    {
        int[] ports = [.. always.All("port").Select(port => int.Parse(port, CultureInfo.InvariantCulture))];
        var usual = SshdConnection.Of("root") with { LocalPort = ports.FirstOrDefault(22) };
        string[] addresses = [usual.Address, "2001:db8::1", .. Named("address", AddressPatterns.Witnesses)];
        string[] hosts = [usual.Host, .. Named("host", p => [p.Replace("*", "x", StringComparison.Ordinal).Replace('?', 'x')])];
        string[] locals = [usual.LocalAddress, .. Named("localaddress", AddressPatterns.Witnesses)];
        string[] domains = ["", .. Named("rdomain", p => [p.Replace("*", "x", StringComparison.Ordinal)])];
        if ((long)addresses.Length * hosts.Length * locals.Length * domains.Length * ports.Length <= most)
        {
            return from address in addresses
                   from host in hosts
                   from local in locals
                   from domain in domains
                   from port in ports
                   select new SshdConnection("", host, address, local, port, domain);
        }

        return
        [
            usual,
            .. addresses.Select(address => usual with { Address = address }),
            .. hosts.Select(host => usual with { Host = host }),
            .. locals.Select(local => usual with { LocalAddress = local }),
            .. domains.Select(domain => usual with { RDomain = domain }),
            .. ports.Select(port => usual with { LocalPort = port }),
        ];
    }

    private IEnumerable<string> Named(string criterion, Func<string, IEnumerable<string>> witnesses) =>
    [
        .. from block in file.Blocks
           from found in block.Criteria
           where found.Name == criterion
           from pattern in found.Value.Split(',')
           from witness in witnesses(pattern.TrimStart('!'))
           select witness,
    ];
}
