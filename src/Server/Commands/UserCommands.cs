using System.CommandLine;
using Sallyport.Server.Authentications;
using Sallyport.Server.Hosting;
using Sallyport.Server.Users;

namespace Sallyport.Server.Commands;

/// <summary>user add|list|show|set|disable|enable|unlock|remove|invite, and bypass-code add.</summary>
internal static class UserCommands
{
    private const int Page = 1000;

    public static Command Create(SettingsOptions options) => new("user", "Who is asked.")
    {
        Add(options), List(options), Show(options), SetCommands.CreateOfUser(options), Invite(options),
        Change<DisableUser>(options, "disable", "Refuse a user, and void his bypass codes and invitation.", "Disabled.",
            (use, name, cancellationToken) => use.RunAsync(name, cancellationToken)),
        Change<EnableUser>(options, "enable", "Ask a disabled user for his factor again.", "Enabled.",
            (use, name, cancellationToken) => use.RunAsync(name, cancellationToken)),
        Change<UnlockUser>(options, "unlock", "End a lock-out.", "Unlocked.",
            (use, name, cancellationToken) => use.RunAsync(name, cancellationToken)),
        Change<RemoveUser>(options, "remove", "Remove a user with his devices and codes.", "Removed.",
            (use, name, cancellationToken) => use.RunAsync(name, cancellationToken)),
    };

    public static Command CreateBypassCode(SettingsOptions options) =>
        new("bypass-code", "Codes that stand for a factor once.") { AddBypassCode(options) };

    private static Command Add(SettingsOptions options)
    {
        var name = new Argument<string>("name") { Description = "as hosts know him, capitals and all" };
        Option<string[]> aliases = Words.ListOption("--alias", "NAME", "another name of his; may be repeated");
        Option<string[]> groups = Words.ListOption("--groups", "GROUP", "groups that he is in");
        groups.AllowMultipleArgumentsPerToken = true;
        var bypass = new Option<bool>("--bypass")
        {
            Description = "let him in without a factor, which is audited each time",
        };
        var command = new Command("add", "Add a user. He has no device yet: device add-totp, or user invite.")
        {
            name, aliases, groups, bypass,
        };
        options.Set<AddUser>(command, async (add, result, cancellationToken) =>
        {
            var request = new AddUserRequest(result.GetRequiredValue(name))
            {
                Aliases = result.GetValue(aliases) ?? [],
                Groups = result.GetValue(groups) ?? [],
                Status = result.GetValue(bypass) ? UserStatus.Bypass : UserStatus.Active,
            };
            AddUserResult.Added added = await add.RunAsync(request, cancellationToken) switch
            {
                AddUserResult.Added done => done,
                AddUserResult.NameTaken => throw new Refusal("one of the names is taken"),
                AddUserResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("he was not added"),
            };
            await result.Out().WriteLineAsync($"Added: {added.Key}");
        });
        return command;
    }

    private static Command List(SettingsOptions options)
    {
        var command = new Command("list", "All users.");
        options.Set<ListUsers>(command, async (list, result, cancellationToken) =>
        {
            IReadOnlyList<UserRow> page = await list.RunAsync("", Page, cancellationToken);
            await result.Out().WriteLineAsync("NAME  STATUS  GROUPS  LAST LOGIN");
            while (page.Count > 0)
            {
                foreach (UserRow row in page)
                {
                    await result.Out().WriteLineAsync(
                        $"{Words.OrDash(row.Name)}  {Status(row)}  {Words.OrDash(row.Groups)}  {Words.Utc(row.LastLogin)}");
                }

                page = page.Count == Page ? await list.RunAsync(page[^1].Name, Page, cancellationToken) : [];
            }
        });
        return command;
    }

