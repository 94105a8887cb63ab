using System.CommandLine;
using Sallyport.Server.Devices;
using Sallyport.Server.Hosting;

namespace Sallyport.Server.Commands;

/// <summary>device add-phone.</summary>
internal static class PhoneCommand
{
    public static Command Create(SettingsOptions options)
    {
        var user = new Argument<string>("user");
        Option<TimeSpan?> valid = Words.TimeOption("--valid-for", "how long, 7d at most (24h)");
        var command = new Command("add-phone", "Print a code with which a user adds one phone.") { user, valid };
        options.Set<AddActivation>(command, async (add, result, cancellationToken) =>
        {
            var request = new AddActivationRequest(result.GetRequiredValue(user));
            request = result.GetValue(valid) is TimeSpan time ? request with { ValidFor = time } : request;
            AddActivationResult.Added added = await add.RunAsync(request, cancellationToken) switch
            {
                AddActivationResult.Added done => done,
                AddActivationResult.UnknownUser => throw UserCommands.Unknown(),
                AddActivationResult.UserDisabled => throw new Refusal("he is disabled; user enable first"),
                AddActivationResult.Invalid invalid => throw new Refusal(invalid.What),
                _ => throw new Refusal("none was added"),
            };
            string code = added.Code.ExposeGrouped();
            ServerSettings settings = options.Kept(result);
            bool isPrivate = settings.Certificate is null;
            await result.Out().WriteLineAsync(
                $"Code, shown only now: {code}\n"
                + $"Good for one phone, until {Words.Utc(added.Until)}. In a terminal"
                + (isPrivate ? ", with what 'sallyport-server ca' prints in sallyport-ca.pem:\n" : ":\n")
                + $"sallyport phone activate {(isPrivate ? "--ca=sallyport-ca.pem " : "")}"
                + $"{settings.PublicHost} {code}");
        });
        return command;
    }
}
