using Sallyport.Cli.Factors;
using Sallyport.Host.Enrolment;
using Sallyport.Host.Files;
using Sallyport.Host.Interop;
using Sallyport.Protocol;

namespace Sallyport.Cli.Moving;

internal enum ImportOutcome
{
    Failed,

    /// <summary>There is no such file, or it was taken over before.</summary>
    Nothing,

    Imported,
}

/// <summary>
/// One state file into one entry. Each step is on disk before the next, and each can be the last one before an
/// interruption: run again, it goes on where it stopped. In the order of the steps no code that let somebody in with the
/// one lets anybody in with the other.
/// </summary>
internal sealed class ImportOne(HostStores stores, Retired retired, TimeProvider time, int recoveryCodes)
{
    /// <param name="show">
    /// Given the new recovery codes before the last trace of the old file goes: an import that was interrupted before
    /// anybody saw them makes others.
    /// </param>
    public ImportOutcome Run(Account account, Action<uint[]> show, out string? problem)
    {
        uint[] codes = [];
        problem = null;
        var home = new HomePlace(account);

        // 1. An entry, from the file where it is. It may be in use until step 2.
        using (Host.Files.HomeFile.Reading moving = home.ReadMoving())
        {
            if (moving.Problem is ReadProblem.Missing)
            {
                using Host.Files.HomeFile.Reading reading = home.Read();
                if (reading.Problem is ReadProblem.Missing)
                {
                    return ImportOutcome.Nothing;
                }

                if (reading.State is not StateFile file)
                {
                    problem = reading.Message;
                    return ImportOutcome.Failed;
                }

                if (!Enrol(account, file, out codes, out problem))
                {
                    return ImportOutcome.Failed;
                }

                // 2. Out of the way of every module.
                int moved = home.MoveAside();
                if (moved != 0)
                {
                    problem = $"\"{home.Path}\" cannot be moved aside: {Unistd.StrError(moved)}";
                    return ImportOutcome.Failed;
                }
            }
        }

        return Finish(account, home, codes, show, ref problem);
    }

    private bool Enrol(Account account, StateFile file, out uint[] codes, out string? problem)
    {
        codes = FreshFactor.RecoveryCodes(recoveryCodes);
        string told = new FactorRequest(account, CallerUid: 0).Told("your second factor was moved to the root-only store", time.GetUtcNow());
        using TotpEntry? entry = ImportedAccount.From(file, time.GetUtcNow().ToUnixTimeSeconds(), codes, told, out problem);
        int error = entry is null ? 0 : stores.Store.Enrol(account.Name, entry);
        if (error == Errno.EEXIST)
        {
            // Of an interrupted run, if it is the same secret; then its codes were never shown, and new ones are made.
            using TotpReading held = stores.Store.Open(account.Name);
            if (held.Entry is null || !IsOf(held.Entry, entry!.Enrolment.Secret, entry.Mode))
            {
                problem = "he has another factor in the root-only store already";
                return false;
            }

            using TotpEntry next = held.Entry.Replacement(held.Entry.Enrolment.WithRecoveryCodes(FreshFactor.Hash(codes)));
            error = stores.Store.Replace(held, next);
        }

        problem ??= error == 0 ? null : $"it cannot be stored: {Unistd.StrError(error)}";
        return problem is null;
    }

    private ImportOutcome Finish(
        Account account, HomePlace home, uint[] codes, Action<uint[]> show, ref string? problem)
    {
        using Host.Files.HomeFile.Reading moving = home.ReadMoving();
        if (moving.State is not StateFile last)
        {
            problem = moving.Message;
            return ImportOutcome.Failed;
        }

        if (!last.TryGetSecret(out OtpSecret? secret))
        {
            problem = "it has no valid secret";
            return ImportOutcome.Failed;
        }

        // 3. What was used up between the reading and the moving.
        // Only of the same secret: whoever has his shell can put any file there.
        using (secret)
        using (TotpReading held = stores.Store.Open(account.Name))
        {
            if (held.Entry is not null && !IsOf(held.Entry, secret, last.Mode))
            {
                problem = $"\"{home.MovingPath}\" is not of his factor in the root-only store";
                return ImportOutcome.Failed;
            }

            int merged = held.Entry is null ? Errno.ENOENT : Merge(held, ImportedAccount.Record(last));
            if (merged == 0 && codes.Length == 0 && recoveryCodes > 0)
            {
                codes = FreshFactor.RecoveryCodes(recoveryCodes); // a run before this one stopped before it showed them
                using TotpEntry next = held.Entry!.Replacement(
                    held.Entry.Enrolment.WithRecoveryCodes(FreshFactor.Hash(codes)));
                merged = stores.Store.Replace(held, next);
            }

            if (merged != 0)
            {
                problem = held.Message ?? $"the entry cannot be saved: {Unistd.StrError(merged)}";
                return ImportOutcome.Failed;
            }
        }

        // 4. A backup, then nothing is left in the home.
        int error = retired.Keep(account.Name, last);
        if (error == 0)
        {
            show(codes);
            error = home.RemoveMoving();
        }

        Array.Clear(codes);
        problem = error == 0 ? null : $"\"{home.Path}\" cannot be retired: {Unistd.StrError(error)}";
        return error == 0 ? ImportOutcome.Imported : ImportOutcome.Failed;
    }

    private static int Merge(TotpReading held, TotpRecord last)
    {
        TotpEntry entry = held.Entry!;
        for (int back = 0; back < TotpRecord.BitmapSteps; back++)
        {
            if ((last.UsedSteps >> back & UInt128.One) != UInt128.Zero)
            {
                _ = entry.TryUseStep(new TimeStep(last.HighestStep - back), 1);
            }
        }

        if (entry.Mode is OtpMode.Hotp && last.HotpCounter > entry.HotpCounter)
        {
            entry.SetHotpCounter(last.HotpCounter);
        }

        return entry.Changed ? held.Save() : 0;
    }

    private static bool IsOf(TotpEntry entry, OtpSecret secret, OtpMode mode) =>
        entry.Enrolment.Secret.Expose().SequenceEqual(secret.Expose()) && entry.Mode == mode;
}