    private static Command Show(SettingsOptions options)
    {
        var name = new Argument<string>("name");
        var command = new Command("show", "One user.") { name };
        options.Set<ShowUser>(command, async (show, result, cancellationToken) =>
        {
            UserDetails details = await show.RunAsync(result.GetRequiredValue(name), cancellationToken)
                ?? throw Unknown();
            UserRow user = details.User;
            await Words.WriteTableAsync(result.Out(),
            [
                ["name", user.Name],
                ["key", user.Key],
                ["status", Status(user)],
                .. Words.Lines("aliases", details.Aliases),
                .. Words.Lines("groups", user.Groups),
                ["wrong passcodes", $"{details.Failures}"],
                ["locked until", Words.Utc(user.LockedUntil)],
                ["invited until", Words.Utc(user.InvitedUntil)],
                ["bypass codes", $"{details.BypassCodes}"],
                ["added", Words.Utc(user.CreatedAt)],
                ["last login", Words.Utc(user.LastLogin)],
            ]);
        });
        return command;
    }

    private static Command Invite(SettingsOptions options)
    {
        var name = new Argument<string>("name");
        Option<TimeSpan?> valid = Words.TimeOption("--valid-for", "how long, 30d at most (7d)");
        var command = new Command("invite", "Show a user who has no device, at his login, whom to ask.")
        {
            name, valid,
        };
        options.Set<InviteUser>(command, async (invite, result, cancellationToken) =>
        {
            var request = new InviteUserRequest(result.GetRequiredValue(name));
            request = result.GetValue(valid) is TimeSpan time ? request with { ValidFor = time } : request;
            InviteUserResult.Invited invited = await invite.RunAsync(request, cancellationToken) switch
            {
                InviteUserResult.Invited done => done,
                InviteUserResult.UnknownUser => throw Unknown(),
                InviteUserResult.UserDisabled => throw new Refusal("he is disabled; user enable first"),
                InviteUserResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("he was not invited"),
            };
            // Nothing takes the code yet: the page behind the link says whom to ask.
            await result.Out().WriteLineAsync(
                $"Invited until {Words.Utc(invited.Until)}. Without a device, his login shows the link "
                + $"https://{options.Kept(result).PublicHost}{PortalPage.Path}");
        });
        return command;
    }

    private static Command AddBypassCode(SettingsOptions options)
    {
        var user = new Argument<string>("user");
        Option<int> count = Words.NumberOption("--count", "how many, 10 at most", 1);
        Option<int> uses = Words.NumberOption("--uses", "how often each is good, 100 at most", 1);
        Option<TimeSpan?> valid = Words.TimeOption("--valid-for", "how long (24h)");
        var keep = new Option<bool>("--keep") { Description = "his codes from before stay good" };
        var command = new Command("add", "Give a user codes that stand for his factor.")
        {
            user, count, uses, valid, keep,
        };
        options.Set<AddBypassCode>(command, async (add, result, cancellationToken) =>
        {
            var request = new AddBypassCodeRequest(result.GetRequiredValue(user))
            {
                Count = result.GetValue(count),
                Uses = result.GetValue(uses),
                KeepExisting = result.GetValue(keep),
            };
            request = result.GetValue(valid) is TimeSpan time ? request with { ValidFor = time } : request;
            AddBypassCodeResult.Added added = await add.RunAsync(request, cancellationToken) switch
            {
                AddBypassCodeResult.Added done => done,
                AddBypassCodeResult.UnknownUser => throw Unknown(),
                AddBypassCodeResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("none was added"),
            };
            foreach (string code in added.Codes.Expose())
            {
                await result.Out().WriteLineAsync(code);
            }

            await result.Out().WriteLineAsync($"Good until {Words.Utc(added.ExpiresAt)}. Shown only now.");
        });
        return command;
    }

    private static Command Change<T>(
        SettingsOptions options,
        string verb,
        string description,
        string done,
        Func<T, string, CancellationToken, Task<bool>> act)
        where T : notnull
    {
        var name = new Argument<string>("name");
        var command = new Command(verb, description) { name };
        options.Set<T>(command, async (use, result, cancellationToken) =>
        {
            if (!await act(use, result.GetRequiredValue(name), cancellationToken))
            {
                throw Unknown();
            }

            await result.Out().WriteLineAsync(done);
        });
        return command;
    }

    internal static Refusal Unknown() => new("nobody has that name; 'user list' has them all");

    private static string Status(UserRow user) => user.Status switch
    {
        UserStatus.Active => user.LockedUntil is null ? "active" : "locked out",
        UserStatus.Bypass => "bypass",
        _ => "disabled",
    };
}
